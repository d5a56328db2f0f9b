using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;

namespace RespProxy.LoadTests.Tests;

public class SampleSetTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3, 3, 3)]
    [InlineData(new[] { 9.0, 1.0, 4.0 }, 4, 1, 9)]
    [InlineData(new[] { 8.0, 2.0, 4.0, 1.0 }, 3, 1, 8)]
    public void A_spread_is_the_median_with_the_extremes(double[] values, double median, double min, double max) =>
        Assert.Equal(new Spread(median, min, max, values.Length), Spread.Of(values));

    [Fact]
    public void Twice_and_half_have_the_geometric_mean_one() =>
        Assert.Equal(1, Spread.GeometricMean([2, 0.5]), precision: 12);

    [Fact]
    public void No_values_have_no_spread() => Assert.Null(Spread.Of([]));

    [Fact]
    public void Ratios_are_taken_within_each_repetition_and_then_the_median()
    {
        // The machine is twice as slow in the second repetition: the ratio must not notice.
        SampleSet set = new(
        [
            Cell(0, "mine", ops: 200), Cell(0, "peer", ops: 100),
            Cell(1, "mine", ops: 100), Cell(1, "peer", ops: 50),
            Cell(2, "mine", ops: 90), Cell(2, "peer", ops: 30),
        ]);

        Assert.Equal(new Spread(2, 2, 3, 3), set.Ratio("w", "mine", "peer", sample => sample.Load.OpsPerSecond));
    }

    [Fact]
    public void A_repetition_without_both_sides_does_not_count()
    {
        SampleSet set = new(
        [
            Cell(0, "mine", ops: 200), Cell(0, "peer", ops: 100),
            Cell(1, "mine", ops: 100),
            Cell(2, "mine", ops: 100), Cell(2, "peer", ops: 0),
        ]);

        Assert.Equal(new Spread(2, 2, 2, 1), set.Ratio("w", "mine", "peer", sample => sample.Load.OpsPerSecond));
        Assert.Null(set.Ratio("w", "mine", "absent", sample => sample.Load.OpsPerSecond));
        Assert.Null(set.Ratio("w", "mine", "peer", sample => sample.Load.SendLagP99Ms));
    }

    [Fact]
    public void Added_latency_compares_what_is_above_direct()
    {
        SampleSet set = new(
        [
            Cell(0, "direct", p50: 0.2), Cell(0, "mine", p50: 0.5), Cell(0, "peer", p50: 0.8),
            Cell(1, "direct", p50: 0.9), Cell(1, "mine", p50: 1.0), Cell(1, "peer", p50: 0.9),
        ]);

        Spread? added = set.AddedRatio("w", "mine", "peer", "direct", sample => sample.Load.P50Ms);

        Assert.Equal(0.5, added!.Value.Median, precision: 9);
        Assert.Equal(1, added.Value.Count);
    }

    private static Sample Cell(int repetition, string target, double ops = 1, double p50 = 1) =>
        new(repetition, "w", target, new LoadResult(1, ops, p50, 2, 3), 1, 1, 1);
}
