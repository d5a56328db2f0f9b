using System.Numerics;

namespace RespProxy.LoadTests.Measuring;

/// <summary>
/// A log-linear histogram of nanoseconds. Values below 256 are exact; above, each power of two is cut into
/// 128 equal buckets and a bucket answers with its middle, so a reported value is wrong by at most 1/256
/// (0.4 %) of the recorded one. Recording allocates nothing. Not thread-safe: one thread records and reads.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 7;
    private const int SubBuckets = 1 << SubBucketBits;

    /// <summary>The largest error of <see cref="Percentile"/>, as a fraction of the recorded value.</summary>
    public const double RelativeError = 1.0 / (2 * SubBuckets);

    private readonly long[] _counts = new long[IndexOf(long.MaxValue) + 1];

    public long Count { get; private set; }

    /// <summary>Records one latency in nanoseconds; a negative one (clock granularity) counts as zero.</summary>
    public void Record(long nanoseconds)
    {
        _counts[IndexOf(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    /// <summary>
    /// The smallest recorded value, in nanoseconds, that at least <paramref name="percent"/> percent of all
    /// recorded values do not exceed (nearest rank). Zero when nothing was recorded.
    /// </summary>
    public double Percentile(double percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        long rank = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        long seen = 0;
        for (int index = 0; index < _counts.Length; index++)
        {
            seen += _counts[index];
            if (seen >= rank)
                return MiddleOf(index);
        }
        return 0;
    }

    private static int IndexOf(long value)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - SubBucketBits);
        return (shift << SubBucketBits) + (int)(value >> shift);
    }

    private static double MiddleOf(int index)
    {
        if (index < 2 * SubBuckets)
            return index;
        int shift = (index >> SubBucketBits) - 1;
        double low = (double)(index - (shift << SubBucketBits)) * Math.Pow(2, shift);
        return low + (Math.Pow(2, shift) - 1) / 2;
    }
}
