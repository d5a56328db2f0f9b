using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Targets;

/// <summary>The upstream and every proxy in front of it, all running at once so that cells can be interleaved.</summary>
internal sealed class TargetSet : IDisposable
{
    private readonly List<ChildProcess> _proxies = [];
    private readonly List<Target> _targets = [];
    private readonly List<string> _leftOut = [];

    /// <summary>
    /// Starts each recipe that <paramref name="wanted"/> names (all when it is empty). One that does not come
    /// up is left out and told in <see cref="LeftOut"/>; the others are compared without it.
    /// </summary>
    public TargetSet(RedisUpstream upstream, IEnumerable<ProxyRecipe> recipes, IReadOnlyCollection<string> wanted, WorkDirectory directory)
    {
        Upstream = upstream;
        bool Wanted(string name) => wanted.Count == 0 || wanted.Contains(name);
        if (Wanted(Target.Direct))
            _targets.Add(new Target(Target.Direct, upstream.Endpoints[0] with { IsCluster = upstream.IsCluster }, null));
        try
        {
            foreach (ProxyRecipe recipe in recipes)
            {
                if (Wanted(recipe.Name) || Wanted(UnixName(recipe)))
                    Start(recipe, directory, Wanted);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public RedisUpstream Upstream { get; }

    public IReadOnlyList<Target> Targets => _targets;

    /// <summary>Why a proxy is not in the comparison, one sentence each.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    public void Dispose()
    {
        foreach (ChildProcess proxy in _proxies)
            proxy.Dispose();
    }

    private static string UnixName(ProxyRecipe recipe) => $"{recipe.Name}-unix";

    private void Start(ProxyRecipe recipe, WorkDirectory directory, Predicate<string> wanted)
    {
        ProxyLaunch launch = recipe.Prepare(Upstream, directory);
        ChildProcess proxy = recipe.Start(launch);
        _proxies.Add(proxy);
        try
        {
            Readiness.WaitForPong(proxy, launch.Tcp);
            Readiness.WaitForUpstream(proxy, launch.Tcp);
        }
        catch (LoadFailedException error)
        {
            _leftOut.Add($"{recipe.Name} is left out: {error.Message}");
            return;
        }
        if (wanted(recipe.Name))
            _targets.Add(new Target(recipe.Name, launch.Tcp, proxy));
        if (launch.Unix is { } unix && wanted(UnixName(recipe)))
            _targets.Add(new Target(UnixName(recipe), unix, proxy));
    }
}
