using System.Collections.Immutable;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Downstream;

public enum ProxyStatus
{
    /// <summary>Listening; the topology of some upstream is not known yet.</summary>
    Starting,
    Ready,

    /// <summary>Not listening any more; requests in flight may finish.</summary>
    Draining,
    Stopped,
}

/// <summary>What the data plane counted since its start, summed over its loops.</summary>
public sealed record ProxyCounters
{
    /// <summary>Client connections open now.</summary>
    public long Connections { get; init; }

    public long ConnectionsAccepted { get; init; }

    /// <summary>Turned away since there were as many as allowed.</summary>
    public long ConnectionsRejected { get; init; }

    /// <summary>Requests taken from clients, each once, whatever became of it.</summary>
    public long Commands { get; init; }

    public long AuthenticationFailures { get; init; }

    /// <summary>Replies withheld because they named a key outside the tenant's namespace. Must stay 0.</summary>
    public long IsolationFaults { get; init; }

    /// <summary>Connections made as tenants' own users, for scripts.</summary>
    public long ScriptUsersProvisioned { get; init; }

    /// <summary>Connections that the nodes did not let become a tenant's own user's.</summary>
    public long ScriptUsersRefused { get; init; }

    /// <summary>Of every tenant that has one, by its name.</summary>
    public ImmutableArray<(string Tenant, QuotaReading Reading)> Quotas { get; init; } = [];

    /// <summary>Of every tenant that has rates.</summary>
    public ImmutableArray<RateUse> RateUses { get; init; } = [];

    /// <summary>Of every tenant with a near cache.</summary>
    public ImmutableArray<NearCacheReading> NearCaches { get; init; } = [];

    public ImmutableArray<UpstreamReading> Upstreams { get; init; } = [];

    /// <summary>By their numbers.</summary>
    public ImmutableArray<LoopReading> Loops { get; init; } = [];

    /// <summary>Client connections open now, by the listener they came in on; every listener is there.</summary>
    public ImmutableArray<(string Listener, long Connections)> Listeners { get; init; } = [];

    /// <summary>Client connections open now, by tenant; those of nobody yet under <see cref="Tenancy.Accounting.UsageReport.Nobody"/>. Only who has some.</summary>
    public ImmutableArray<(string Tenant, long Connections)> Tenants { get; init; } = [];

    /// <summary>Of every tenant that has rates.</summary>
    public ImmutableArray<LimiterReading> Limiters { get; init; } = [];
}

/// <summary>What the near cache did for one tenant since the start.</summary>
public sealed record NearCacheReading(string Tenant)
{
    /// <summary>Reads answered from the cache.</summary>
    public long Hits { get; init; }

    /// <summary>Reads of hot keys that a node was asked for.</summary>
    public long Misses { get; init; }

    /// <summary>Replies put into the cache.</summary>
    public long Fills { get; init; }

    /// <summary>Keys dropped since a node said that they have changed.</summary>
    public long Invalidations { get; init; }

    /// <summary>Times that everything was dropped.</summary>
    public long Flushes { get; init; }

    /// <summary>Held now.</summary>
    public long Bytes { get; init; }
}
