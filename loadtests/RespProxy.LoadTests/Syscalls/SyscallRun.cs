using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Syscalls;

/// <summary>A pass of its own, in which each proxy serves each row once under a tracer; nothing is timed here, and nothing is traced elsewhere.</summary>
internal sealed class SyscallRun(SyscallTracer tracer, IReadOnlyList<Workload> workloads, LoadTools tools, TextWriter log)
{
    /// <summary>A cell of this pass against a timed one: counts are steady, and only connecting, which is in them, has to be small against the rest.</summary>
    public const double ShareOfCell = 0.5;

    /// <summary>What attaching and detaching take with perf, in seconds.</summary>
    public const double AttachSeconds = 0.7;

    private readonly List<FailedCell> _failures = [];

    public IReadOnlyList<FailedCell> Failures => _failures;

    public async Task<IReadOnlyList<SyscallSample>> RunAsync(IReadOnlyList<Target> targets, CancellationToken cancellation)
    {
        List<SyscallSample> samples = [];
        LoadTools shorter = tools with { CellSeconds = tools.CellSeconds * ShareOfCell };
        foreach (Workload workload in workloads.Where(workload => tracer.CanKeepUp || !workload.IsOpenLoop))
        {
            foreach (Target target in targets.Where(target => target.Proxy is not null))
            {
                string cell = $"syscalls {workload.Name,-14} {target.Name,-16}";
                try
                {
                    SyscallSample sample = await CountAsync(workload, target, target.Proxy!, shorter, cancellation);
                    samples.Add(sample);
                    await log.WriteLineAsync($"{cell} {Format.Figure(sample.Counts.Total / (double)sample.Commands),7}");
                }
                catch (Exception error) when (FailedCell.IsCausedBy(error))
                {
                    _failures.Add(new FailedCell(0, workload.Name, target.Name, $"system calls: {error.Message}"));
                    await log.WriteLineAsync($"{cell} failed: {error.Message}");
                }
            }
        }
        return samples;
    }

    private async Task<SyscallSample> CountAsync(Workload workload, Target target, ChildProcess proxy, LoadTools shorter, CancellationToken cancellation)
    {
        using IdleConnections idle = new();
        idle.GrowTo(target.Endpoint, workload.IdleConnections, cancellation);
        await using ISyscallTrace trace = await tracer.AttachAsync(proxy.Pid, cancellation);
        LoadResult load = await workload.RunAsync(target.Endpoint, shorter, cancellation);
        return new SyscallSample(workload.Name, target.Name, load.Commands, await trace.EndAsync(cancellation));
    }
}
