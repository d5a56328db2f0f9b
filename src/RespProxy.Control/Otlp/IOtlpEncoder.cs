using RespProxy.Control.Metrics;

namespace RespProxy.Control.Otlp;

/// <summary>
/// Writes one request of OTLP's ExportMetricsService at a time (https://opentelemetry.io/docs/specs/otlp/). A request is begun, has metrics with their points, and is ended; a
/// metric with many points may go on in the next request. One thread.
/// </summary>
internal interface IOtlpEncoder
{
    string ContentType { get; }

    /// <summary>Bytes of the request so far.</summary>
    int Length { get; }

    /// <summary>Begins a request in the room of the last one.</summary>
    void BeginRequest();

    void BeginMetric(MetricFamily family);

    void AddPoint(MetricFamily family, in MetricSample sample, OtlpTimes times);

    void EndMetric();

    /// <summary>The whole request; valid until the next one begins.</summary>
    ReadOnlyMemory<byte> EndRequest();

    /// <summary>Points that the receiver says it did not take, of a response with status 200; 0 where it says nothing that can be read.</summary>
    long ReadRejectedPoints(ReadOnlySpan<byte> response);
}

/// <summary>When all sums began, and when they were read; nanoseconds since 1970.</summary>
internal readonly record struct OtlpTimes(ulong Start, ulong Now)
{
    public static OtlpTimes Between(DateTimeOffset start, DateTimeOffset now) => new(Nanoseconds(start), Nanoseconds(now));

    private static ulong Nanoseconds(DateTimeOffset time) => (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
}

/// <summary>What the metrics are of: attributes of the resource. Immutable.</summary>
/// <param name="Attributes">Names by the semantic conventions, each once.</param>
/// <param name="Version">Of the program, which is also the scope.</param>
internal sealed record OtlpResource(IReadOnlyList<KeyValuePair<string, string>> Attributes, string Version)
{
    /// <summary>The scope that all metrics belong to, and the program's name.</summary>
    public const string Scope = "RespProxy";

    /// <summary>What the program knows of itself, under what the configuration says.</summary>
    public static OtlpResource Of(Configuration.OtlpSnapshot configuration, string version)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["service.name"] = "respproxy",
            ["service.version"] = version,
            ["service.instance.id"] = Guid.NewGuid().ToString(),
            ["host.name"] = Environment.MachineName,
        };
        foreach (Configuration.OtlpPair attribute in configuration.Attributes) attributes[attribute.Name] = attribute.Value;
        return new OtlpResource([.. attributes], version);
    }
}
