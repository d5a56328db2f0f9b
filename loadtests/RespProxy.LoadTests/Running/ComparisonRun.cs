using System.Net.Sockets;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Running;

/// <summary>The whole comparison: prefill, warm up, then every cell of every repetition, interleaved.</summary>
internal sealed class ComparisonRun(TargetSet set, IReadOnlyList<Workload> workloads, LoadTools tools, TextWriter log)
{
    /// <summary>How long each target is warmed up, in cells: the code of a managed proxy is compiled by then.</summary>
    private const double WarmUpShare = 0.5;

    private readonly List<Sample> _samples = [];
    private readonly List<FailedCell> _failures = [];

    public IReadOnlyList<FailedCell> Failures => _failures;

    public async Task<SampleSet> RunAsync(int repetitions, CancellationToken cancellation)
    {
        foreach (Target target in set.Targets)
            await PrepareAsync(target, cancellation);
        CellRunner cells = new(set.Upstream, tools);
        foreach (var (repetition, workload, target) in CellOrder.Interleave(repetitions, workloads.Count, set.Targets.Count))
            await RunCellAsync(cells, workloads[workload], set.Targets[target], repetition, cancellation);
        return new SampleSet(_samples);
    }

    private async Task PrepareAsync(Target target, CancellationToken cancellation)
    {
        await log.WriteLineAsync($"prepare {target.Name}");
        foreach (KeySpace keys in workloads.Select(workload => workload.Keys).Distinct())
            keys.Fill(target.Endpoint, cancellation);
        LoadTools shorter = tools with { CellSeconds = tools.CellSeconds * WarmUpShare };
        _ = await workloads[0].RunAsync(target.Endpoint, shorter, cancellation);
    }

    private async Task RunCellAsync(
        CellRunner cells, Workload workload, Target target, int repetition, CancellationToken cancellation)
    {
        string cell = $"{repetition + 1} {workload.Name,-14} {target.Name,-16}";
        try
        {
            Sample sample = await cells.RunAsync(workload, target, repetition, cancellation);
            _samples.Add(sample);
            string cpu = sample.ProxyCpuMicros is { } micros ? $"{Format.Figure(micros),6} us" : "";
            await log.WriteLineAsync($"{cell} {Format.Thousands(sample.Load.OpsPerSecond),7} {cpu}");
        }
        catch (Exception error) when (error is LoadFailedException or SocketException or IOException or FormatException)
        {
            // One proxy's failure is a result like another: it is told, and the rest goes on.
            _failures.Add(new FailedCell(repetition, workload.Name, target.Name, error.Message));
            await log.WriteLineAsync($"{cell} failed: {error.Message}");
        }
    }
}
