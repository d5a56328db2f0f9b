using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Metrics;

/// <summary>
/// The buckets that latencies are told in: those of the counting (<see cref="LatencyBuckets"/>) are finer than a dashboard needs, and there would be as many series for
/// each histogram. Each bound is one of theirs, so that nothing is guessed.
/// </summary>
internal sealed class UsageBuckets
{
    /// <summary>8 us and 17 s: a turn of an idle loop, and longer than any request timeout that makes sense.</summary>
    private const int FirstPower = 3, LastPower = 24;

    /// <summary>The place of each bound among the counted buckets, ascending.</summary>
    private readonly int[] _borders;

    private UsageBuckets(int step)
    {
        long[] bounds = [.. Enumerable.Range(FirstPower, LastPower - FirstPower + 1).Where(power => (LastPower - power) % step == 0).Select(power => 1L << power)];
        _borders = [.. bounds.Select(bound => Enumerable.Range(0, LatencyBuckets.Count).First(bucket => LatencyBuckets.BoundOf(bucket) == bound))];
        Bounds = new HistogramBounds([.. bounds.Select(bound => bound / 1e6)]);
    }

    /// <summary>Of a tenant: each power of two.</summary>
    public static UsageBuckets Fine { get; } = new(step: 1);

    /// <summary>Of a single command: each power of four.</summary>
    public static UsageBuckets Coarse { get; } = new(step: 2);

    /// <summary>In seconds.</summary>
    public HistogramBounds Bounds { get; }

    /// <summary>Gives a histogram the numbers of the sums.</summary>
    public void Update(HistogramValue histogram, LatencySums sums)
    {
        Span<long> counts = stackalloc long[_borders.Length + 1];
        counts.Clear();
        int at = 0;
        for (int bucket = 0; bucket < LatencyBuckets.Count; bucket++)
        {
            counts[at] += sums.Counts[bucket];
            if (at < _borders.Length && bucket == _borders[at]) at++;
        }

        histogram.Update(counts, sums.TotalSeconds);
    }
}
