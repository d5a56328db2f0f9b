using RespProxy.LoadTests.Measuring;

namespace RespProxy.LoadTests.Tests;

public class LatencyHistogramTests
{
    [Fact]
    public void Every_value_is_reported_within_the_error_bound()
    {
        for (double next = 1; next < 1e18; next = (next + 1) * 1.037)
        {
            long value = (long)next;
            LatencyHistogram histogram = new();
            histogram.Record(value);

            Assert.InRange(
                histogram.Percentile(50), value * (1 - LatencyHistogram.RelativeError), value * (1 + LatencyHistogram.RelativeError));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(255)]
    public void Small_values_are_exact(long value)
    {
        LatencyHistogram histogram = new();
        histogram.Record(value);

        Assert.Equal(value, histogram.Percentile(100));
    }

    [Fact]
    public void The_extremes_of_long_have_a_bucket()
    {
        LatencyHistogram histogram = new();
        histogram.Record(long.MinValue);
        histogram.Record(long.MaxValue);

        Assert.Equal(0, histogram.Percentile(50));
        Assert.InRange(histogram.Percentile(100), long.MaxValue * 0.99, long.MaxValue * 1.01);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(50, 50)]
    [InlineData(99, 99)]
    [InlineData(99.9, 100)]
    [InlineData(100, 100)]
    public void Percentiles_go_by_nearest_rank(double percent, double expected)
    {
        LatencyHistogram histogram = new();
        for (int value = 100; value >= 1; value--)
            histogram.Record(value);

        Assert.Equal(expected, histogram.Percentile(percent));
        Assert.Equal(100, histogram.Count);
    }

    [Fact]
    public void An_empty_histogram_answers_zero() => Assert.Equal(0, new LatencyHistogram().Percentile(99));
}
