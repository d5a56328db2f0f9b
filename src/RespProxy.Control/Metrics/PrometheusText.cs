using System.Globalization;
using System.Text;

namespace RespProxy.Control.Metrics;

/// <summary>
/// Prometheus's text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Ours, because the format is
/// a page long; docs/decisions/ says what the libraries would have cost.
/// </summary>
public static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Format(IEnumerable<MetricFamily> families)
    {
        ArgumentNullException.ThrowIfNull(families);
        var text = new StringBuilder();
        foreach (MetricFamily family in families)
            Append(text, family);
        return text.ToString();
    }

    /// <summary>Shortest text that reads back the same; whole numbers without an exponent as far as doubles hold them.</summary>
    public static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ when Math.Abs(value) < 9_007_199_254_740_992 && value == Math.Truncate(value) => ((long)value).ToString(CultureInfo.InvariantCulture),
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void Append(StringBuilder text, MetricFamily family)
    {
        text.Append("# HELP ").Append(family.Name).Append(' ');
        AppendEscaped(text, family.Help, quoted: false);
        text.Append("\n# TYPE ").Append(family.Name).Append(' ').Append(TypeName(family.Kind)).Append('\n');
        foreach (MetricSample sample in family.Samples)
        {
            text.Append(family.Name).Append(sample.Suffix);
            AppendLabels(text, sample.Labels);
            text.Append(' ').Append(Number(sample.Value)).Append('\n');
        }
    }

    private static string TypeName(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };

    private static void AppendLabels(StringBuilder text, IReadOnlyList<MetricLabel> labels)
    {
        for (int i = 0; i < labels.Count; i++)
        {
            text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            AppendEscaped(text, labels[i].Value, quoted: true);
            text.Append('"');
        }

        if (labels.Count > 0)
            text.Append('}');
    }

    /// <summary>Backslash and newline always, the quote only inside label values.</summary>
    private static void AppendEscaped(StringBuilder text, string value, bool quoted)
    {
        foreach (char c in value)
        {
            _ = c switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '"' when quoted => text.Append("\\\""),
                _ => text.Append(c),
            };
        }
    }
}
