using System.Collections.Immutable;

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

/// <summary>One counter, gauge or histogram of a family.</summary>
/// <param name="Labels">In the order written.</param>
/// <param name="Value">In the metric's base unit; of a histogram 0.</param>
/// <param name="Histogram">Of histograms; null otherwise.</param>
public readonly record struct MetricSample(ImmutableArray<MetricLabel> Labels, double Value, HistogramValue? Histogram = null);

/// <summary>
/// One metric and its samples, as one scrape sees them: read from counters that live elsewhere, so that the hot path knows nothing of metrics.
/// Samples are either added or made one by one while they are written, so that a family of thousands never stands in memory. One thread.
/// </summary>
public sealed class MetricFamily
{
    private const string TotalSuffix = "_total";

    /// <summary>Base units that names end in; what else is counted has none.</summary>
    private static readonly string[] Units = ["seconds", "bytes", "ratio"];

    private readonly List<MetricSample> _added = [];
    private readonly IEnumerable<MetricSample>? _made;

    /// <param name="name">Prometheus conventions: <c>respproxy_</c>, base unit, <c>_total</c> for counters.</param>
    /// <param name="help">One sentence.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="samples">Enumerated when the family is written; null: they are added.</param>
    public MetricFamily(string name, string help, MetricKind kind, IEnumerable<MetricSample>? samples = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        Help = help;
        Kind = kind;
        _made = samples;
        BaseName = kind == MetricKind.Counter && name.EndsWith(TotalSuffix, StringComparison.Ordinal) ? name[..^TotalSuffix.Length] : name;
        Unit = Array.Find(Units, unit => BaseName.EndsWith("_" + unit, StringComparison.Ordinal)) ?? "";
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    /// <summary>The name without a counter's <c>_total</c>: OpenMetrics and OTLP call the family so.</summary>
    public string BaseName { get; }

    /// <summary>The base unit, which is also the end of <see cref="BaseName"/>; empty for none.</summary>
    public string Unit { get; }

    public IEnumerable<MetricSample> Samples => _made ?? _added;

    public static MetricFamily Counter(string name, string help) => new(name, help, MetricKind.Counter);

    public static MetricFamily Gauge(string name, string help) => new(name, help, MetricKind.Gauge);

    public static MetricFamily Histogram(string name, string help) => new(name, help, MetricKind.Histogram);

    /// <summary>Adds a counter's or a gauge's sample and returns the family, so that calls chain.</summary>
    public MetricFamily Add(double value, params ImmutableArray<MetricLabel> labels)
    {
        _added.Add(new MetricSample(labels, value));
        return this;
    }

    /// <summary>Adds a histogram's sample and returns the family.</summary>
    public MetricFamily Add(HistogramValue histogram, params ImmutableArray<MetricLabel> labels)
    {
        _added.Add(new MetricSample(labels, 0, histogram));
        return this;
    }
}
