using System.Diagnostics;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Running;

/// <summary>Runs one workload against one target and samples the processes around it.</summary>
internal sealed class CellRunner(RedisUpstream upstream, LoadTools tools)
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SettleInterval = TimeSpan.FromMilliseconds(100);

    private readonly ProcessSampler[] _nodes = [.. upstream.Nodes.Select(node => new ProcessSampler(node.Pid))];

    /// <exception cref="LoadFailedException">The load did not complete.</exception>
    public async Task<Sample> RunAsync(Workload workload, Target target, int repetition, CancellationToken cancellation)
    {
        // It stays gone: restarting it would hide that it ended.
        if (target.Proxy is { HasExited: true } gone)
            throw new LoadFailedException($"{gone.Name} has exited\n{gone.Tail}");
        ProcessSampler? proxy = target.Proxy is { } process ? new(process.Pid) : null;
        Sample sample;
        using (IdleConnections idle = new())
        {
            idle.GrowTo(target.Endpoint, workload.IdleConnections, cancellation);
            sample = await MeasureAsync(workload, target, proxy, repetition, cancellation);
        }
        if (workload.IdleConnections > 0)
            await SettleAsync(proxy, cancellation);
        return sample;
    }

    private async Task<Sample> MeasureAsync(Workload workload, Target target, ProcessSampler? proxy, int repetition, CancellationToken cancellation)
    {
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

    /// <summary>Waits until all have done with thousands of closed connections, which would be the next cell's work otherwise; 3 s at most.</summary>
    private async Task SettleAsync(ProcessSampler? proxy, CancellationToken cancellation)
    {
        TimeSpan Cpu() => (proxy?.CpuTime() ?? default) + UpstreamCpu();
        long start = Stopwatch.GetTimestamp();
        TimeSpan before = TimeSpan.MinValue;
        for (TimeSpan now = Cpu(); now != before && Stopwatch.GetElapsedTime(start) < SettleLimit; (before, now) = (now, Cpu()))
            await Task.Delay(SettleInterval, cancellation);
    }

    private TimeSpan UpstreamCpu() => _nodes.Aggregate(TimeSpan.Zero, (sum, node) => sum + node.CpuTime());
}
