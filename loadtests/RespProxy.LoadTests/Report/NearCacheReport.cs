using System.Text;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Report;

/// <summary>Reads of hot keys from the near cache, as multiples of the same reads from Redis itself and through a proxy without a near cache.</summary>
internal sealed class NearCacheReport(SampleSet samples, IReadOnlyList<Workload> workloads)
{
    private static readonly string[] Targets = [NearCacheRecipes.With, NearCacheRecipes.ByUnixSocket, Target.Direct, NearCacheRecipes.Without];

    public string ToMarkdown() => new StringBuilder()
        .Append(Measured("CPU, us per read, of all that serve it (proxy and Redis)", (workload, target) => Format.WithSpread(samples.Figure(workload.Name, target, Cpu), Format.Figure)))
        .Append('\n')
        .Append(Measured("Reads per second", (workload, target) => Format.WithSpread(samples.Figure(workload.Name, target, Throughput), Format.Thousands)))
        .Append('\n')
        .Append(Measured("Latency, ms: p50 / p99", (workload, target) => $"{Latency(workload, target, load => load.P50Ms)} / {Latency(workload, target, load => load.P99Ms)}"))
        .Append('\n')
        .Append(Ratios(NearCacheRecipes.With, Target.Direct))
        .Append('\n')
        .Append(Ratios(NearCacheRecipes.ByUnixSocket, Target.Direct))
        .Append('\n')
        .Append(Ratios(NearCacheRecipes.With, NearCacheRecipes.Without))
        .Append('\n')
        .ToString();

    private MarkdownTable Measured(string title, Func<Workload, string, string> cell)
    {
        MarkdownTable table = new(title, Targets);
        foreach (Workload workload in workloads)
            table.Add(workload.Title, Targets.Select(target => cell(workload, target)));
        return table;
    }

    private MarkdownTable Ratios(string target, string reference)
    {
        MarkdownTable table = new($"{target} as a multiple of {reference}", ["CPU", "reads per second", "p50", "p99"]);
        foreach (Workload workload in workloads)
        {
            table.Add(workload.Title,
            [
                Of(Cpu), workload.IsOpenLoop ? Format.Absent : Of(Throughput), Of(sample => sample.Load.P50Ms), Of(sample => sample.Load.P99Ms),
            ]);

            string Of(Func<Sample, double?> figure) =>
                Format.WithSpread(samples.Ratio(workload.Name, target, reference, figure), Format.Figure);
        }

        return table;
    }

    private string Latency(Workload workload, string target, Func<Load.LoadResult, double?> figure) =>
        Format.MedianOnly(samples.Figure(workload.Name, target, sample => figure(sample.Load)), Format.Figure);

    private static double? Cpu(Sample sample) => (sample.ProxyCpuMicros ?? 0) + sample.UpstreamCpuMicros;

    private static double? Throughput(Sample sample) => sample.Load.OpsPerSecond;
}
