using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>How metrics are written for an OTLP receiver.</summary>
public enum OtlpProtocol
{
    /// <summary>Protocol buffers over HTTP.</summary>
    HttpProtobuf,

    /// <summary>JSON over HTTP.</summary>
    HttpJson,
}

/// <summary>A name and its value: a header, or an attribute of the resource.</summary>
public readonly record struct OtlpPair(string Name, string Value);

/// <summary>Where metrics are sent to by themselves (OTLP, the OpenTelemetry protocol).</summary>
public sealed record OtlpSnapshot
{
    /// <summary>Where the requests go, path included; null: nothing is sent.</summary>
    public Uri? Endpoint { get; init; }

    public OtlpProtocol Protocol { get; init; } = OtlpProtocol.HttpProtobuf;

    /// <summary>Sent with each request; values may be secrets.</summary>
    public ImmutableArray<OtlpPair> Headers { get; init; } = [];

    /// <summary>Time between two exports (OpenTelemetry's own default is 60 s).</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the receiver may take for one request (OTEL_EXPORTER_OTLP_TIMEOUT: 10 s).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What the metrics are of, besides the name and version of the program.</summary>
    public ImmutableArray<OtlpPair> Attributes { get; init; } = [];

    /// <summary>By what the lists hold: two loads of one text are the same.</summary>
    public bool Equals(OtlpSnapshot? other) =>
        other is not null
        && (Endpoint, Protocol, Interval, Timeout) == (other.Endpoint, other.Protocol, other.Interval, other.Timeout)
        && Headers.SequenceEqual(other.Headers)
        && Attributes.SequenceEqual(other.Attributes);

    public override int GetHashCode() => HashCode.Combine(Endpoint, Protocol, Interval, Timeout, Headers.Length, Attributes.Length);

    /// <summary>For ToString: headers may be secrets.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Endpoint = {Endpoint}, Protocol = {Protocol}, Headers = {Headers.Length}, Interval = {Interval}, Timeout = {Timeout}, Attributes = {string.Join(' ', Attributes)}");
        return true;
    }
}
