using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>Which transport carries the connections.</summary>
public enum TransportKind
{
    /// <summary>The fastest that works on this machine.</summary>
    Auto,

    /// <summary>Our own epoll loops (Linux).</summary>
    Epoll,

    /// <summary>The framework's sockets: slower, works everywhere.</summary>
    Sockets,
}

public enum UpstreamMode
{
    Cluster,
    Standalone,
}

/// <summary>What the clients of a listener take the proxy for.</summary>
public enum ClientView
{
    /// <summary>A plain Redis.</summary>
    Standalone,

    /// <summary>A Redis Cluster of one node that owns every slot, for clients that insist on a cluster.</summary>
    Cluster,
}

/// <summary>Where a tenant's namespace stands in its keys upstream, which decides the slots they go to.</summary>
public enum KeyPlacement
{
    /// <summary>Before the key: keys spread over all slots, the client's own hash tags decide as on a cluster of its own.</summary>
    Spread,

    /// <summary>Within the hash tag: keys spread, and <c>lock</c> shares a slot with <c>{lock}</c>, as on a cluster of one's own.</summary>
    Tagged,

    /// <summary>A hash tag before the key: all the tenant's keys are in one slot, so that every command on several keys works.</summary>
    Pinned,
}

/// <summary>Whether and how a tenant's Lua runs.</summary>
public enum ScriptAccess
{
    /// <summary>As an ACL user of the tenant's own that the proxy sets up at every node: Redis itself refuses whatever is not the tenant's.</summary>
    Confined,

    /// <summary>Not at all.</summary>
    Denied,

    /// <summary>As the upstream's user: a script can reach every tenant's keys.</summary>
    Trusted,
}

public enum LogFormat
{
    Text,
    Json,
}

/// <summary>A validated, immutable configuration. Loaded once at start; a reload makes a new one.</summary>
public sealed record ProxySnapshot
{
    public TransportKind Transport { get; init; } = TransportKind.Auto;

    /// <summary>Event loops, one thread each.</summary>
    public int Loops { get; init; } = 1;

    public required ImmutableArray<UpstreamSnapshot> Upstreams { get; init; }

    public required ImmutableArray<ListenerSnapshot> Listeners { get; init; }

    public required ImmutableArray<TenantSnapshot> Tenants { get; init; }

    public AdminSnapshot Admin { get; init; } = new();

    public LimitsSnapshot Limits { get; init; } = new();

    public SlowLogSnapshot SlowLog { get; init; } = new();

    public HotKeysSnapshot HotKeys { get; init; } = new();

    public BigKeysSnapshot BigKeys { get; init; } = new();

    public RecentRequestsSnapshot RecentRequests { get; init; } = new();

    /// <summary>How rates are shared with other proxies; null: none is.</summary>
    public FleetSnapshot? Fleet { get; init; }

    public UsageSnapshot Usage { get; init; } = new();

    public RulesSnapshot Rules { get; init; } = new();

    /// <summary>Null: nothing is judged, nobody told.</summary>
    public AlertsSnapshot? Alerts { get; init; }

    /// <summary>Null: as <see cref="NodeMemorySnapshot.Of"/> says.</summary>
    public NodeMemorySnapshot? NodeMemory { get; init; }

    public OtlpSnapshot Otlp { get; init; } = new();

    public LogSnapshot Log { get; init; } = new();

    /// <summary>How long in-flight requests may take to finish after SIGTERM.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A Redis or Valkey deployment behind the proxy.</summary>
public sealed record UpstreamSnapshot
{
    public required string Name { get; init; }

    public UpstreamMode Mode { get; init; } = UpstreamMode.Cluster;

    /// <summary>Where the topology is first asked, and again when every known node is gone. Exactly one for a standalone.</summary>
    public required ImmutableArray<NodeAddress> Seeds { get; init; }

    /// <summary>ACL user of the upstream connections; null for the default user.</summary>
    public string? Username { get; init; }

    /// <summary>Password of the upstream connections, resolved from text, environment or file; null for none.</summary>
    public string? Password { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a request may be owed by a node, redirects and retries included, before it ends in an error.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time between two looks at the cluster's topology.</summary>
    public TimeSpan TopologyRefresh { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Connections per loop that clients may have for themselves: from WATCH to EXEC, and while a command blocks.</summary>
    public int MaxLeasedConnections { get; init; } = 10_000;

    /// <summary>Each tenant's namespace and placement are written down upstream, and compared before its first request.</summary>
    public bool PlacementMarkers { get; init; } = true;

    /// <summary>MOVED and ASK hops of one request before it ends in an error (Redis clients use 5 to 16).</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>For ToString: what names the upstream, never the password.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Name = {Name}, Mode = {Mode}, Seeds = {string.Join(' ', Seeds)}, Username = {Username}, Password = {(Password is null ? "none" : "***")}");
        return true;
    }
}

/// <summary>Host (name or address; IPv6 without brackets) and port of a node.</summary>
public readonly record struct NodeAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Where clients come in: exactly one of (<see cref="Host"/>, <see cref="Port"/>) and <see cref="UnixPath"/>.</summary>
public sealed record ListenerSnapshot
{
    public required string Name { get; init; }

    public string? Host { get; init; }

    /// <summary>TCP port; 0 lets the system choose.</summary>
    public int Port { get; init; }

    public string? UnixPath { get; init; }

    /// <summary>Permission bits of the Unix socket.</summary>
    public int UnixMode { get; init; } = 0b110_110_000;

    /// <summary>Tenant of every connection of this listener, without a password; null: clients must AUTH.</summary>
    public string? Tenant { get; init; }

    public ClientView ClientView { get; init; } = ClientView.Standalone;

    /// <summary>Where the cluster view says that its one node is; null: the address that the client itself has reached.</summary>
    public NodeAddress? Announce { get; init; }
}

public sealed record TenantSnapshot
{
    /// <summary>Also the user name of AUTH and HELLO AUTH.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the upstream that holds the tenant's keys.</summary>
    public required string Upstream { get; init; }

    /// <summary><c>cluster@app</c>; every key upstream starts with it and a colon.</summary>
    public required string Namespace { get; init; }

    /// <summary>SHA-256 of each accepted password; empty: AUTH never succeeds, only a listener's tenant does.</summary>
    public ImmutableArray<ImmutableArray<byte>> PasswordHashes { get; init; } = [];

    /// <summary>FLUSHDB and FLUSHALL may delete all keys of the tenant.</summary>
    public bool AllowFlush { get; init; }

    public KeyPlacement Placement { get; init; } = KeyPlacement.Spread;

    /// <summary>Databases that SELECT offers, numbered from 0 (Redis: databases).</summary>
    public int Databases { get; init; } = 16;

    /// <summary>A changed namespace or placement is put in force though keys are left under the old one, which the tenant then does not see any more.</summary>
    public bool ForcePlacement { get; init; }

    /// <summary>EVAL, SCRIPT, FCALL, FUNCTION.</summary>
    public ScriptAccess Scripts { get; init; } = ScriptAccess.Confined;

    public TenantLimitsSnapshot Limits { get; init; } = new();

    /// <summary>The memory set aside for the tenant; null: nobody has said.</summary>
    public QuotaSnapshot? Quota { get; init; }

    /// <summary>Commands that the tenant may not run, besides those that no tenant may.</summary>
    public ImmutableArray<DenialSnapshot> Denials { get; init; } = [];

    /// <summary>Whether replies to reads of hot keys are kept in the proxy; null: not.</summary>
    public NearCacheSnapshot? NearCache { get; init; }

    /// <summary>True: the tenant's keys are in the same place, and called the same, so that it goes on as the same tenant whatever else has changed.</summary>
    public bool IsSamePlaceAs(TenantSnapshot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return (Name, Upstream, Namespace, Placement, Databases) == (other.Name, other.Upstream, other.Namespace, other.Placement, other.Databases);
    }

    /// <summary>True: nothing about the tenant has changed. By what the lists hold: two loads of one text are the same.</summary>
    public bool IsSameAs(TenantSnapshot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with { PasswordHashes = [], Denials = [] } == other with { PasswordHashes = [], Denials = [] }
            && Denials.SequenceEqual(other.Denials)
            && PasswordHashes.Length == other.PasswordHashes.Length
            && PasswordHashes.Zip(other.PasswordHashes).All(pair => pair.First.SequenceEqual(pair.Second));
    }

    /// <summary>True if the password is one of the tenant's. The time taken does not tell which one matched, or whether one did. Any thread.</summary>
    public bool AcceptsPassword(ReadOnlySpan<byte> password)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(password, hash);
        bool accepted = false;
        foreach (ImmutableArray<byte> candidate in PasswordHashes)
            accepted |= CryptographicOperations.FixedTimeEquals(candidate.AsSpan(), hash);
        return accepted;
    }

    /// <summary>For ToString: not even hashes, which can be guessed against.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Name = {Name}, Upstream = {Upstream}, Namespace = {Namespace}, Passwords = {PasswordHashes.Length}, AllowFlush = {AllowFlush}, Placement = {Placement}, Databases = {Databases}, Scripts = {Scripts}");
        return true;
    }
}

/// <summary>Bounds on what clients may send and hold. Defaults are Redis's where it has one.</summary>
public sealed record LimitsSnapshot
{
    /// <summary>Longest argument in bytes (Redis: proto-max-bulk-len).</summary>
    public int MaxBulkLength { get; init; } = 512 * 1024 * 1024;

    /// <summary>Most arguments of one request (Redis: 1024*1024).</summary>
    public int MaxArguments { get; init; } = 1024 * 1024;

    /// <summary>Connections of all listeners together (Redis: maxclients).</summary>
    public int MaxClients { get; init; } = 10_000;

    /// <summary>Bytes a client may leave unread before it is closed (Redis: client-output-buffer-limit, 0 there for normal clients).</summary>
    public long ClientOutputBuffer { get; init; } = 256L * 1024 * 1024;

    /// <summary>Bytes of one request a client may have sent so far (Redis: client-query-buffer-limit).</summary>
    public long ClientQueryBuffer { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Unanswered requests of one client before the proxy stops reading from it.</summary>
    public int ClientPendingRequests { get; init; } = 32_768;

    /// <summary>Keys that clients' caches hold, summed over the clients of one loop and upstream, that the proxy remembers (Redis: tracking-table-max-keys).</summary>
    public int TrackedKeys { get; init; } = 250_000;

    /// <summary>How long a client may take to authenticate where it must.</summary>
    public TimeSpan AuthenticationTimeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>The slow log that the proxy keeps for each tenant: SLOWLOG.</summary>
public sealed record SlowLogSnapshot
{
    /// <summary>From here a command is slow, measured from its request to its reply (Redis: slowlog-log-slower-than, without the network).</summary>
    public TimeSpan Threshold { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Latest slow commands kept of each tenant (Redis: slowlog-max-len); 0 keeps none.</summary>
    public int Entries { get; init; } = 128;
}

public sealed record LogSnapshot
{
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>Trace, Debug, Information, Warning, Error or Critical.</summary>
    public string Level { get; init; } = "Information";
}
