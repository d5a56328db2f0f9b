using System.Text;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Report.Charts;
using RespProxy.LoadTests.Scale;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Tests;

public class ScaleTests
{
    private static readonly KeySpace Keys = new("k64", 100, 64);

    private static ScaleLine Line => new("line", [1, 10, 100], Reference: 10, _ => throw new InvalidOperationException());

    [Fact]
    public void What_costs_no_more_than_a_quarter_more_is_flat()
    {
        ScaleReport report = Report(Line, Sample(0, 1, 9), Sample(0, 10, 10), Sample(0, 100, 12.4));

        Assert.True(report.IsWithin);
        Assert.Equal(["series, line: at most 1.24 times the cost at 10, at 100: flat."], report.Verdicts);
    }

    [Fact]
    public void What_costs_more_than_its_bound_fails_and_is_named()
    {
        ScaleReport report = Report(Line, Sample(0, 1, 20), Sample(0, 10, 10), Sample(0, 100, 13));

        Assert.False(report.IsWithin);
        Assert.Equal(
            ["series, line: at most 2.00 times the cost at 10, at 1. **Not within its bound: 2.00 at 1, bound 1.25; 1.30 at 100, bound 1.25.**"],
            report.Verdicts);
    }

    [Fact]
    public void What_is_bound_to_grow_has_a_bound_of_its_own_and_is_not_called_flat()
    {
        ScaleLine line = Line with { Allowances = new Dictionary<int, double> { [1] = 3 } };
        ScaleReport report = Report(line, Sample(0, 1, 20), Sample(0, 10, 10), Sample(0, 100, 10));

        Assert.True(report.IsWithin);
        Assert.Equal(["series, line: at most 2.00 times the cost at 10, at 1: within what is bound to grow."], report.Verdicts);
    }

    [Fact]
    public void What_is_measured_to_compare_with_has_no_bound()
    {
        ScaleLine line = Line with { Instead = new ScaleTarget(new ServerEndpoint(1), new ProcessSampler(1)) };
        ScaleReport report = Report(line, Sample(0, 1, 90), Sample(0, 10, 10), Sample(0, 100, 10));

        Assert.True(report.IsWithin);
        Assert.Equal(["series, line: at most 9.00 times the cost at 10, at 1."], report.Verdicts);
    }

    [Fact]
    public void A_size_that_was_not_measured_fails()
    {
        ScaleReport report = Report(Line, Sample(0, 1, 9), Sample(0, 10, 10), Sample(1, 100, 10));

        Assert.False(report.IsWithin);
        Assert.Equal(["series, line: not measured at 100."], report.Verdicts);
    }

    [Fact]
    public void A_slow_repetition_changes_no_ratio()
    {
        ScaleResults results = new([], [Sample(0, 10, 10), Sample(0, 100, 11), Sample(1, 10, 30), Sample(1, 100, 33)], []);

        Assert.Equal(1.1, results.Ratio(Series(Line), Line, 100)!.Value.Max, precision: 9);
    }

    [Fact]
    public void The_tables_tell_cost_ratio_and_memory_and_refer_to_the_chart()
    {
        ScaleSeries series = Series(Line);
        ScaleStart[] starts = [new("series", 1, 50, 40 << 20, 41 << 20), new("series", 10_001, 90, 50 << 20, 61 << 20)];
        ScaleResults results = new(starts, [Sample(0, 1, 9), Sample(0, 10, 10), Sample(0, 100, 12)], []);

        string text = new ScaleReport([series with { Lines = [Line, Line with { Sizes = [10_001], Reference = 10_001 }] }], results).ToMarkdown();

        Assert.Contains("![title](charts/scale-series.svg)", text, StringComparison.Ordinal);
        Assert.Contains("| 100 | 12.0 | 1.20 | 1.25 | 5.00k | 1.00 / 2.00 | 50.0 | – |", text, StringComparison.Ordinal);
        Assert.Contains("| 10,001 | 90.0 | 50.0 | 1.02 | 61.0 | 2.05 |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_has_a_line_for_each_load_and_a_label_for_each_size()
    {
        ScaleResults results = new([], [Sample(0, 1, 9), Sample(0, 10, 10), Sample(0, 100, 12)], []);

        LineChart chart = ScaleCharts.ChartOf(Series(Line), results);

        ChartLine drawn = Assert.Single(chart.Lines);
        Assert.Equal([(1, 9), (10, 10), (100, 12)], drawn.Points.Select(point => (point.X, point.Y.Median)));
        Assert.Equal([1, 10, 100], chart.X.Ticks.Select(tick => tick.Value));
    }

    [Fact]
    public void Connections_are_shared_out_among_tenants()
    {
        TenantGets requests = new(["a", "b", "c"], Keys, connections: 4, getsPerTenant: 0);

        Assert.Equal([Auth("a"), Auth("b"), Auth("c"), Auth("a")], Enumerable.Range(0, 4).Select(connection => Encoding.ASCII.GetString(requests.First(connection))));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.StartsWith("*2\r\n$3\r\nGET\r\n", Encoding.ASCII.GetString(requests.Next(3)), StringComparison.Ordinal));
    }

    [Fact]
    public void A_connection_becomes_the_next_tenants_after_so_many_gets()
    {
        TenantGets requests = new(["a", "b", "c"], Keys, connections: 1, getsPerTenant: 2);

        string[] sent = [.. Enumerable.Range(0, 7).Select(_ => Encoding.ASCII.GetString(requests.Next(0)))];

        Assert.Equal([Auth("b"), Auth("c"), Auth("a")], [sent[0], sent[3], sent[6]]);
        Assert.All((string[])[sent[1], sent[2], sent[4], sent[5]], get => Assert.StartsWith("*2\r\n$3\r\nGET\r\n", get, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 1)]
    [InlineData(10, 5, 5)]
    [InlineData(10_000, 5_000, 5_000)]
    public void Half_of_the_rules_are_rates_and_half_denials(int count, int rates, int denials)
    {
        string[] lines = ScaleConfiguration.Rules(count).Split('\n');

        Assert.Equal(rates, lines.Count(line => line.StartsWith("        - {name: ", StringComparison.Ordinal)));
        Assert.Equal(denials, lines.Count(line => line.StartsWith("      - {commands: ", StringComparison.Ordinal)));
        Assert.Equal((count + 1) / 2, lines.Count(line => line.Contains("keys: [", StringComparison.Ordinal)));
        Assert.Equal(count / 2, lines.Count(line => line.Contains("patterns: [", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_soft_limit_of_open_files_is_read_from_proc()
    {
        const string limits = "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max open files            1024                 20000                files     \n";

        Assert.Equal(1024, OpenFiles.SoftLimitIn(limits));
        Assert.Equal(long.MaxValue, OpenFiles.SoftLimitIn(limits.Replace("1024 ", "unlimited ", StringComparison.Ordinal)));
        Assert.Throws<LoadFailedException>(() => OpenFiles.Require(int.MaxValue - 1000));
    }

    private static string Auth(string tenant) => $"*3\r\n$4\r\nAUTH\r\n$1\r\n{tenant}\r\n$1\r\n{tenant}\r\n";

    private static ScaleReport Report(ScaleLine line, params ScaleSample[] samples) => new([Series(line)], new ScaleResults([], samples, []));

    private static ScaleSeries Series(ScaleLine line) => new("series", "title", "things", "thing", _ => throw new InvalidOperationException(), [line]);

    private static ScaleSample Sample(int repetition, int size, double micros) =>
        new(repetition, "series", "line", size, new LoadResult(1, 5_000, 1, 2, 3), micros, 50 << 20);
}
