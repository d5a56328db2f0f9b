using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Report;

/// <summary>CPU per command with all governance on, as a multiple of all off.</summary>
internal sealed class GovernanceReport(SampleSet samples, IReadOnlyList<Workload> workloads)
{
    /// <summary>The target that docs/performance.md states.</summary>
    private const double Most = 1.10;

    private Spread?[] Ratios => [.. workloads.Select(workload => samples.Ratio(workload.Name, GovernedRecipes.On, GovernedRecipes.Off, sample => sample.ProxyCpuMicros))];

    /// <summary>True: the geometric mean of all rows' medians is within the target, and no row is missing.</summary>
    public bool IsWithin => Mean <= Most;

    private double Mean => Ratios.All(ratio => ratio is not null) ? Spread.GeometricMean(Ratios.Select(ratio => ratio!.Value.Median)) : double.PositiveInfinity;

    public string ToMarkdown()
    {
        MarkdownTable table = new("CPU of the proxy per command, all governance on against all off", ["ratio"]);
        foreach ((Workload workload, Spread? ratio) in workloads.Zip(Ratios))
            table.Add(workload.Title, [Format.WithSpread(ratio, Format.Figure)]);
        table.Add("**geometric mean**", [double.IsFinite(Mean) ? Format.Figure(Mean) : Format.Absent]);
        return table + "\n";
    }
}
