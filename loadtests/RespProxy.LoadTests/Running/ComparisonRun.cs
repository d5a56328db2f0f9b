using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Running;

/// <summary>The whole comparison: prefill, warm up, then every cell of every repetition, interleaved.</summary>
internal sealed class ComparisonRun(TargetSet set, IReadOnlyList<Workload> workloads, LoadTools tools, TextWriter log)
{
    /// <summary>
    /// Warming up runs every row this fraction of a cell, and all rows together at least a whole cell: by then
    /// the code of a managed proxy is compiled and every proxy's buffers have grown.
    /// </summary>
    public const double WarmUpShare = 0.1;

    private readonly List<Sample> _samples = [];
    private readonly List<FailedCell> _failures = [];
    private readonly List<Target> _prepared = [];

    public TargetSet Set => set;

    public IReadOnlyList<Workload> Workloads => workloads;

    public LoadTools Tools => tools;

    /// <summary>The targets that could be filled and warmed up, and so take part.</summary>
    public IReadOnlyList<Target> Prepared => _prepared;

    public IReadOnlyList<FailedCell> Failures => _failures;

    public async Task<SampleSet> RunAsync(int repetitions, CancellationToken cancellation)
    {
        foreach (Target target in set.Targets)
        {
            if (await PrepareAsync(target, cancellation))
                _prepared.Add(target);
        }
        CellRunner cells = new(set.Upstream, tools);
        foreach (var (repetition, workload, target) in CellOrder.Interleave(repetitions, workloads.Count, _prepared.Count))
            await RunCellAsync(cells, workloads[workload], _prepared[target], repetition, cancellation);
        return new SampleSet(_samples);
    }

    /// <summary>Fills the keys and warms up; false when the target can't even do that.</summary>
    private async Task<bool> PrepareAsync(Target target, CancellationToken cancellation)
    {
        await log.WriteLineAsync($"prepare {target.Name}");
        try
        {
            Workload[] rows = [.. workloads.Where(workload => CanRun(workload, target))];
            if (rows.Length == 0)
                throw new LoadFailedException("no row that it can serve");
            foreach (KeySpace keys in rows.Select(workload => workload.Keys).Distinct())
                await FillAsync(keys, target, cancellation);
            double share = Math.Max(WarmUpShare, 1.0 / workloads.Count);
            foreach (Workload workload in rows)
                _ = await workload.RunAsync(target.Endpoint, tools with { CellSeconds = tools.CellSeconds * share }, cancellation);
            return true;
        }
        catch (Exception error) when (FailedCell.IsCausedBy(error))
        {
            _failures.Add(new FailedCell(0, "preparation", target.Name, error.Message));
            await log.WriteLineAsync($"{target.Name} is left out: {error.Message}");
            return false;
        }
    }

    private static bool CanRun(Workload workload, Target target) => !target.Endpoint.IsCluster || workload.CanAskClusterDirectly;

    private async Task FillAsync(KeySpace keys, Target target, CancellationToken cancellation)
    {
        if (target.Endpoint.IsCluster)
            await ClusterKeys.FillAsync(keys, set.Upstream, tools, cancellation);
        else
            keys.Fill(target.Endpoint, cancellation);
    }

    private async Task RunCellAsync(
        CellRunner cells, Workload workload, Target target, int repetition, CancellationToken cancellation)
    {
        if (!CanRun(workload, target))
            return;
        string cell = $"{repetition + 1} {workload.Name,-14} {target.Name,-16}";
        try
        {
            Sample sample = await cells.RunAsync(workload, target, repetition, cancellation);
            _samples.Add(sample);
            string cpu = sample.ProxyCpuMicros is { } micros ? $"{Format.Figure(micros),6} us" : "";
            await log.WriteLineAsync($"{cell} {Format.Thousands(sample.Load.OpsPerSecond),7} {cpu}");
        }
        catch (Exception error) when (FailedCell.IsCausedBy(error))
        {
            _failures.Add(new FailedCell(repetition, workload.Name, target.Name, error.Message));
            await log.WriteLineAsync($"{cell} failed: {error.Message}");
        }
    }
}
