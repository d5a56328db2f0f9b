using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests;

/// <summary>The proxies that this run can start; what is missing is told in <see cref="Missing"/> and left out.</summary>
internal sealed class ProxyFinder
{
    private readonly List<string> _missing = [];

    public ProxyFinder(LoadTestOptions options)
    {
        Recipes = [.. Find(options)];
    }

    public IReadOnlyList<ProxyRecipe> Recipes { get; }

    public IReadOnlyList<string> Missing => _missing;

    private IEnumerable<ProxyRecipe> Find(LoadTestOptions options)
    {
        if (!options.Cluster && Locate("haproxy", "haproxy") is { } haproxy)
            yield return Targets.Recipes.Haproxy(haproxy);
        if (!options.Cluster && Locate("nutcracker", "nutcracker") is { } nutcracker)
            yield return Targets.Recipes.Nutcracker(nutcracker);
        if (options.Predixy is { } path && Locate("predixy", path) is { } predixy)
            yield return Targets.Recipes.Predixy(predixy);
        if (Locate("respproxy", options.RespProxy) is not { } respProxy)
            yield break;
        foreach (int loops in options.Loops.Distinct())
            yield return Targets.Recipes.RespProxy(respProxy, loops, options.Unix && loops == options.Loops[0]);
    }

    private string? Locate(string name, string nameOrPath)
    {
        string? found = Executables.Find(nameOrPath);
        if (found is null)
            _missing.Add($"{name} is left out: there is no such program here");
        return found;
    }
}
