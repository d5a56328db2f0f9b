using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Tenancy.Tests.Accounting;

public class LatencyBucketsTests
{
    private static readonly long Microsecond = Stopwatch.Frequency / 1_000_000;

    [Fact]
    public void Bounds_go_up_from_a_microsecond_to_more_than_a_minute_and_the_last_bucket_has_none()
    {
        long[] bounds = [.. Enumerable.Range(0, LatencyBuckets.Count).Select(LatencyBuckets.BoundOf)];
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20], bounds[..13]);
        Assert.Equal(1 << 26, bounds[^2]);
        Assert.Equal(long.MaxValue, bounds[^1]);
        Assert.Equal(bounds.Order(), bounds);
        Assert.Equal(bounds.Length, bounds.Distinct().Count());
    }

    [Fact]
    public void A_time_equal_to_a_bound_is_in_its_bucket_and_the_least_bit_more_is_in_the_next()
    {
        for (int bucket = 0; bucket < LatencyBuckets.Count - 1; bucket++)
        {
            long bound = LatencyBuckets.BoundOf(bucket) * Microsecond;
            Assert.Equal(bucket, LatencyBuckets.IndexOf(bound));
            Assert.Equal(bucket + 1, LatencyBuckets.IndexOf(bound + 1));
        }
    }

    [Fact]
    public void Powers_of_two_are_bounds_so_that_coarser_histograms_lose_nothing()
    {
        long[] bounds = [.. Enumerable.Range(0, LatencyBuckets.Count).Select(LatencyBuckets.BoundOf)];
        for (int power = 0; power <= 26; power++) Assert.Contains(1L << power, bounds);
    }

    [Fact]
    public void A_bound_is_too_high_by_less_than_a_quarter_or_a_microsecond()
    {
        Check.QuickThrowOnFailure(Prop.ForAll(
            Gen.Choose(0, 26).SelectMany(power => Gen.Choose(1, 1 << power)).Two().Select(pair => ((long)pair.Item1 * Microsecond) + (pair.Item2 % Microsecond)).ToArbitrary(),
            ticks =>
            {
                int bucket = LatencyBuckets.IndexOf(ticks);
                double microseconds = (double)ticks / Microsecond;
                double bound = LatencyBuckets.BoundOf(bucket);
                return bucket == LatencyBuckets.Count - 1 ? microseconds > 1 << 26 : bound >= microseconds && bound - microseconds < Math.Max(1, microseconds / 4);
            }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void No_time_and_less_than_none_are_in_the_first_bucket(long ticks) => Assert.Equal(0, LatencyBuckets.IndexOf(ticks));

    [Fact]
    public void The_longest_time_there_is_is_in_the_last_bucket() => Assert.Equal(LatencyBuckets.Count - 1, LatencyBuckets.IndexOf(long.MaxValue));

    [Fact]
    public void There_are_no_buckets_beyond_the_last()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LatencyBuckets.BoundOf(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => LatencyBuckets.BoundOf(LatencyBuckets.Count));
    }
}
