using System.Diagnostics;

namespace RespProxy.Tenancy.Accounting;

/// <summary>A sum of histograms as it was when it was read. Immutable.</summary>
public sealed class LatencyReading
{
    private readonly long[] _counts = new long[LatencyBuckets.Count];
    private readonly long _sum;

    internal LatencyReading(IEnumerable<LatencyHistogram> histograms)
    {
        foreach (LatencyHistogram histogram in histograms) histogram.AddTo(_counts, ref _sum);
    }

    internal LatencyReading(IEnumerable<LatencyReading> readings)
    {
        foreach (LatencyReading reading in readings)
        {
            for (int i = 0; i < _counts.Length; i++) _counts[i] += reading._counts[i];
            _sum += reading._sum;
        }
    }

    /// <summary>Calls per bucket of <see cref="LatencyBuckets"/>, not summed up.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>All calls.</summary>
    public long Count => _counts.Sum();

    /// <summary>Of all calls.</summary>
    public double TotalSeconds => (double)_sum / Stopwatch.Frequency;

    /// <summary>The mean, in microseconds; 0 without calls.</summary>
    public double MeanMicroseconds => Count == 0 ? 0 : TotalSeconds * 1_000_000 / Count;

    /// <summary>
    /// A time in microseconds that at least <paramref name="percent"/> of the calls did not exceed (nearest rank), as exact as the buckets are; 0 without calls, and
    /// <see cref="long.MaxValue"/> beyond the last bound.
    /// </summary>
    public long Percentile(double percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        long rank = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank) return LatencyBuckets.BoundOf(bucket);
        }

        return 0;
    }
}
