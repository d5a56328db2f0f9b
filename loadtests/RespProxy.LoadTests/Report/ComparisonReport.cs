using System.Text;
using RespProxy.LoadTests.Syscalls;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Report;

/// <summary>The tables of a comparison: what was measured, then the ratios that the targets are stated in. Without system calls there is no table of them.</summary>
internal sealed class ComparisonReport(
    SampleSet samples, IReadOnlyList<SyscallSample> syscalls, IReadOnlyList<Workload> workloads, IReadOnlyList<string> targets)
{
    /// <summary>The proxies that do what RespProxy does, the better known first.</summary>
    public static IReadOnlyList<string> Peers { get; } = ["nutcracker", "predixy"];

    public string ToMarkdown()
    {
        StringBuilder text = new();
        foreach (MarkdownTable table in Tables())
            text.Append(table).Append('\n');
        return text.ToString();
    }

    private IEnumerable<MarkdownTable> Tables()
    {
        string[] proxies = [.. targets.Where(target => target != Target.Direct)];
        yield return Measured("CPU of the proxy, us per command (user + system)", proxies,
            (workload, target) => Format.WithSpread(samples.Figure(workload.Name, target, Cpu), Format.Figure));
        if (syscalls.Count > 0)
            yield return SyscallReport.Table(syscalls, workloads, proxies);
        yield return Measured("Throughput, operations per second", targets,
            (workload, target) => Format.WithSpread(samples.Figure(workload.Name, target, Throughput), Format.Thousands));
        yield return Measured("Latency, ms: p50 / p99 / p99.9", targets, Latency);
        yield return Measured("Peak resident memory, MiB (direct: of Redis)", targets,
            (workload, target) => Format.MedianOnly(
                samples.Figure(workload.Name, target, sample => sample.PeakResidentBytes), Format.MebiBytes));
        foreach (string peer in Peers.Where(targets.Contains))
            yield return AgainstPeer(peer, proxies);
        if (targets.Contains(Target.Direct))
        {
            yield return Measured("Throughput as a multiple of direct Redis", proxies,
                (workload, target) => Format.WithSpread(
                    samples.Ratio(workload.Name, target, Target.Direct, Throughput), Format.Figure));
        }
    }

    private MarkdownTable Measured(string title, IReadOnlyList<string> columns, Func<Workload, string, string> cell)
    {
        MarkdownTable table = new(title, columns);
        foreach (Workload workload in workloads)
            table.Add(workload.Title, columns.Select(target => cell(workload, target)));
        return table;
    }

    /// <summary>CPU and throughput as multiples of a peer's; for open loops the added latency instead of throughput.</summary>
    private MarkdownTable AgainstPeer(string peer, IReadOnlyList<string> proxies)
    {
        string[] others = [.. proxies.Where(target => target != peer)];
        MarkdownTable table = new(
            $"Multiples of {peer}: CPU per command / throughput (fixed rate: CPU / added p50 / added p99)", others);
        foreach (Workload workload in workloads)
            table.Add(workload.Title, others.Select(target => AgainstPeerCell(workload, target, peer)));
        foreach (IGrouping<string?, Workload> family in workloads.Where(w => w.Family is not null).GroupBy(w => w.Family))
        {
            table.Add($"**geometric mean: {family.Key}**", others.Select(target =>
                $"{FamilyMean(family, target, peer, Cpu)} / {FamilyMean(family, target, peer, Throughput)}"));
        }
        return table;
    }

    private string FamilyMean(IEnumerable<Workload> family, string target, string peer, Func<Sample, double?> figure)
    {
        Spread?[] ratios = [.. family.Select(workload => samples.Ratio(workload.Name, target, peer, figure))];
        // A mean that leaves out the row that failed would flatter whoever failed it.
        return ratios.All(ratio => ratio is not null)
            ? Format.Figure(Spread.GeometricMean(ratios.Select(ratio => ratio!.Value.Median)))
            : Format.Absent;
    }

    private string AgainstPeerCell(Workload workload, string target, string peer)
    {
        string cpu = Format.WithSpread(samples.Ratio(workload.Name, target, peer, Cpu), Format.Figure);
        if (!workload.IsOpenLoop)
            return $"{cpu} / {Format.WithSpread(samples.Ratio(workload.Name, target, peer, Throughput), Format.Figure)}";
        string Added(Func<Sample, double?> figure) => Format.WithSpread(
            samples.AddedRatio(workload.Name, target, peer, Target.Direct, figure), Format.Figure);
        return $"{cpu} / {Added(sample => sample.Load.P50Ms)} / {Added(sample => sample.Load.P99Ms)}";
    }

    private string Latency(Workload workload, string target)
    {
        string Of(Func<Sample, double?> figure) =>
            Format.MedianOnly(samples.Figure(workload.Name, target, figure), Format.Figure);
        return samples.Of(workload.Name, target).Any()
            ? $"{Of(sample => sample.Load.P50Ms)} / {Of(sample => sample.Load.P99Ms)} / {Of(sample => sample.Load.P999Ms)}"
            : Format.Absent;
    }

    private static double? Cpu(Sample sample) => sample.ProxyCpuMicros;

    private static double? Throughput(Sample sample) => sample.Load.OpsPerSecond;
}
