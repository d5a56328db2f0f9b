using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Control.Metrics;

/// <summary>The upper bounds of a histogram's buckets. Immutable; made once for all histograms of a kind, since their texts are written very often.</summary>
public sealed class HistogramBounds
{
    private readonly ImmutableArray<byte[]> _texts;

    /// <param name="values">Ascending, in the metric's unit, without infinity.</param>
    public HistogramBounds(params ImmutableArray<double> values)
    {
        Values = values;
        _texts = [.. values.Select(value => Encoding.ASCII.GetBytes(PrometheusText.Float(value))), "+Inf"u8.ToArray()];
    }

    public ImmutableArray<double> Values { get; }

    /// <summary>The value of the label <c>le</c>; the last bucket's is <c>+Inf</c>.</summary>
    internal ReadOnlySpan<byte> TextOf(int bucket) => _texts[bucket];
}

/// <summary>A histogram as one scrape sees it, or as the last one saw it: its counts may be written anew, and then only grow.</summary>
public sealed class HistogramValue
{
    private readonly long[] _counts;
    private double _sum;

    /// <param name="bounds">Of the buckets but the last, which takes what is beyond them all.</param>
    public HistogramValue(HistogramBounds bounds)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        Bounds = bounds;
        _counts = new long[bounds.Values.Length + 1];
    }

    /// <param name="bounds">Of the buckets but the last.</param>
    /// <param name="counts">Observations per bucket, not summed up; one more than bounds.</param>
    /// <param name="sum">Of all observations, in the metric's unit.</param>
    public HistogramValue(HistogramBounds bounds, ReadOnlySpan<long> counts, double sum)
        : this(bounds)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.Length, _counts.Length);
        counts.CopyTo(_counts);
        _sum = sum;
    }

    public HistogramBounds Bounds { get; }

    /// <summary>Observations per bucket, not summed up; one more than bounds.</summary>
    public ReadOnlySpan<long> Counts => _counts;

    /// <summary>Of all observations, in the metric's unit.</summary>
    public double Sum => Volatile.Read(ref _sum);

    /// <summary>Takes the numbers of a later scrape. Who reads meanwhile sees each number as it was or as it is.</summary>
    internal void Update(ReadOnlySpan<long> counts, double sum)
    {
        counts.CopyTo(_counts);
        Volatile.Write(ref _sum, sum);
    }
}
