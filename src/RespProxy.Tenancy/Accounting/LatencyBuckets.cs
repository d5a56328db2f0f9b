using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace RespProxy.Tenancy.Accounting;

/// <summary>
/// The buckets of all latency histograms: log-linear, as HdrHistogram's. Up to 4 us each is 1 us wide; above, each power of two is cut into
/// four of equal width, up to 2^26 us (67 s); one more takes what is longer. A bucket holds what is greater than the bound of the one before and not
/// greater than its own, so that its bound is a Prometheus <c>le</c>, and a quantile told by it is never too low, and too high by less than a
/// quarter or, below 4 us, by less than 1 us.
/// </summary>
public static class LatencyBuckets
{
    /// <summary>Buckets to a power of two: 2^2.</summary>
    private const int SubBucketBits = 2;

    /// <summary>The last bound is 2 to this power, in microseconds: a minute, which no request timeout is beyond.</summary>
    private const int LastPower = 26;

    /// <summary>The unbounded one included.</summary>
    public const int Count = ((LastPower - SubBucketBits + 1) << SubBucketBits) + 1;

    /// <summary>1 GHz where it is Linux, 10 MHz on Windows.</summary>
    private static readonly long TicksPerMicrosecond = Math.Max(1, Stopwatch.Frequency / 1_000_000);

    /// <summary>The bucket of a time in Stopwatch ticks; a negative one counts as none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(long ticks)
    {
        // The bounds belong to the buckets below them: a whole number of microseconds, rounded up, is one less here.
        long below = ticks <= 0 ? 0 : (ticks - 1) / TicksPerMicrosecond;
        int shift = BitOperations.Log2((ulong)below | ((1 << SubBucketBits) - 1)) - SubBucketBits;
        shift = Math.Max(0, shift);
        long index = ((long)shift << SubBucketBits) + (below >> shift);
        return (int)Math.Min(index, Count - 1);
    }

    /// <summary>The longest time that a bucket holds, in microseconds; <see cref="long.MaxValue"/> for the last.</summary>
    public static long BoundOf(int bucket)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bucket);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bucket, Count);
        if (bucket == Count - 1) return long.MaxValue;
        if (bucket < 2 << SubBucketBits) return bucket + 1;
        int shift = (bucket >> SubBucketBits) - 1;
        return ((bucket - ((long)shift << SubBucketBits)) + 1) << shift;
    }
}
