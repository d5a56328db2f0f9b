using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Downstream.Accounting;
using RespProxy.Downstream.Admission;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.NearCache;
using RespProxy.Downstream.Placements;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Routing;
using RespProxy.Downstream.Scripts;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Downstream.Tracking;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream;

/// <summary>What the sessions of one event loop share: readers, scratch space, connections upstream. Loop thread only.</summary>
internal sealed class ProxyLoop
{
    /// <summary>Spare readers kept; more half-received requests than this at once are possible, and rare.</summary>
    private const int SpareReaders = 64;

    private readonly Stack<RequestReader> _readers = new();
    private readonly UpstreamTracking[] _tracking;
    private readonly LiveTenants _tenants;

    public ProxyLoop(EventLoop events, ProxySnapshot configuration, LiveTenants tenants, SessionRegistry registry, ServerFacts facts, UpstreamLoop[] upstreams, ILogger? logger = null)
    {
        Events = events;
        Limits = configuration.Limits;
        RequestLimits = new RequestLimits(Limits.MaxArguments, Limits.MaxBulkLength);
        _tenants = tenants;
        Registry = registry;
        Facts = facts;
        Upstreams = upstreams;
        Router = new RequestRouter(this);
        KeyspaceEvents = new KeyspaceEvents(this);
        Transactions = new TransactionRouter(this);
        _tracking = [.. upstreams.Select(upstream => new UpstreamTracking(this, upstream))];
        Scripts = new ScriptRouter(this);
        Accounting = new LoopAccounting(events, facts.Usage);
        Admission = new LoopAdmission(Accounting);
        Insight = new LoopInsight(configuration, this);
        NearCaches = new LoopNearCaches(this, logger ?? NullLogger.Instance);
    }

    public EventLoop Events { get; }

    public TimeProvider Time => Facts.Time;

    public LimitsSnapshot Limits { get; }

    public RequestLimits RequestLimits { get; }

    /// <summary>As of now.</summary>
    public TenantDirectory Tenants => _tenants.Directory;

    public SessionRegistry Registry { get; }

    public ServerFacts Facts { get; }

    /// <summary>By the upstream's position in the configuration.</summary>
    public UpstreamLoop[] Upstreams { get; }

    /// <summary>For the tenants whose placement is to be checked before their first request. Shared by the loops.</summary>
    public FrozenDictionary<Tenant, PlacementGate> Placements => _tenants.Placements;

    public RequestRouter Router { get; }

    public TransactionRouter Transactions { get; }

    /// <summary>Keyspace notifications that clients listen to.</summary>
    public KeyspaceEvents KeyspaceEvents { get; }

    public ScriptRouter Scripts { get; }

    public LoopAdmission Admission { get; }

    public LoopAccounting Accounting { get; }

    /// <summary>Hot and big keys.</summary>
    public LoopInsight Insight { get; }

    public LoopNearCaches NearCaches { get; }

    public SplitPool Splits { get; } = new();

    public ReplyBuilder Builder { get; } = new();

    public RequestCounters Counters { get; } = new();

    /// <summary>The reader for requests that come whole: never holds half of one between two callbacks.</summary>
    public RequestReader Reader { get; private set; } = new();

    /// <summary>Begins to connect, and what is done from time to time. On the loop's thread.</summary>
    public void Start()
    {
        Array.ForEach(Upstreams, upstream => upstream.Start());
        Insight.KeepTrimmed(Events);
    }

    /// <summary>The tracking clients of one of <see cref="Upstreams"/>.</summary>
    public UpstreamTracking TrackingOf(UpstreamLoop upstream) => _tracking[Array.IndexOf(Upstreams, upstream)];

    /// <summary>Lets a session keep the shared reader, with the half request in it; the loop takes another.</summary>
    public RequestReader DetachReader()
    {
        RequestReader detached = Reader;
        Reader = _readers.TryPop(out RequestReader? spare) ? spare : new RequestReader();
        return detached;
    }

    public void ReturnReader(RequestReader reader)
    {
        reader.Reset();
        if (_readers.Count < SpareReaders) _readers.Push(reader);
    }
}

/// <summary>One loop's counts since the start. Written by the loop, read by anyone (a moment old).</summary>
internal sealed class RequestCounters
{
    public long AuthenticationFailures;

    /// <summary>Replies withheld, and keys dropped from SCAN pages, because they named a key outside the tenant's namespace. Must stay 0.</summary>
    public long IsolationFaults;

    /// <summary>Connections that became a tenant's own user's.</summary>
    public long ScriptUsersProvisioned;

    /// <summary>Connections that a node did not let become so.</summary>
    public long ScriptUsersRefused;
}

/// <summary>What INFO, HELLO and CLIENT say of the proxy itself. Any thread.</summary>
internal sealed class ServerFacts(TimeProvider time, SlowLogs slowLogs)
{
    public SlowLogs SlowLogs => slowLogs;

    /// <summary>What the tenants' clients have done, on all loops.</summary>
    public UsageLedger Usage { get; } = new();

    /// <summary>All loops, for what is told of a tenant on all of them: of each only what may be read from any thread.</summary>
    public IReadOnlyList<ProxyLoop> Loops { get; private set; } = [];

    /// <summary>To be called once, before any client comes.</summary>
    public void Introduce(IReadOnlyList<ProxyLoop> loops) => Loops = loops;

    public TimeProvider Time { get; } = time;

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>40 hex digits, anew at each start, as Redis's run_id.</summary>
    public string RunId { get; } = $"{Guid.NewGuid():N}{Guid.NewGuid():N}"[..40];
}
