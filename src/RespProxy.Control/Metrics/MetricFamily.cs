namespace RespProxy.Control.Metrics;

public enum MetricKind
{
    /// <summary>Only goes up; the name ends in <c>_total</c>.</summary>
    Counter,
    Gauge,
    Histogram,
}

/// <summary>One label of a sample. The value may be any text; the name is <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
public readonly record struct MetricLabel(string Name, string Value);

/// <summary>One line of the exposition.</summary>
/// <param name="Suffix">Appended to the family's name: empty, or <c>_bucket</c>, <c>_sum</c>, <c>_count</c> of a histogram.</param>
/// <param name="Labels">In the order written.</param>
/// <param name="Value">In the metric's base unit.</param>
public readonly record struct MetricSample(string Suffix, IReadOnlyList<MetricLabel> Labels, double Value);

/// <summary>
/// One metric and its samples, as one scrape sees them. Built anew for each scrape from counters that live elsewhere, so the
/// hot path knows nothing of metrics. One thread.
/// </summary>
public sealed class MetricFamily(string name, string help, MetricKind kind)
{
    private readonly List<MetricSample> _samples = [];

    /// <summary>Prometheus conventions: <c>respproxy_</c>, base unit, <c>_total</c> for counters.</summary>
    public string Name { get; } = name;

    public string Help { get; } = help;

    public MetricKind Kind { get; } = kind;

    public IReadOnlyList<MetricSample> Samples => _samples;

    public static MetricFamily Counter(string name, string help) => new(name, help, MetricKind.Counter);

    public static MetricFamily Gauge(string name, string help) => new(name, help, MetricKind.Gauge);

    public static MetricFamily Histogram(string name, string help) => new(name, help, MetricKind.Histogram);

    /// <summary>Adds a counter's or a gauge's sample and returns the family, so that calls chain.</summary>
    public MetricFamily Add(double value, params IReadOnlyList<MetricLabel> labels)
    {
        _samples.Add(new MetricSample("", labels, value));
        return this;
    }

    /// <summary>Adds a histogram.</summary>
    /// <param name="bounds">Upper bounds, ascending, without infinity.</param>
    /// <param name="counts">Observations per bucket, not yet summed up; one more than bounds, the last beyond them all.</param>
    /// <param name="sum">Of all observations, in the metric's unit.</param>
    /// <param name="labels">Of every sample of this histogram.</param>
    public MetricFamily AddHistogram(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum, params IReadOnlyList<MetricLabel> labels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.Length, bounds.Length + 1);
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            string bound = i < bounds.Length ? PrometheusText.Number(bounds[i]) : "+Inf";
            _samples.Add(new MetricSample("_bucket", [.. labels, new MetricLabel("le", bound)], total));
        }

        _samples.Add(new MetricSample("_sum", labels, sum));
        _samples.Add(new MetricSample("_count", labels, total));
        return this;
    }
}
