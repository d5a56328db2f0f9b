using System.Collections.Immutable;
using RespProxy.Tenancy.Quotas;
using RespProxy.Upstream.NodeMemory;

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

/// <summary>One upstream's counts since the start.</summary>
public sealed record UpstreamReading(string Name)
{
    public long Moved { get; init; }

    public long Asked { get; init; }

    public long Retried { get; init; }

    /// <summary>Requests that ended without a reply.</summary>
    public long Failed { get; init; }

    public long ConnectionsMade { get; init; }

    public long ConnectionsFailed { get; init; }

    public long ConnectionsLost { get; init; }

    /// <summary>Connections that a client has for itself now: it watches keys, or waits.</summary>
    public long Leased { get; init; }

    public long TopologyRefreshes { get; init; }

    public long TopologyFailures { get; init; }

    /// <summary>Time since the topology was last seen; null before the first time, and for a standalone, which has none.</summary>
    public TimeSpan? TopologyAge { get; init; }

    /// <summary>Slots that have an owner, 0 to 16,384; null before the topology is known.</summary>
    public int? CoveredSlots { get; init; }

    /// <summary>Memory of the nodes that tell it; empty where they are not asked.</summary>
    public ImmutableArray<NodeMemoryReading> Nodes { get; init; } = [];
}
