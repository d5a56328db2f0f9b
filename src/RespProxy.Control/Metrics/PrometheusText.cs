using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace RespProxy.Control.Metrics;

/// <summary>The two texts that scrapers read.</summary>
public enum ExpositionFormat
{
    /// <summary>Prometheus's text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).</summary>
    Prometheus,

    /// <summary>OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/).</summary>
    OpenMetrics,
}

/// <summary>
/// Metric families as text. Ours, because the format is a page long; docs/decisions/ says what the libraries would have cost. A family without samples is left
/// out. Written piece by piece: however much is told, 64 KB of it are in memory.
/// </summary>
public static class PrometheusText
{
    /// <summary>Doubles hold whole numbers up to 2^53.</summary>
    private const double LastWhole = 9_007_199_254_740_992;

    public static string ContentTypeOf(ExpositionFormat format) => format == ExpositionFormat.OpenMetrics
        ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
        : "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes all families.</summary>
    public static async Task WriteAsync(Stream stream, IEnumerable<MetricFamily> families, ExpositionFormat format, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(families);
        using var buffer = new ExpositionBuffer();
        foreach (MetricFamily family in families)
        {
            bool isBegun = false;
            foreach (MetricSample sample in family.Samples)
            {
                if (!isBegun) AddHead(buffer, family, format);
                isBegun = true;
                AddSample(buffer, family, sample);
                if (!buffer.IsFull) continue;
                await stream.WriteAsync(buffer.Written, cancellation).ConfigureAwait(false);
                buffer.Clear();
            }
        }

        if (format == ExpositionFormat.OpenMetrics) buffer.Add("# EOF\n"u8);
        await stream.WriteAsync(buffer.Written, cancellation).ConfigureAwait(false);
    }

    /// <summary>All of it as one text; for what is small.</summary>
    public static string Format(IEnumerable<MetricFamily> families, ExpositionFormat format = ExpositionFormat.Prometheus)
    {
        ArgumentNullException.ThrowIfNull(families);
        using var buffer = new ExpositionBuffer();
        foreach (MetricFamily family in families)
        {
            bool isBegun = false;
            foreach (MetricSample sample in family.Samples)
            {
                if (!isBegun) AddHead(buffer, family, format);
                isBegun = true;
                AddSample(buffer, family, sample);
            }
        }

        if (format == ExpositionFormat.OpenMetrics) buffer.Add("# EOF\n"u8);
        return Encoding.UTF8.GetString(buffer.Written.Span);
    }

    /// <summary>Shortest text that reads back the same; whole numbers without an exponent as far as doubles hold them.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ when IsWhole(value) => ((long)value).ToString(CultureInfo.InvariantCulture),
        _ => value.ToString("r", CultureInfo.InvariantCulture),
    };

    /// <summary>A finite number as a label <c>le</c> has it: OpenMetrics wants to see that it is no integer, and both formats must agree.</summary>
    internal static string Float(double value) => IsWhole(value) ? Number(value) + ".0" : Number(value);

    internal static bool IsWhole(double value) => Math.Abs(value) < LastWhole && value == Math.Truncate(value);

    private static void AddHead(ExpositionBuffer buffer, MetricFamily family, ExpositionFormat format)
    {
        bool isOpen = format == ExpositionFormat.OpenMetrics;
        string name = isOpen ? family.BaseName : family.Name;
        AddComment(buffer, "# HELP "u8, name);
        buffer.AddEscaped(family.Help, escapesQuote: isOpen);
        buffer.Add((byte)'\n');
        AddComment(buffer, "# TYPE "u8, name);
        buffer.Add(TypeName(family.Kind));
        buffer.Add((byte)'\n');
        if (!isOpen || family.Unit.Length == 0) return;
        AddComment(buffer, "# UNIT "u8, name);
        buffer.Add(family.Unit);
        buffer.Add((byte)'\n');
    }

    private static void AddComment(ExpositionBuffer buffer, ReadOnlySpan<byte> start, string name)
    {
        buffer.Add(start);
        buffer.Add(name);
        buffer.Add((byte)' ');
    }

    private static ReadOnlySpan<byte> TypeName(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter"u8,
        MetricKind.Gauge => "gauge"u8,
        _ => "histogram"u8,
    };

    private static void AddSample(ExpositionBuffer buffer, MetricFamily family, in MetricSample sample)
    {
        if (sample.Histogram is null) AddLine(buffer, family.Name, ""u8, sample.Labels, sample.Value);
        else AddHistogram(buffer, family.Name, sample.Labels, sample.Histogram);
    }

    private static void AddHistogram(ExpositionBuffer buffer, string name, ImmutableArray<MetricLabel> labels, HistogramValue histogram)
    {
        int start = buffer.Length;
        buffer.Add(name);
        buffer.Add("_bucket{"u8);
        AddLabels(buffer, labels);
        buffer.Add(labels.Length > 0 ? ",le=\""u8 : "le=\""u8);
        int length = buffer.Length - start;
        long total = 0;
        for (int bucket = 0; bucket < histogram.Counts.Length; bucket++)
        {
            if (bucket > 0) buffer.Repeat(start, length);
            total += histogram.Counts[bucket];
            buffer.Add(histogram.Bounds.TextOf(bucket));
            buffer.Add("\"} "u8);
            buffer.Add(total);
            buffer.Add((byte)'\n');
        }

        AddLine(buffer, name, "_sum"u8, labels, histogram.Sum);
        AddLine(buffer, name, "_count"u8, labels, total);
    }

    private static void AddLine(ExpositionBuffer buffer, string name, ReadOnlySpan<byte> suffix, ImmutableArray<MetricLabel> labels, double value)
    {
        buffer.Add(name);
        buffer.Add(suffix);
        if (labels.Length > 0)
        {
            buffer.Add((byte)'{');
            AddLabels(buffer, labels);
            buffer.Add((byte)'}');
        }

        buffer.Add((byte)' ');
        buffer.Add(value);
        buffer.Add((byte)'\n');
    }

    private static void AddLabels(ExpositionBuffer buffer, ImmutableArray<MetricLabel> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (i > 0) buffer.Add((byte)',');
            buffer.Add(labels[i].Name);
            buffer.Add("=\""u8);
            buffer.AddEscaped(labels[i].Value, escapesQuote: true);
            buffer.Add((byte)'"');
        }
    }
}
