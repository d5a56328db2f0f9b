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
        MetricFamily family = MetricFamily.Histogram("d_seconds", "D.").Add(new HistogramValue(new HistogramBounds(0.001, 0.5, 4), [3, 0, 2, 0], 7.5), new MetricLabel("t", "x"));

        Assert.Equal(
            "# HELP d_seconds D.\n" +
            "# TYPE d_seconds histogram\n" +
            "d_seconds_bucket{t=\"x\",le=\"0.001\"} 3\n" +
            "d_seconds_bucket{t=\"x\",le=\"0.5\"} 3\n" +
            "d_seconds_bucket{t=\"x\",le=\"4.0\"} 5\n" +
            "d_seconds_bucket{t=\"x\",le=\"+Inf\"} 5\n" +
            "d_seconds_sum{t=\"x\"} 7.5\n" +
            "d_seconds_count{t=\"x\"} 5\n",
            PrometheusText.Format([family]));
    }

    [Fact]
    public void A_histogram_needs_one_count_more_than_bounds() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new HistogramValue(new HistogramBounds(1), [1], 1));

    [Fact]
    public void OpenMetrics_names_a_counter_without_its_total_says_units_and_ends()
    {
        MetricFamily counter = MetricFamily.Counter("respproxy_sent_bytes_total", "All \"sent\".").Add(5, new MetricLabel("loop", "0"));
        MetricFamily gauge = MetricFamily.Gauge("respproxy_ready", "Ready.").Add(1);

        Assert.Equal(
            "# HELP respproxy_sent_bytes All \\\"sent\\\".\n" +
            "# TYPE respproxy_sent_bytes counter\n" +
            "# UNIT respproxy_sent_bytes bytes\n" +
            "respproxy_sent_bytes_total{loop=\"0\"} 5\n" +
            "# HELP respproxy_ready Ready.\n" +
            "# TYPE respproxy_ready gauge\n" +
            "respproxy_ready 1\n" +
            "# EOF\n",
            PrometheusText.Format([counter, gauge], ExpositionFormat.OpenMetrics));
    }

    [Theory]
    [InlineData(ExpositionFormat.Prometheus, "")]
    [InlineData(ExpositionFormat.OpenMetrics, "# EOF\n")]
    public void A_family_without_samples_is_left_out(ExpositionFormat format, string text) =>
        Assert.Equal(text, PrometheusText.Format([MetricFamily.Gauge("g", "G.")], format));

    [Theory]
    [InlineData(ExpositionFormat.Prometheus)]
    [InlineData(ExpositionFormat.OpenMetrics)]
    public async Task What_is_streamed_is_the_same_text_in_pieces(ExpositionFormat format)
    {
        MetricFamily[] families =
        [
            new("many", "Many.", MetricKind.Gauge, Enumerable.Range(0, 20_000).Select(i => new MetricSample([new MetricLabel("é", new string('x', i % 50))], i / 3.0))),
            MetricFamily.Histogram("h", "H.").Add(new HistogramValue(new HistogramBounds(1, 2), [1, 2, 3], 4)),
            MetricFamily.Gauge("long", new string('y', 200_000)).Add(1, new MetricLabel("l", new string('z', 100_000))),
        ];
        using var stream = new PieceStream();

        await PrometheusText.WriteAsync(stream, families, format, TestContext.Current.CancellationToken);

        Assert.Equal(PrometheusText.Format(families, format), System.Text.Encoding.UTF8.GetString(stream.ToArray()));
        Assert.InRange(stream.Pieces, 5, 100);
    }

    private sealed class PieceStream : MemoryStream
    {
        public int Pieces { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Pieces++;
            return base.WriteAsync(buffer, cancellationToken);
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-3, "-3")]
    [InlineData(1700000000, "1700000000")]
    [InlineData(9007199254740991, "9007199254740991")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e300, "1e+300")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void A_number_is_written_as_prometheus_reads_it(double value, string text) => Assert.Equal(text, PrometheusText.Number(value));
}
