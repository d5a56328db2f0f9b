using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Running;

/// <summary>Runs one workload against one target and samples the processes around it.</summary>
internal sealed class CellRunner(RedisUpstream upstream, LoadTools tools)
{
    private readonly ProcessSampler[] _nodes = [.. upstream.Nodes.Select(node => new ProcessSampler(node.Pid))];

    /// <exception cref="LoadFailedException">The load did not complete.</exception>
    public async Task<Sample> RunAsync(Workload workload, Target target, int repetition, CancellationToken cancellation)
    {
        // It stays gone: restarting it would hide that it ended.
        if (target.Proxy is { HasExited: true } gone)
            throw new LoadFailedException($"{gone.Name} has exited\n{gone.Tail}");
        using IdleConnections idle = new();
        idle.GrowTo(target.Endpoint, workload.IdleConnections, cancellation);
        ProcessSampler? proxy = target.Proxy is { } process ? new(process.Pid) : null;
        ProcessSampler measured = proxy ?? _nodes[0];
        measured.ResetPeak();
        TimeSpan proxyBefore = proxy?.CpuTime() ?? default;
        TimeSpan upstreamBefore = UpstreamCpu();
        LoadResult load = await workload.RunAsync(target.Endpoint, tools, cancellation);
        double PerCommand(TimeSpan cpu) => cpu.TotalMicroseconds / load.Commands;
        return new Sample(
            repetition, workload.Name, target.Name, load,
            proxy is null ? null : PerCommand(proxy.CpuTime() - proxyBefore),
            PerCommand(UpstreamCpu() - upstreamBefore),
            measured.PeakResidentBytes());
    }

    private TimeSpan UpstreamCpu() => _nodes.Aggregate(TimeSpan.Zero, (sum, node) => sum + node.CpuTime());
}
