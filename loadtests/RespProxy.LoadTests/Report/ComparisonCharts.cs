using RespProxy.LoadTests.Report.Charts;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Report;

/// <summary>A chart with the name of its file, without folder and extension.</summary>
internal sealed record NamedChart(string Name, BarChart Chart);

/// <summary>
/// The charts of a comparison: CPU and throughput as multiples of what they are measured against, and the latencies of fixed rates. What has no figures
/// has no chart.
/// </summary>
internal sealed class ComparisonCharts(SampleSet samples, IReadOnlyList<Workload> workloads, IReadOnlyList<string> targets)
{
    private const int LargeValue = 1024; // bytes

    // The reference of the CPU and then Redis itself come last: what is left out of one chart does not change the others' colours.
    private static readonly string[] Last = ["haproxy", "predixy", "nutcracker", Target.Direct];

    private readonly string[] _columns = [.. targets.OrderBy(target => Array.IndexOf(Last, target))];

    /// <param name="prefix">The beginning of all names.</param>
    /// <param name="suffix">The end of all titles.</param>
    public IEnumerable<NamedChart> All(string prefix, string suffix = "")
    {
        Workload[] closed = [.. workloads.Where(workload => !workload.IsOpenLoop)];
        Workload[] single = [.. closed.Where(workload => !IsPipelinedOrLarge(workload))];
        Workload[] rest = [.. closed.Where(IsPipelinedOrLarge)];
        Workload[] rates = [.. workloads.Where(workload => workload.IsOpenLoop)];
        IEnumerable<NamedChart?> charts =
        [
            Cpu($"{prefix}-cpu", "CPU per command, small values, one request at a time", single),
            Cpu($"{prefix}-cpu-pipelined-large", "CPU per command, pipelines and large values", rest),
            Cpu($"{prefix}-cpu-rates", "CPU per command, GET 64 B at fixed rates", rates),
            Throughput($"{prefix}-throughput", "Throughput, small values, one request at a time", single),
            Throughput($"{prefix}-throughput-pipelined-large", "Throughput, pipelines and large values", rest),
            Latency($"{prefix}-p50", "Latency of GET 64 B at fixed rates, p50", rates, sample => sample.Load.P50Ms),
            Latency($"{prefix}-p99", "Latency of GET 64 B at fixed rates, p99", rates, sample => sample.Load.P99Ms),
        ];
        return charts.OfType<NamedChart>().Select(named => named with { Chart = named.Chart with { Title = named.Chart.Title + suffix } });
    }

    private static bool IsPipelinedOrLarge(Workload workload) =>
        workload is BenchmarkWorkload { Pipeline: > 1 } || workload.Keys.ValueBytes >= LargeValue;

    private NamedChart? Cpu(string name, string title, Workload[] rows) =>
        ComparisonReport.Peers.FirstOrDefault(targets.Contains) is { } peer
            ? Multiples(name, title, rows, peer, sample => sample.ProxyCpuMicros)
            : null;

    private NamedChart? Throughput(string name, string title, Workload[] rows) =>
        Multiples(name, title, rows, Target.Direct, sample => sample.Load.OpsPerSecond);

    private NamedChart? Multiples(string name, string title, Workload[] rows, string reference, Func<Sample, double?> figure) =>
        Draw(name, title, $"multiple of {reference}", rows, _columns.Where(target => target != reference),
            (workload, target) => samples.Ratio(workload.Name, target, reference, figure), [new ChartMark(1, reference)]);

    private NamedChart? Latency(string name, string title, Workload[] rows, Func<Sample, double?> figure) =>
        Draw(name, title, "ms", rows, _columns, (workload, target) => samples.Figure(workload.Name, target, figure), []);

    private static NamedChart? Draw(
        string name, string title, string unit, Workload[] rows, IEnumerable<string> columns, Func<Workload, string, Spread?> figure, ChartMark[] marks)
    {
        string[] series = [.. columns.Where(target => rows.Any(row => figure(row, target) is not null))];
        Workload[] measured = [.. rows.Where(row => series.Any(target => figure(row, target) is not null))];
        if (measured.Length == 0)
            return null;
        return new NamedChart(name, new BarChart(
            title, [.. measured.Select(row => row.ShortTitle)], new ChartAxis(unit),
            [.. series.Select(target => new ChartBars(target, [.. measured.Select(row => figure(row, target))]))])
        {
            Marks = marks,
        });
    }
}
