using System.Collections.Immutable;

namespace RespProxy.Configuration.Loading;

/// <summary>Reads <c>otlp</c>.</summary>
internal static class OtlpReader
{
    /// <summary>What OTLP over HTTP adds to a receiver's address for metrics.</summary>
    private const string MetricsPath = "v1/metrics";

    private static readonly OtlpSnapshot Defaults = new();

    public static OtlpSnapshot Read(Section section, SecretReader secrets) => new()
    {
        Endpoint = ReadEndpoint(section),
        Protocol = ReadProtocol(section),
        Headers = ReadPairs(section, "headers", pair => ReadHeader(pair, secrets)),
        Interval = section.Duration("interval", Defaults.Interval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
        Timeout = section.Duration("timeout", Defaults.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
        Attributes = ReadPairs(section, "attributes", pair => pair.RequiredText("value", "write one, as value: production")),
    };

    private static Uri? ReadEndpoint(Section section)
    {
        if (section.Text("endpoint") is not { } text) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
        {
            section.Error("endpoint", $"{Suggestion.Quote(text)} is not an address; write http://HOST:4318 or https://HOST/PATH");
            return null;
        }

        if (uri.UserInfo.Length > 0)
        {
            section.Error("endpoint", "must not hold a user or a password; write them as a header");
            return null;
        }

        return uri.AbsolutePath == "/" ? new Uri(uri, MetricsPath) : uri;
    }

    private static OtlpProtocol ReadProtocol(Section section)
    {
        if (string.Equals(section.Text("protocol"), "grpc", StringComparison.OrdinalIgnoreCase))
        {
            section.Error("protocol", "grpc is not spoken here; receivers take http/protobuf too, mostly on port 4318");
            return Defaults.Protocol;
        }

        return section.Choice("protocol", Defaults.Protocol, ("http/protobuf", OtlpProtocol.HttpProtobuf), ("http/json", OtlpProtocol.HttpJson));
    }

    private static string? ReadHeader(Section pair, SecretReader secrets)
    {
        string? value = pair.Node("value") is { } node ? secrets.ReadText(node, pair.PathOf("value")) : null;
        if (!pair.Has("value")) pair.Error("value", "is missing; write one, as value: {env: OTLP_TOKEN}");
        else if (value is not null && value.Any(c => c is < ' ' or > '~')) pair.Error("value", "may hold printable ASCII characters only");
        return value;
    }

    private static ImmutableArray<OtlpPair> ReadPairs(Section section, string key, Func<Section, string?> readValue)
    {
        var pairs = ImmutableArray.CreateBuilder<OtlpPair>();
        foreach (Section pair in section.Children(key))
        {
            string? name = pair.RequiredText("name", "write one");
            string? value = readValue(pair);
            if (name is not null && (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')))
                pair.Error("name", $"{Suggestion.Quote(name)} may hold letters, digits, '.', '-' and '_' only");
            else if (name is not null && pairs.Any(other => other.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                pair.Error("name", $"{Suggestion.Quote(name)} is given twice; remove one");
            else if (name is not null && value is not null)
                pairs.Add(new OtlpPair(name, value));
        }

        return pairs.ToImmutable();
    }
}
