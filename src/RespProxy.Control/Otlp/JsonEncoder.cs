using System.Buffers;
using System.Globalization;
using System.Text.Json;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Otlp;

/// <summary>OTLP as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): names in lowerCamelCase, numbers of 64 bits as texts, enumerations as numbers.</summary>
internal sealed class JsonEncoder : IOtlpEncoder, IDisposable
{
    /// <summary>AGGREGATION_TEMPORALITY_CUMULATIVE.</summary>
    private const int Cumulative = 2;

    private readonly OtlpResource _resource;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Utf8JsonWriter _json;
    private MetricKind _kind;

    public JsonEncoder(OtlpResource resource)
    {
        _resource = resource;
        _json = new Utf8JsonWriter(_bytes);
    }

    public string ContentType => "application/json";

    public int Length => _bytes.WrittenCount + _json.BytesPending;

    public void Dispose() => _json.Dispose();

    public void BeginRequest()
    {
        _bytes.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteStartArray("resourceMetrics");
        _json.WriteStartObject();
        _json.WriteStartObject("resource");
        _json.WriteStartArray("attributes");
        foreach ((string name, string value) in _resource.Attributes) WriteAttribute(name, value);
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteStartArray("scopeMetrics");
        _json.WriteStartObject();
        _json.WriteStartObject("scope");
        _json.WriteString("name", OtlpResource.Scope);
        _json.WriteString("version", _resource.Version);
        _json.WriteEndObject();
        _json.WriteStartArray("metrics");
    }

    public void BeginMetric(MetricFamily family)
    {
        _kind = family.Kind;
        _json.WriteStartObject();
        _json.WriteString("name", family.BaseName);
        _json.WriteString("description", family.Help);
        _json.WriteString("unit", OtlpUnits.Of(family));
        _json.WriteStartObject(_kind switch
        {
            MetricKind.Counter => "sum",
            MetricKind.Gauge => "gauge",
            _ => "histogram",
        });
        if (_kind != MetricKind.Gauge) _json.WriteNumber("aggregationTemporality", Cumulative);
        if (_kind == MetricKind.Counter) _json.WriteBoolean("isMonotonic", true);
        _json.WriteStartArray("dataPoints");
    }

    public void AddPoint(MetricFamily family, in MetricSample sample, OtlpTimes times)
    {
        _json.WriteStartObject();
        WriteLong("startTimeUnixNano", times.Start);
        WriteLong("timeUnixNano", times.Now);
        _json.WriteStartArray("attributes");
        foreach (MetricLabel label in sample.Labels) WriteAttribute(label.Name, label.Value);
        _json.WriteEndArray();
        if (sample.Histogram is { } histogram) WriteHistogram(histogram);
        else WriteDouble("asDouble", sample.Value);
        _json.WriteEndObject();
    }

    public void EndMetric()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    public ReadOnlyMemory<byte> EndRequest()
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        return _bytes.WrittenMemory;
    }

    public long ReadRejectedPoints(ReadOnlySpan<byte> response)
    {
        try
        {
            var reader = new Utf8JsonReader(response);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("partialSuccess", out JsonElement partial)) return 0;
            if (partial.ValueKind != JsonValueKind.Object || !partial.TryGetProperty("rejectedDataPoints", out JsonElement rejected)) return 0;
            return long.TryParse(rejected.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long points) ? points : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private void WriteHistogram(HistogramValue histogram)
    {
        ulong total = 0;
        _json.WriteStartArray("bucketCounts");
        foreach (long count in histogram.Counts)
        {
            _json.WriteStringValue(count.ToString(CultureInfo.InvariantCulture));
            total += (ulong)count;
        }

        _json.WriteEndArray();
        WriteLong("count", total);
        WriteDouble("sum", histogram.Sum);
        _json.WriteStartArray("explicitBounds");
        foreach (double bound in histogram.Bounds.Values) _json.WriteNumberValue(bound);
        _json.WriteEndArray();
    }

    private void WriteAttribute(string name, string value)
    {
        _json.WriteStartObject();
        _json.WriteString("key", name);
        _json.WriteStartObject("value");
        _json.WriteString("stringValue", value);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteLong(string name, ulong value) => _json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>JSON has no infinity; the mapping of protocol buffers writes its name.</summary>
    private void WriteDouble(string name, double value)
    {
        if (double.IsFinite(value)) _json.WriteNumber(name, value);
        else _json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }
}
