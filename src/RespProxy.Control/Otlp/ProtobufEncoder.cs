using System.Collections.Immutable;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Otlp;

/// <summary>OTLP as protocol buffers; numbers of fields are those of opentelemetry/proto/metrics/v1/metrics.proto (1.x).</summary>
internal sealed class ProtobufEncoder(OtlpResource resource) : IOtlpEncoder
{
    /// <summary>AGGREGATION_TEMPORALITY_CUMULATIVE.</summary>
    private const int Cumulative = 2;

    private readonly ProtobufBuffer _buffer = new();
    private int _resourceMetrics;
    private int _scopeMetrics;
    private int _metric;
    private int _points;
    private MetricKind _kind;

    public string ContentType => "application/x-protobuf";

    public int Length => _buffer.Length;

    public void BeginRequest()
    {
        _buffer.Clear();
        _resourceMetrics = _buffer.Open(Field.RequestResourceMetrics);
        int described = _buffer.Open(Field.ResourceMetricsResource);
        foreach ((string name, string value) in resource.Attributes) AddAttribute(Field.ResourceAttributes, name, value);
        _buffer.Close(described);
        _scopeMetrics = _buffer.Open(Field.ResourceMetricsScopeMetrics);
        int scope = _buffer.Open(Field.ScopeMetricsScope);
        _buffer.Text(Field.ScopeName, OtlpResource.Scope);
        _buffer.Text(Field.ScopeVersion, resource.Version);
        _buffer.Close(scope);
    }

    public void BeginMetric(MetricFamily family)
    {
        _kind = family.Kind;
        _metric = _buffer.Open(Field.ScopeMetricsMetrics);
        _buffer.Text(Field.MetricName, family.BaseName);
        _buffer.Text(Field.MetricDescription, family.Help);
        _buffer.Text(Field.MetricUnit, OtlpUnits.Of(family));
        _points = _buffer.Open(_kind switch
        {
            MetricKind.Counter => Field.MetricSum,
            MetricKind.Gauge => Field.MetricGauge,
            _ => Field.MetricHistogram,
        });
    }

    public void AddPoint(MetricFamily family, in MetricSample sample, OtlpTimes times)
    {
        int point = _buffer.Open(Field.DataPoints);
        _buffer.Fixed(Field.PointStart, times.Start);
        _buffer.Fixed(Field.PointTime, times.Now);
        if (sample.Histogram is { } histogram)
        {
            AddAttributes(Field.HistogramAttributes, sample.Labels);
            AddHistogram(histogram);
        }
        else
        {
            AddAttributes(Field.NumberAttributes, sample.Labels);
            _buffer.Double(Field.NumberDouble, sample.Value);
        }

        _buffer.Close(point);
    }

    public void EndMetric()
    {
        if (_kind != MetricKind.Gauge) _buffer.Number(Field.Temporality, Cumulative);
        if (_kind == MetricKind.Counter) _buffer.Number(Field.SumIsMonotonic, 1);
        _buffer.Close(_points);
        _buffer.Close(_metric);
    }

    public ReadOnlyMemory<byte> EndRequest()
    {
        _buffer.Close(_scopeMetrics);
        _buffer.Close(_resourceMetrics);
        return _buffer.Written;
    }

    public long ReadRejectedPoints(ReadOnlySpan<byte> response) => ProtobufFields.Find(response, Field.ResponsePartialSuccess, out ReadOnlySpan<byte> partial, out _)
        && ProtobufFields.Find(partial, Field.PartialRejected, out _, out ulong rejected)
        ? (long)rejected
        : 0;

    private void AddHistogram(HistogramValue histogram)
    {
        ulong total = 0;
        _buffer.Packed(Field.HistogramCounts, histogram.Counts.Length);
        foreach (long count in histogram.Counts)
        {
            _buffer.Fixed((ulong)count);
            total += (ulong)count;
        }

        _buffer.Fixed(Field.HistogramCount, total);
        _buffer.Double(Field.HistogramSum, histogram.Sum);
        ImmutableArray<double> bounds = histogram.Bounds.Values;
        _buffer.Packed(Field.HistogramBounds, bounds.Length);
        foreach (double bound in bounds) _buffer.Fixed(BitConverter.DoubleToUInt64Bits(bound));
    }

    private void AddAttributes(int field, ImmutableArray<MetricLabel> labels)
    {
        foreach (MetricLabel label in labels) AddAttribute(field, label.Name, label.Value);
    }

    private void AddAttribute(int field, string name, string value)
    {
        int pair = _buffer.Open(field);
        _buffer.Text(Field.PairKey, name);
        int any = _buffer.Open(Field.PairValue);
        _buffer.Text(Field.AnyString, value);
        _buffer.Close(any);
        _buffer.Close(pair);
    }

    /// <summary>Numbers of fields, by message.</summary>
    private static class Field
    {
        public const int RequestResourceMetrics = 1;
        public const int ResourceMetricsResource = 1, ResourceMetricsScopeMetrics = 2;
        public const int ResourceAttributes = 1;
        public const int ScopeMetricsScope = 1, ScopeMetricsMetrics = 2;
        public const int ScopeName = 1, ScopeVersion = 2;
        public const int MetricName = 1, MetricDescription = 2, MetricUnit = 3, MetricGauge = 5, MetricSum = 7, MetricHistogram = 9;

        /// <summary>Of Gauge, Sum and Histogram.</summary>
        public const int DataPoints = 1, Temporality = 2, SumIsMonotonic = 3;

        /// <summary>Of points of all kinds.</summary>
        public const int PointStart = 2, PointTime = 3;
        public const int NumberDouble = 4, NumberAttributes = 7;
        public const int HistogramCount = 4, HistogramSum = 5, HistogramCounts = 6, HistogramBounds = 7, HistogramAttributes = 9;
        public const int PairKey = 1, PairValue = 2, AnyString = 1;
        public const int ResponsePartialSuccess = 1, PartialRejected = 1;
    }
}

/// <summary>Units as OTLP has them (UCUM).</summary>
internal static class OtlpUnits
{
    public static string Of(MetricFamily family) => family.Unit switch
    {
        "seconds" => "s",
        "bytes" => "By",
        "ratio" => "1",
        _ => "",
    };
}

/// <summary>Looks into a protocol buffers message that somebody else has written: whatever it holds, no exception.</summary>
internal static class ProtobufFields
{
    /// <summary>The first occurrence of a field: its bytes, or its number; false: there is none, or the message is broken before it.</summary>
    public static bool Find(ReadOnlySpan<byte> message, int field, out ReadOnlySpan<byte> bytes, out ulong number)
    {
        while (TryRead(ref message, out int found, out bytes, out number))
        {
            if (found == field) return true;
        }

        bytes = default;
        number = 0;
        return false;
    }

    private static bool TryRead(scoped ref ReadOnlySpan<byte> message, out int field, out ReadOnlySpan<byte> bytes, out ulong number)
    {
        bytes = default;
        number = 0;
        field = 0;
        if (!TryVarint(ref message, out ulong tag)) return false;
        field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                return TryVarint(ref message, out number);
            case 1:
                return TryTake(ref message, sizeof(ulong), out bytes);
            case 2:
                return TryVarint(ref message, out ulong length) && TryTake(ref message, length, out bytes);
            case 5:
                return TryTake(ref message, sizeof(uint), out bytes);
            default:
                return false;
        }
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> message, ulong length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length > (ulong)message.Length) return false;
        bytes = message[..(int)length];
        message = message[(int)length..];
        return true;
    }

    private static bool TryVarint(scoped ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (int i = 0; i < message.Length && i < 10; i++)
        {
            value |= (ulong)(message[i] & 0x7F) << (7 * i);
            if (message[i] >= 0x80) continue;
            message = message[(i + 1)..];
            return true;
        }

        return false;
    }
}
