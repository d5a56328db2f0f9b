using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Report.Charts;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public class ComparisonChartsTests
{
    private static readonly string[] Targets = ["direct", "haproxy", "nutcracker", "respproxy", "respproxy-unix"];

    [Fact]
    public void CPU_is_a_multiple_of_nutcracker_and_throughput_of_Redis_itself()
    {
        NamedChart[] charts = Charts(["get-c50"], Cells("get-c50"));

        Assert.Equal(["x-cpu", "x-throughput"], charts.Select(chart => chart.Name));
        Assert.Equal(0.5, Value(charts[0].Chart, "respproxy"), precision: 9);
        Assert.Equal(2, Value(charts[1].Chart, "respproxy"), precision: 9);
        Assert.Equal("nutcracker", Assert.Single(charts[0].Chart.Marks).Label);
        Assert.Equal("direct", Assert.Single(charts[1].Chart.Marks).Label);
    }

    [Fact]
    public void A_target_keeps_its_place_and_so_its_colour_in_all_charts()
    {
        NamedChart[] charts = Charts(["get-c50", "rate10k"], [.. Cells("get-c50"), .. Cells("rate10k")]);
        string[] most = ["respproxy", "respproxy-unix", "haproxy", "nutcracker", "direct"];

        Assert.All(charts, chart => Assert.Equal(most.Take(chart.Chart.Series.Count), chart.Chart.Series.Select(series => series.Name)));
    }

    [Fact]
    public void Rows_are_apart_by_kind_and_fixed_rates_have_latencies_instead_of_throughput()
    {
        string[] rows = ["get-c50", "get-c50-p16", "get-100k", "rate10k", "rate10k-burst"];

        NamedChart[] charts = Charts(rows, [.. rows.SelectMany(Cells)]);

        Assert.Equal(
            [
                ("x-cpu", 1), ("x-cpu-pipelined-large", 2), ("x-cpu-rates", 2), ("x-throughput", 1), ("x-throughput-pipelined-large", 2),
                ("x-p50", 2), ("x-p99", 2),
            ],
            charts.Select(chart => (chart.Name, chart.Chart.Categories.Count)));
        Assert.Equal(["10,000/s evenly", "10,000/s in bursts of 10"], charts[^1].Chart.Categories);
    }

    [Fact]
    public void What_was_not_measured_is_not_drawn()
    {
        Assert.Empty(Charts(["get-c50"], []));
        Assert.DoesNotContain(
            Charts(["get-c50"], [.. Cells("get-c50").Where(cell => cell.Target != "nutcracker")]), chart => chart.Name == "x-cpu");
        BarChart chart = Charts(["get-c50", "set-c50"], Cells("set-c50"))[0].Chart;
        Assert.Equal(["SET 64 B, 50 conns"], chart.Categories);
    }

    [Fact]
    public void Every_chart_can_be_drawn()
    {
        string[] all = [.. WorkloadCatalog.All.Select(workload => workload.Name)];

        Assert.All(Charts(all, [.. all.SelectMany(Cells)]), chart => Assert.Contains("<svg", SvgChart.Draw(chart.Chart), StringComparison.Ordinal));
    }

    private static NamedChart[] Charts(string[] rows, IReadOnlyList<Sample> samples) =>
        [.. new ComparisonCharts(new SampleSet(samples), WorkloadCatalog.Select(rows), Targets).All("x")];

    /// <summary>A repetition in which RespProxy takes half of the others' CPU for twice their throughput.</summary>
    private static Sample[] Cells(string workload) =>
    [
        .. Targets.Select(target => new Sample(
            0, workload, target, new LoadResult(100, target.StartsWith("respproxy", StringComparison.Ordinal) ? 200 : 100, 1, 2, 3),
            target == "direct" ? null : target.StartsWith("respproxy", StringComparison.Ordinal) ? 4 : 8, 1, 1)),
    ];

    private static double Value(BarChart chart, string series) => chart.Series.Single(bars => bars.Name == series).Values[0]!.Value.Median;
}
