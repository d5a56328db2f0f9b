using System.Globalization;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Workloads;

/// <summary>
/// One row of the comparison. Closed-loop rows do the same number of commands on every target:
/// <see cref="NominalRate"/> (about what a proxy does on two cores) times the seconds asked for.
/// </summary>
internal abstract record Workload(string Name, string Title, KeySpace Keys, int Connections, int NominalRate)
{
    /// <summary>The title where rows stand that differ in this only.</summary>
    public virtual string ShortTitle => Title;

    /// <summary>Connections that are open meanwhile and say nothing after one PING.</summary>
    public int IdleConnections { get; init; }

    /// <summary>The family whose geometric mean the report gives, or null for a row that stands alone.</summary>
    public virtual string? Family => null;

    /// <summary>True when the rate is fixed, so that throughput says nothing and added latency does.</summary>
    public virtual bool IsOpenLoop => false;

    /// <summary>True when the generator can ask a cluster's nodes themselves, without a proxy, for the same as a proxy is asked for.</summary>
    public virtual bool CanAskClusterDirectly => false;

    public abstract Task<LoadResult> RunAsync(ServerEndpoint endpoint, LoadTools tools, CancellationToken cancellation);

    protected long Commands(LoadTools tools) => Math.Max(Connections, (long)(NominalRate * tools.CellSeconds));
}

/// <summary>What a workload needs to run: redis-benchmark's path and how long a cell should take.</summary>
internal sealed record LoadTools(string RedisBenchmark, double CellSeconds);

/// <summary>A closed loop of one command by redis-benchmark.</summary>
internal sealed record BenchmarkWorkload(
    string Name, string Title, KeySpace Keys, int Connections, int NominalRate, int Pipeline, IReadOnlyList<string> Command)
    : Workload(Name, Title, Keys, Connections, NominalRate)
{
    /// <summary>Threads of the generator: with one, a server that is cheaper than it waits for it, and throughput tells of the generator.</summary>
    public int Threads { get; init; } = 1;

    public override string? Family => Pipeline > 1 ? "pipelined"
        : Keys.ValueBytes < 1024 && Command.Count < 4 && IdleConnections == 0 ? "64 B, P=1" : null;

    /// <summary>Commands of one key: a cluster refuses one for keys of several nodes, which the proxies split.</summary>
    public override bool CanAskClusterDirectly => Command.Count(argument => argument == Keys.RandomKey) == 1;

    public override Task<LoadResult> RunAsync(ServerEndpoint endpoint, LoadTools tools, CancellationToken cancellation)
    {
        string[] command = endpoint.IsCluster
            ? [.. Command.Select(argument => argument == Keys.RandomKey ? Keys.RandomKeyOfNode : argument)]
            : [.. Command];
        return Load.RedisBenchmark.RunAsync(
            tools.RedisBenchmark, endpoint, new(command, Connections, Pipeline, Commands(tools), Keys.Count, Threads), cancellation);
    }
}

/// <summary>A closed loop of nine GETs to one SET over Zipf-distributed keys.</summary>
internal sealed record MixedWorkload(string Name, string Title, KeySpace Keys, int Connections, int NominalRate)
    : Workload(Name, Title, Keys, Connections, NominalRate)
{
    private readonly Lazy<RequestSequence> _requests = new(() => RequestSequence.ZipfMix(Keys, readShare: 0.9));

    public override Task<LoadResult> RunAsync(ServerEndpoint endpoint, LoadTools tools, CancellationToken cancellation) =>
        Task.Factory.StartNew(
            () => ClosedLoopGenerator.Run(endpoint, Connections, Commands(tools), _requests.Value, cancellation),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}

/// <summary>GETs at a fixed rate, an open loop: evenly spaced, or <paramref name="Burst"/> at once on as many connections.</summary>
internal sealed record OpenLoopWorkload(string Name, string Title, KeySpace Keys, int Connections, int NominalRate, int Burst)
    : Workload(Name, Title, Keys, Connections, NominalRate)
{
    private readonly Lazy<RequestSequence> _requests = new(() => RequestSequence.UniformGets(Keys));

    public override bool IsOpenLoop => true;

    public override string ShortTitle => string.Create(CultureInfo.InvariantCulture, $"{NominalRate:N0}/s {(Burst > 1 ? $"in bursts of {Burst}" : "evenly")}");

    public override Task<LoadResult> RunAsync(ServerEndpoint endpoint, LoadTools tools, CancellationToken cancellation)
    {
        OpenLoopSchedule schedule = new(NominalRate, TimeSpan.FromSeconds(tools.CellSeconds), Burst);
        return Task.Factory.StartNew(
            () => OpenLoopGenerator.Run(endpoint, Connections, schedule, _requests.Value, cancellation),
            cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }
}
