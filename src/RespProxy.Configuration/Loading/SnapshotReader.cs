using System.Collections.Immutable;
using System.Globalization;

namespace RespProxy.Configuration.Loading;

/// <summary>
/// Sections to snapshots. Every default is the record's own, read from an instance made with defaults, so that there is one
/// place that says it. What concerns one element is checked here, what concerns several in <see cref="CrossChecks"/>.
/// </summary>
internal sealed class SnapshotReader(Section root, SecretReader secrets, ErrorList errors)
{
    private static readonly ProxySnapshot Defaults = new() { Upstreams = [], Listeners = [], Tenants = [] };

    private static readonly UpstreamSnapshot UpstreamDefaults = new() { Name = "", Seeds = [] };

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Redis has no bound; more than anyone was seen to use, and a few hundred bytes each.</summary>
    private const int MaxDatabases = 1024;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>A snapshot that is valid only if no error was added.</summary>
    public ProxySnapshot Read()
    {
        IReadOnlyList<Section> upstreams = root.Children("upstreams");
        IReadOnlyList<Section> listeners = root.Children("listeners");
        IReadOnlyList<Section> tenants = root.Children("tenants");
        string? onlyUpstream = upstreams.Count == 1 ? upstreams[0].Text("name") : null;

        var snapshot = new ProxySnapshot
        {
            Transport = root.Choice("transport", Defaults.Transport, ("auto", TransportKind.Auto), ("epoll", TransportKind.Epoll), ("sockets", TransportKind.Sockets)),
            Loops = root.Integer("loops", Defaults.Loops, 1, 64),
            Upstreams = [.. upstreams.Select(ReadUpstream)],
            Listeners = [.. listeners.Select(ReadListener)],
            Tenants = [.. tenants.Select(tenant => ReadTenant(tenant, onlyUpstream))],
            Admin = new AdminReader(secrets).Read(root.Child("admin")),
            Limits = ReadLimits(root.Child("limits")),
            SlowLog = ReadSlowLog(root.Child("slowLog")),
            HotKeys = KeyInsightReader.ReadHotKeys(root.Child("hotKeys")),
            BigKeys = KeyInsightReader.ReadBigKeys(root.Child("bigKeys")),
            RecentRequests = KeyInsightReader.ReadRecentRequests(root.Child("recentRequests")),
            Fleet = FleetReader.Read(root, secrets),
            Usage = QuotaReader.ReadUsage(root.Child("usage")),
            Rules = RulesReader.Read(root.Child("rules"), secrets),
            Alerts = AlertReader.Read(root, secrets),
            NodeMemory = AlertReader.ReadNodeMemory(root),
            Otlp = OtlpReader.Read(root.Child("otlp"), secrets),
            Log = ReadLog(root.Child("log")),
            DrainTimeout = root.Duration("drainTimeout", Defaults.DrainTimeout, TimeSpan.Zero, Hour),
        };
        new CrossChecks(root, snapshot, upstreams, listeners, tenants).Run();
        return snapshot;
    }

    private UpstreamSnapshot ReadUpstream(Section section)
    {
        UpstreamMode mode = section.Choice("mode", UpstreamDefaults.Mode, ("cluster", UpstreamMode.Cluster), ("standalone", UpstreamMode.Standalone));
        string? password = section.Node("password") is { } secret ? secrets.ReadText(secret, section.PathOf("password")) : null;
        if (section.Has("username") && !section.Has("password"))
            section.Error("username", "needs a password beside it");

        return new UpstreamSnapshot
        {
            Name = ReadName(section, "name: main"),
            Mode = mode,
            Seeds = ReadSeeds(section, mode),
            Username = section.Text("username"),
            Password = password,
            ConnectTimeout = section.Duration("connectTimeout", UpstreamDefaults.ConnectTimeout, Millisecond, Hour),
            RequestTimeout = section.Duration("requestTimeout", UpstreamDefaults.RequestTimeout, Millisecond, Hour),
            TopologyRefresh = section.Duration("topologyRefresh", UpstreamDefaults.TopologyRefresh, TimeSpan.FromMilliseconds(100), Hour),
            MaxRedirects = section.Integer("maxRedirects", UpstreamDefaults.MaxRedirects, 0, 32),
            MaxLeasedConnections = section.Integer("maxLeasedConnections", UpstreamDefaults.MaxLeasedConnections, 0, 1_000_000),
            PlacementMarkers = section.Flag("placementMarkers", UpstreamDefaults.PlacementMarkers),
        };
    }

    private ImmutableArray<NodeAddress> ReadSeeds(Section section, UpstreamMode mode)
    {
        var seeds = ImmutableArray.CreateBuilder<NodeAddress>();
        (ConfigNode Node, string Path)[] items = [.. section.Items("seeds")];
        foreach ((ConfigNode node, string path) in items)
        {
            if (node is not ScalarNode { IsNull: false } scalar)
                continue;
            if (Values.ParseAddress(scalar.Text, minPort: 1, out NodeAddress address) is { } wrong)
                errors.Add(path, node.Origin, $"{Suggestion.Quote(scalar.Text)}: {wrong}");
            else if (seeds.Contains(address))
                errors.Add(path, node.Origin, $"{Suggestion.Quote(scalar.Text)} is given twice; remove one");
            else
                seeds.Add(address);
        }

        if (items.Length == 0 && section.Node("seeds") is null or ListNode or ScalarNode { IsNull: true })
            section.Error("seeds", "needs at least one host:port of a node");
        else if (mode == UpstreamMode.Standalone && items.Length > 1)
            section.Error("seeds", $"a standalone upstream has exactly one seed, found {items.Length}; for a cluster write mode: cluster");
        return seeds.ToImmutable();
    }

    private static string ReadName(Section section, string example)
    {
        string? name = section.RequiredText("name", $"write one, as {example}");
        if (name is not null && !NamespaceRules.IsName(name))
            section.Error("name", $"{Suggestion.Quote(name)} may hold letters, digits, '.', '_' and '-' only");
        return name ?? "";
    }

    private static ListenerSnapshot ReadListener(Section section)
    {
        string bind = section.RequiredText("bind", "write tcp://127.0.0.1:6379 or unix:///run/respproxy.sock") ?? "";
        BindAddress address = default;
        if (bind.Length > 0 && BindAddress.Parse(bind, out address) is { } wrong)
            section.Error("bind", $"{Suggestion.Quote(bind)}: {wrong}");
        if (section.Has("unixMode") && address.UnixPath is null)
            section.Error("unixMode", "is for Unix sockets only; remove it, or bind to unix:///path");
        ClientView view = section.Choice("clientView", ClientView.Standalone, ("standalone", ClientView.Standalone), ("cluster", ClientView.Cluster));

        return new ListenerSnapshot
        {
            Name = section.Has("name") ? ReadName(section, "name: apps") : bind,
            Host = address.Host,
            Port = address.Port,
            UnixPath = address.UnixPath,
            UnixMode = ReadUnixMode(section),
            Tenant = section.Text("tenant"),
            ClientView = view,
            Announce = ReadAnnounce(section, view, address),
        };
    }

    private static NodeAddress? ReadAnnounce(Section section, ClientView view, BindAddress address)
    {
        if (view != ClientView.Cluster)
        {
            if (section.Has("announce")) section.Error("announce", "is for clientView: cluster only; remove it, or add that");
            return null;
        }

        if (section.Text("announce") is not { } text)
        {
            if (address.UnixPath is not null)
                section.Error("announce", "is missing: a cluster client connects to host:port, which a Unix socket has not; write the host:port of a TCP listener, or remove clientView");
            return null;
        }

        if (Values.ParseAddress(text, minPort: 1, out NodeAddress announced) is not { } wrong) return announced;
        section.Error("announce", $"{Suggestion.Quote(text)}: {wrong}");
        return null;
    }

    private static int ReadUnixMode(Section section)
    {
        int mode = new ListenerSnapshot { Name = "" }.UnixMode;
        if (section.Text("unixMode") is not { } text)
            return mode;
        if (text.Length is < 3 or > 4 || !text.All(c => c is >= '0' and <= '7') || (text.Length == 4 && text[0] != '0'))
            section.Error("unixMode", $"{Suggestion.Quote(text)} is not a mode; write three octal digits, as \"0660\"");
        else
            mode = Convert.ToInt32(text, 8);
        return mode;
    }

    private TenantSnapshot ReadTenant(Section section, string? onlyUpstream)
    {
        string name = section.RequiredText("name", "write one, as name: shop") ?? "";
        if (section.Text("name") is not null && (name.Length is 0 or > 64 || !name.All(c => c is > ' ' and <= '~')))
            section.Error("name", $"{Suggestion.Quote(name)} must be 1 to 64 printable ASCII characters without spaces");

        string upstream = section.Text("upstream") ?? onlyUpstream ?? "";
        var hashes = ImmutableArray.CreateBuilder<ImmutableArray<byte>>();
        foreach ((ConfigNode node, string path) in section.Items("passwords"))
        {
            if (secrets.ReadHash(node, path) is { } hash)
                hashes.Add(hash);
        }

        return new TenantSnapshot
        {
            Name = name,
            Upstream = upstream,
            Namespace = ReadNamespace(section, upstream, name),
            PasswordHashes = hashes.ToImmutable(),
            AllowFlush = section.Flag("allowFlush", fallback: false),
            Placement = section.Choice("placement", KeyPlacement.Spread, ("spread", KeyPlacement.Spread), ("tagged", KeyPlacement.Tagged), ("pinned", KeyPlacement.Pinned)),
            Databases = section.Integer("databases", 16, 1, MaxDatabases),
            ForcePlacement = section.Flag("forcePlacement", fallback: false),
            Scripts = section.Choice("scripts", ScriptAccess.Confined, ("denied", ScriptAccess.Denied), ("confined", ScriptAccess.Confined), ("trusted", ScriptAccess.Trusted)),
            Limits = AdmissionReader.ReadLimits(section.Child("limits")),
            Quota = section.Has("quota") ? QuotaReader.ReadQuota(section.Child("quota")) : null,
            Denials = [.. section.Children("deny").Select(AdmissionReader.ReadDenial)],
            NearCache = NearCacheReader.Read(section),
        };
    }

    private static string ReadNamespace(Section section, string upstream, string tenant)
    {
        string? written = section.Text("namespace");
        string name = written ?? $"{upstream}@{tenant}";
        if (NamespaceRules.Check(name) is not { } wrong)
            return name;
        if (written is not null)
            section.Error("namespace", $"{Suggestion.Quote(name)} {wrong}");
        else if (tenant.Length > 0 && upstream.Length > 0 && !section.Has("namespace"))
            section.Error("namespace", $"the default {Suggestion.Quote(name)} {wrong}; write a namespace");
        return "";
    }

    private static LimitsSnapshot ReadLimits(Section section)
    {
        var defaults = new LimitsSnapshot();
        const long Kib = 1024, Gib = 1024L * 1024 * 1024, Tib = 1024 * Gib;
        var limits = new LimitsSnapshot
        {
            // The least is Redis's own for proto-max-bulk-len, reduced to what tests of small limits need.
            MaxBulkLength = (int)section.Size("maxBulkLength", defaults.MaxBulkLength, Kib, Gib),
            MaxArguments = section.Integer("maxArguments", defaults.MaxArguments, 16, 16 * 1024 * 1024),
            MaxClients = section.Integer("maxClients", defaults.MaxClients, 1, 1_000_000),
            ClientOutputBuffer = section.Size("clientOutputBuffer", defaults.ClientOutputBuffer, 64 * Kib, Tib),
            ClientQueryBuffer = section.Size("clientQueryBuffer", defaults.ClientQueryBuffer, 64 * Kib, Tib),
            ClientPendingRequests = section.Integer("clientPendingRequests", defaults.ClientPendingRequests, 1, 1_000_000),
            TrackedKeys = section.Integer("trackedKeys", defaults.TrackedKeys, 16, 100_000_000),
            AuthenticationTimeout = section.Duration("authenticationTimeout", defaults.AuthenticationTimeout, TimeSpan.FromMilliseconds(100), Hour),
        };
        if (limits.ClientQueryBuffer < limits.MaxBulkLength)
        {
            section.Error("clientQueryBuffer", string.Create(
                CultureInfo.InvariantCulture,
                $"is less than maxBulkLength ({Values.FormatSize(limits.MaxBulkLength)}): an argument of that length could never be sent; raise it or lower maxBulkLength"));
        }

        return limits;
    }

    private static SlowLogSnapshot ReadSlowLog(Section section)
    {
        var defaults = new SlowLogSnapshot();
        return new SlowLogSnapshot
        {
            Threshold = section.Duration("threshold", defaults.Threshold, TimeSpan.Zero, Hour),
            Entries = section.Integer("entries", defaults.Entries, 0, 100_000),
        };
    }

    private static LogSnapshot ReadLog(Section section)
    {
        var defaults = new LogSnapshot();
        return new LogSnapshot
        {
            Format = section.Choice("format", defaults.Format, ("text", LogFormat.Text), ("json", LogFormat.Json)),
            Level = section.Choice(
                "level",
                defaults.Level,
                ("Trace", "Trace"), ("Debug", "Debug"), ("Information", "Information"), ("Warning", "Warning"), ("Error", "Error"), ("Critical", "Critical")),
        };
    }
}
