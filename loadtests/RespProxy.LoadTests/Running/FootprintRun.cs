using System.Diagnostics;
using System.Net.Sockets;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Running;

/// <summary>Starts each proxy afresh and measures the way to its first PONG and what idle connections cost.</summary>
/// <param name="upstream">What the proxies stand before.</param>
/// <param name="directory">For their configurations.</param>
/// <param name="image">The size of RespProxy's container image, if there is one here.</param>
/// <param name="log">Gets a line for each start.</param>
internal sealed class FootprintRun(RedisUpstream upstream, WorkDirectory directory, ContainerImageSize? image, TextWriter log)
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(3);

    /// <summary>Idle is a proxy this long after its first PONG: what it does by itself once it has started is done.</summary>
    private static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<int> ConnectionSteps { get; } = [500, 5_000];

    public IReadOnlyList<FootprintSample> Run(IReadOnlyList<ProxyRecipe> recipes, int repetitions, CancellationToken cancellation)
    {
        List<FootprintSample> samples = [];
        for (int repetition = 0; repetition < repetitions; repetition++)
        {
            foreach (ProxyRecipe recipe in recipes)
            {
                try
                {
                    FootprintSample sample = Measure(recipe, cancellation);
                    samples.Add(sample);
                    log.WriteLine($"{recipe.Name,-16} {Format.Figure(sample.StartMs)} ms, {Format.MebiBytes(sample.IdleBytes)} MiB");
                }
                catch (Exception error) when (error is LoadFailedException or SocketException or IOException)
                {
                    log.WriteLine($"{recipe.Name} failed: {error.Message}");
                }
            }
        }
        return samples;
    }

    /// <summary>The start counts from before fork and exec to a PONG received, asked for every millisecond.</summary>
    private FootprintSample Measure(ProxyRecipe recipe, CancellationToken cancellation)
    {
        ProxyLaunch launch = recipe.Prepare(upstream, directory);
        long start = Stopwatch.GetTimestamp();
        using ChildProcess proxy = recipe.Start(launch);
        Readiness.WaitForPong(proxy, launch.Tcp);
        double startMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        ProcessSampler sampler = new(proxy.Pid);
        _ = cancellation.WaitHandle.WaitOne(IdleAfter);
        long idle = SettledBytes(sampler, cancellation);
        Dictionary<int, long> byConnections = [];
        using IdleConnections connections = new();
        foreach (int step in ConnectionSteps)
        {
            connections.GrowTo(launch.Tcp, step, cancellation);
            byConnections[step] = SettledBytes(sampler, cancellation);
        }
        return new FootprintSample(recipe.Name, startMs, idle, byConnections, new FileInfo(recipe.Binary).Length,
            recipe.Name == Recipes.RespProxyName ? image : null);
    }

    /// <summary>Resident bytes once they stayed the same for 200 ms, or after 3 s what they are then.</summary>
    public static long SettledBytes(ProcessSampler sampler, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        long before = -1, now = sampler.ResidentBytes();
        while (now != before && Stopwatch.GetElapsedTime(start) < SettleLimit)
        {
            _ = cancellation.WaitHandle.WaitOne(200);
            cancellation.ThrowIfCancellationRequested();
            (before, now) = (now, sampler.ResidentBytes());
        }
        return now;
    }
}
