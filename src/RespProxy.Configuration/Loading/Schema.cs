using System.Collections.Immutable;

namespace RespProxy.Configuration.Loading;

internal enum SchemaKind
{
    Scalar,

    /// <summary>Text, or a map that says where the text is.</summary>
    Secret,
    Map,
    List,
}

/// <summary>The shape of the YAML as data: which keys there are and of what kind. Values are checked by <see cref="SnapshotReader"/>.</summary>
internal sealed class Schema
{
    private static readonly Schema Scalar = new(SchemaKind.Scalar);

    private static readonly Schema UpstreamSecret = new(SchemaKind.Secret) { Keys = [new("env", Scalar), new("file", Scalar)] };

    private static readonly Schema TenantSecret = new(SchemaKind.Secret) { Keys = [new("env", Scalar), new("file", Scalar), new("sha256", Scalar)] };

    private static readonly Schema Upstream = Map(
        new("name", Scalar),
        new("mode", Scalar),
        new("seeds", List(Scalar)),
        new("username", Scalar),
        new("password", UpstreamSecret),
        new("connectTimeout", Scalar),
        new("requestTimeout", Scalar),
        new("topologyRefresh", Scalar),
        new("maxRedirects", Scalar),
        new("maxLeasedConnections", Scalar),
        new("placementMarkers", Scalar));

    private static readonly Schema Listener = Map(
        new("name", Scalar),
        new("bind", Scalar),
        new("unixMode", Scalar),
        new("tenant", Scalar),
        new("clientView", Scalar),
        new("announce", Scalar));

    private static readonly Schema Rate = Map(
        new("name", Scalar),
        new("commands", List(Scalar)),
        new("keys", List(Scalar)),
        new("patterns", List(Scalar)),
        new("unit", Scalar),
        new("rate", Scalar),
        new("burst", Scalar),
        new("action", Scalar),
        new("maxDelay", Scalar),
        new("scope", Scalar),
        new("localShare", Scalar));

    private static readonly Schema Denial = Map(
        new("commands", List(Scalar)),
        new("keys", List(Scalar)),
        new("patterns", List(Scalar)),
        new("shadow", Scalar),
        new("from", Scalar),
        new("for", Scalar),
        new("expires", Scalar),
        new("reason", Scalar));

    private static readonly Schema Tenant = Map(
        new("name", Scalar),
        new("upstream", Scalar),
        new("namespace", Scalar),
        new("passwords", List(TenantSecret)),
        new("allowFlush", Scalar),
        new("placement", Scalar),
        new("databases", Scalar),
        new("forcePlacement", Scalar),
        new("scripts", Scalar),
        new("limits", Map(new("maxConnections", Scalar), new("maxInFlight", Scalar), new("rates", List(Rate)))),
        new("quota", Map(new("peak", Scalar), new("factor", Scalar), new("platform", Scalar), new("enforce", Scalar))),
        new("deny", List(Denial)),
        new("nearCache", Map(new("maxBytes", Scalar), new("maxValueBytes", Scalar), new("maxAge", Scalar), new("maxLag", Scalar), new("keys", List(Scalar)))));

    private static readonly Schema Limits = Map(
        new("maxBulkLength", Scalar),
        new("maxArguments", Scalar),
        new("maxClients", Scalar),
        new("clientOutputBuffer", Scalar),
        new("clientQueryBuffer", Scalar),
        new("clientPendingRequests", Scalar),
        new("trackedKeys", Scalar),
        new("authenticationTimeout", Scalar));

    private static readonly Schema Admin = Map(
        new("enabled", Scalar),
        new("bind", Scalar),
        new("allowLoopback", Scalar),
        new("metricsToken", Scalar),
        new("tokens", List(Map(new("name", Scalar), new("token", TenantSecret), new("access", Scalar)))),
        new("tls", Map(new("certificate", Scalar), new("key", Scalar), new("clientCertificates", Scalar))));

    private static readonly Schema AlertReceiver = Map(
        new("name", Scalar),
        new("type", Scalar),
        new("url", UpstreamSecret),
        new("headers", List(Map(new("name", Scalar), new("value", UpstreamSecret)))),
        new("levels", List(Scalar)),
        new("timeout", Scalar));

    private static readonly Schema AlertRule = Map(
        new("name", Scalar),
        new("enabled", Scalar),
        new("thresholds", Map(new("60", Scalar), new("75", Scalar), new("85", Scalar), new("100", Scalar))),
        new("for", Scalar));

    private static readonly Schema Alerts = Map(
        new("interval", Scalar),
        new("window", Scalar),
        new("resolveAfter", Scalar),
        new("repeat", Scalar),
        new("source", Scalar),
        new("runbook", Scalar),
        new("receivers", List(AlertReceiver)),
        new("rules", List(AlertRule)));


    private static readonly Schema ControlRedis = Map(
        new("addresses", List(Scalar)),
        new("username", Scalar),
        new("password", UpstreamSecret),
        new("timeout", Scalar));

    private static readonly Schema Otlp = Map(
        new("endpoint", Scalar),
        new("protocol", Scalar),
        new("headers", List(Map(new("name", Scalar), new("value", UpstreamSecret)))),
        new("interval", Scalar),
        new("timeout", Scalar),
        new("attributes", List(Map(new("name", Scalar), new("value", Scalar)))));

    public static readonly Schema Root = Map(
        new("transport", Scalar),
        new("loops", Scalar),
        new("upstreams", List(Upstream)),
        new("listeners", List(Listener)),
        new("tenants", List(Tenant)),
        new("admin", Admin),
        new("limits", Limits),
        new("slowLog", Map(new("threshold", Scalar), new("entries", Scalar))),
        new("hotKeys", Map(new("enabled", Scalar), new("counters", Scalar), new("window", Scalar), new("sample", Scalar), new("hotReads", Scalar))),
        new("bigKeys", Map(new("enabled", Scalar), new("bytes", Scalar), new("elements", Scalar), new("keys", Scalar), new("keep", Scalar))),
        new("recentRequests", Map(new("enabled", Scalar), new("window", Scalar), new("memory", Scalar))),
        new("fleet", Map(new("redis", ControlRedis), new("prefix", Scalar), new("fallbackAfter", Scalar))),
        new("usage", Map(new("file", Scalar), new("period", Scalar))),
        new("rules", Map(
            new("directory", Scalar),
            new("keep", Scalar),
            new("redis", Map(new("addresses", List(Scalar)), new("username", Scalar), new("password", UpstreamSecret), new("key", Scalar), new("timeout", Scalar))))),
        new("alerts", Alerts),
        new("nodeMemory", Map([new("period", Scalar)])),
        new("otlp", Otlp),
        new("log", Map(new("format", Scalar), new("level", Scalar))),
        new("drainTimeout", Scalar));

    private Schema(SchemaKind kind) => Kind = kind;

    public SchemaKind Kind { get; }

    public ImmutableArray<SchemaKey> Keys { get; private init; } = [];

    /// <summary>Of a list.</summary>
    public Schema? Item { get; private init; }

    public Schema? Find(string key)
    {
        foreach (SchemaKey candidate in Keys)
        {
            if (candidate.Name == key)
                return candidate.Schema;
        }

        return null;
    }

    private static Schema Map(params ImmutableArray<SchemaKey> keys) => new(SchemaKind.Map) { Keys = keys };

    private static Schema List(Schema item) => new(SchemaKind.List) { Item = item };
}

internal readonly record struct SchemaKey(string Name, Schema Schema);
