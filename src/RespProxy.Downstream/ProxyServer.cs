using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Downstream.Inspection;
using RespProxy.Downstream.Placements;
using RespProxy.Downstream.Quotas;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Fleet;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.NodeMemory;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream;

/// <summary>
/// The data plane: event loops, upstreams, listeners. Put together here once; after that each loop works alone. Any thread.
/// </summary>
public sealed partial class ProxyServer : IAsyncDisposable
{
    private readonly ProxySnapshot _configuration;
    private readonly LoopGroup _loops;
    private readonly ImmutableArray<ClusterTopology> _topologies;
    private readonly ProxyLoop[] _proxyLoops;
    private readonly SessionRegistry _registry;
    private readonly LiveTenants _tenants;
    private readonly TenantReload _reload;
    private readonly UsageLedger _usage;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<LoopListener> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly UsageFile? _usageFile;
    private readonly NodeResolver _resolver;

    /// <summary>Of each upstream; empty where nodes are not asked.</summary>
    private ImmutableArray<NodeMemoryPoll> _nodeMemory = [];
    private volatile ProxyStatus _status = ProxyStatus.Starting;

    private ProxyServer(ProxySnapshot configuration, ILoggerFactory logs, TimeProvider time)
    {
        _configuration = configuration;
        _time = time;
        _logger = logs.CreateLogger("RespProxy.Server");
        _registry = new SessionRegistry(configuration.Limits.MaxClients, logs.CreateLogger("RespProxy.Clients"));
        NodeResolver resolver = _resolver = new NodeResolver(time);
        ILogger upstreamLogger = logs.CreateLogger("RespProxy.Upstream");
        _topologies = [.. configuration.Upstreams.Select(upstream => new ClusterTopology(upstream, resolver, time, upstreamLogger))];
        _loops = LoopGroup.Start(FlavorOf(configuration.Transport), configuration.Loops);
        _loops.UnhandledException = exception => LogHandlerFailed(_logger, exception);
        var directory = new TenantDirectory(configuration, time);
        var facts = new ServerFacts(time, new SlowLogs(configuration.SlowLog));
        _usage = facts.Usage;
        StartedAt = facts.StartedAt;
        ILogger placementLogger = logs.CreateLogger("RespProxy.Placements");
        PlacementGate? Gate(Tenant tenant) => GateOf(tenant, resolver, placementLogger);
        _tenants = new LiveTenants(directory, directory.All.Select(tenant => (tenant, gate: Gate(tenant))).Where(pair => pair.gate is not null).ToFrozenDictionary(pair => pair.tenant, pair => pair.gate!));
        _proxyLoops =
        [
            .. _loops.Loops.Select(events => new ProxyLoop(
                events, configuration, _tenants, _registry, facts, UpstreamLoopsOf(events, resolver, facts.SlowLogs, upstreamLogger), logs.CreateLogger("RespProxy.NearCache"))),
        ];
        facts.Introduce(_proxyLoops);
        ILogger quotaLogger = logs.CreateLogger("RespProxy.Quotas");
        Quotas = new UsageIntake(_tenants, time, quotaLogger);
        _usageFile = UsageFile.For(configuration.Usage, Quotas, time, quotaLogger);
        Fleet = configuration.Fleet is null ? null : new FleetRates();
        Fleet?.Follow(directory);
        _reload = new TenantReload(configuration, _tenants, Gate, _proxyLoops, _registry, _logger, Fleet);
        Connections = new ConnectionInspection(_registry);
        Clusters = new ClusterInspection(configuration, _topologies, _proxyLoops, time);
        Tenants = new TenantInspection(configuration, _tenants, _proxyLoops[0]);
        Trials = new RuleTrials(configuration, _tenants, _proxyLoops, time);
        LogTransport(_logger, _loops.Description);
    }

    public ProxyStatus Status => _status == ProxyStatus.Starting && IsReady ? ProxyStatus.Ready : _status;

    /// <summary>True while listening with the topology of every upstream known.</summary>
    public bool IsReady => _status == ProxyStatus.Starting && _topologies.All(topology => topology.Current is not null);

    /// <summary>What the listeners are bound to, in the configuration's order.</summary>
    public IReadOnlyList<EndPoint> EndPoints => [.. _listeners.Select(listener => listener.LocalEndPoint)];

    /// <summary>Where sources report what tenants use, and who wants to know hears of their levels.</summary>
    public UsageIntake Quotas { get; }

    /// <summary>For those who operate the proxy: its clients, ...</summary>
    public ConnectionInspection Connections { get; }

    /// <summary>... its upstreams, ...</summary>
    public ClusterInspection Clusters { get; }

    /// <summary>... and its tenants.</summary>
    public TenantInspection Tenants { get; }

    /// <summary>Where rules are tried before they are put in force.</summary>
    public RuleTrials Trials { get; }

    /// <summary>When it was put together.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The rates that are shared with other proxies, for who leases tokens for them; null where none may be.</summary>
    public FleetRates? Fleet { get; }

    /// <summary>For tests that count what a loop does.</summary>
    internal IReadOnlyList<EventLoop> Loops => _loops.Loops;

    /// <summary>Starts to listen and to look for the upstreams; returns without waiting for them.</summary>
    /// <exception cref="ListenException">A listener cannot be bound; nothing is left running.</exception>
    /// <exception cref="PlatformNotSupportedException">The configured transport does not work here.</exception>
    public static ProxyServer Start(ProxySnapshot configuration, ILoggerFactory logs, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(time);
        var server = new ProxyServer(configuration, logs, time);
        try
        {
            server.StartUpstreams();
            server.Listen();
            server.StartNodeMemory(logs.CreateLogger("RespProxy.NodeMemory"));
            return server;
        }
        catch
        {
            server._usageFile?.Dispose();
            server._loops.Dispose();
            throw;
        }
    }

    /// <summary>Completes when the topology of every upstream is known.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation = default) =>
        Task.WhenAll(_topologies.Select(topology => topology.WaitUntilReadyAsync(cancellation)));

    /// <summary>
    /// Stops listening, lets requests in flight finish, closes each client once it is owed nothing. After <paramref name="timeout"/>
    /// what is left is closed all the same.
    /// </summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        _status = ProxyStatus.Draining;
        foreach (LoopListener listener in _listeners) listener.Dispose();
        LogDraining(_logger, _registry.Count);
        ForEachSession(session => session.CloseWhenAnswered());
        long deadline = _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10), _time);
        while (_registry.Count > 0 && _time.GetTimestamp() < deadline) await poll.WaitForNextTickAsync().ConfigureAwait(false);
        if (_registry.Count > 0) LogDrainIncomplete(_logger, _registry.Count);
        ForEachSession(session => session.Abort());
    }

    /// <summary>
    /// Puts the tenants of a new configuration in force: limits, denylists, credentials, permissions, tenants that come and go. Empty when that is done: every request
    /// that is received from then on is judged by it, and clients of tenants that stay keep their connections. Otherwise nothing has changed; the reasons
    /// say what needs a restart. Any thread.
    /// </summary>
    /// <param name="next">A validated configuration.</param>
    public IReadOnlyList<string> Apply(ProxySnapshot next)
    {
        ArgumentNullException.ThrowIfNull(next);
        return _reload.Apply(next);
    }

    /// <summary>What one tenant's clients have done, by command, summed over the loops; empty for a name that nobody had.</summary>
    public UsageReport ReadUsage(string tenant) => _usage.Of(tenant);

    /// <summary>The same of every tenant that has had clients, and of clients that have not authenticated.</summary>
    public IReadOnlyList<UsageReport> ReadUsage() => _usage.All();

    /// <summary>Requests taken since the start, by tenant; under the empty name those of clients that have not authenticated.</summary>
    public IReadOnlyDictionary<string, long> ReadCalls() => _usage.CallsByTenant();

    /// <summary>For those who read all tenants' usage again and again: reads in place, without garbage.</summary>
    public UsageScan ScanUsage() => new(_usage);

    /// <summary>Sums the loops' counters; each is at most a moment old.</summary>
    public ProxyCounters ReadCounters() => new CounterReader(_configuration, _proxyLoops, _topologies, _tenants, _registry, Quotas, _time) { NodeMemory = _nodeMemory }.Read();

    public async ValueTask DisposeAsync()
    {
        _status = ProxyStatus.Stopped;
        _usageFile?.Dispose();
        foreach (NodeMemoryPoll poll in _nodeMemory) await poll.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (LoopListener listener in _listeners) listener.Dispose();
        foreach (ProxyLoop loop in _proxyLoops) loop.Events.Post(() => Array.ForEach(loop.Upstreams, upstream => upstream.Stop()));
        foreach (ClusterTopology topology in _topologies) await topology.DisposeAsync().ConfigureAwait(false);
        _loops.Dispose();
        Fleet?.Dispose();
        _stopping.Dispose();
    }

    private PlacementGate? GateOf(Tenant tenant, NodeResolver resolver, ILogger logger)
    {
        UpstreamSnapshot upstream = _configuration.Upstreams[tenant.UpstreamIndex];
        if (!upstream.PlacementMarkers) return null;
        var check = new PlacementCheck(tenant, upstream, _topologies[tenant.UpstreamIndex], resolver, _time, logger);
        return new PlacementGate(check.RunAsync, _time, _stopping.Token);
    }

    private UpstreamLoop[] UpstreamLoopsOf(EventLoop events, NodeResolver resolver, SlowLogs slowLogs, ILogger logger) =>
        [.. _configuration.Upstreams.Select((upstream, index) => new UpstreamLoop(events, upstream, _topologies[index], resolver, logger) { SlowAfter = slowLogs.Threshold })];

    private void StartUpstreams()
    {
        foreach (ProxyLoop loop in _proxyLoops) loop.Events.Post(loop.Start);
        foreach (ClusterTopology topology in _topologies) topology.Start();
    }

    private void StartNodeMemory(ILogger logger)
    {
        if (NodeMemorySnapshot.Of(_configuration) is not { } nodeMemory) return;
        _nodeMemory = [.. _configuration.Upstreams.Select((upstream, index) => NodeMemoryPoll.Start(upstream, _topologies[index], _resolver, nodeMemory.Period, _time, logger))];
    }

    private void Listen()
    {
        foreach (ListenerSnapshot listener in _configuration.Listeners)
        {
            var origin = new SessionOrigin(listener.Name, listener.Tenant, listener.ClientView, listener.Announce);
            try
            {
                EndPoint endPoint = EndPointOf(listener);
                _listeners.Add(_loops.Listen(endPoint, events => new ClientSession(_proxyLoops[events.Index], origin, _registry.NextId()), listener.UnixMode));
            }
            catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
            {
                throw new ListenException($"Listener '{listener.Name}' cannot listen on {listener.UnixPath ?? $"{listener.Host}:{listener.Port}"}: {exception.Message}", exception);
            }

            LogListening(_logger, listener.Name, _listeners[^1].LocalEndPoint, listener.Tenant ?? "whoever authenticates");
        }
    }

    private static EndPoint EndPointOf(ListenerSnapshot listener)
    {
        if (listener.UnixPath is not null) return new UnixDomainSocketEndPoint(listener.UnixPath);
        IPAddress address = IPAddress.TryParse(listener.Host, out IPAddress? literal) ? literal : Dns.GetHostAddresses(listener.Host!)[0];
        return new IPEndPoint(address, listener.Port);
    }

    private void ForEachSession(Action<ClientSession> action)
    {
        foreach (ClientSession session in _registry.All) session.Loop.Events.Post(() => action(session));
    }

    private static TransportFlavor FlavorOf(TransportKind kind) => kind switch
    {
        TransportKind.Epoll => TransportFlavor.Epoll,
        TransportKind.Sockets => TransportFlavor.Sockets,
        _ => TransportFlavor.Auto,
    };

    [LoggerMessage(3001, LogLevel.Information, "Transport: {Transport}")]
    private static partial void LogTransport(ILogger logger, string transport);

    [LoggerMessage(3002, LogLevel.Information, "Listener {Listener}: listening on {EndPoint} for {Tenant}")]
    private static partial void LogListening(ILogger logger, string listener, EndPoint endPoint, string tenant);

    [LoggerMessage(3003, LogLevel.Information, "Draining: {Clients} client(s) connected")]
    private static partial void LogDraining(ILogger logger, int clients);

    [LoggerMessage(3004, LogLevel.Warning, "Drain time is over: closing {Clients} client(s) that are still owed replies")]
    private static partial void LogDrainIncomplete(ILogger logger, int clients);

    [LoggerMessage(3005, LogLevel.Error, "A connection's handler failed; that connection was closed")]
    private static partial void LogHandlerFailed(ILogger logger, Exception exception);
}
