using RespProxy.Control.Metrics;

namespace RespProxy.Control.Tests;

public class PrometheusTextTests
{
    [Fact]
    public void A_family_is_help_type_and_a_line_per_sample()
    {
        MetricFamily family = MetricFamily.Counter("respproxy_commands_total", "Commands.")
            .Add(5, new MetricLabel("tenant", "shop"), new MetricLabel("command", "get"))
            .Add(0.25);

        Assert.Equal(
            "# HELP respproxy_commands_total Commands.\n" +
            "# TYPE respproxy_commands_total counter\n" +
            "respproxy_commands_total{tenant=\"shop\",command=\"get\"} 5\n" +
            "respproxy_commands_total 0.25\n",
            PrometheusText.Format([family]));
    }

    [Fact]
    public void Label_values_escape_backslash_quote_and_newline_and_help_leaves_the_quote()
    {
        MetricFamily family = MetricFamily.Gauge("g", "a\\b\n\"c\"").Add(1, new MetricLabel("l", "a\\b\n\"c\" é"));

        Assert.Equal("# HELP g a\\\\b\\n\"c\"\n# TYPE g gauge\ng{l=\"a\\\\b\\n\\\"c\\\" é\"} 1\n", PrometheusText.Format([family]));
    }

    [Fact]
    public void Histogram_buckets_are_cumulative_and_end_in_infinity()
    {
        MetricFamily family = MetricFamily.Histogram("d_seconds", "D.").AddHistogram([0.001, 0.5], [3, 0, 2], 7.5, new MetricLabel("t", "x"));

        Assert.Equal(
            "# HELP d_seconds D.\n" +
            "# TYPE d_seconds histogram\n" +
            "d_seconds_bucket{t=\"x\",le=\"0.001\"} 3\n" +
            "d_seconds_bucket{t=\"x\",le=\"0.5\"} 3\n" +
            "d_seconds_bucket{t=\"x\",le=\"+Inf\"} 5\n" +
            "d_seconds_sum{t=\"x\"} 7.5\n" +
            "d_seconds_count{t=\"x\"} 5\n",
            PrometheusText.Format([family]));
    }

    [Fact]
    public void A_histogram_needs_one_count_more_than_bounds() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => MetricFamily.Histogram("h", "H.").AddHistogram([1], [1], 1));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-3, "-3")]
    [InlineData(1700000000, "1700000000")]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e300, "1E+300")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void A_number_is_written_as_prometheus_reads_it(double value, string text) => Assert.Equal(text, PrometheusText.Number(value));
}
