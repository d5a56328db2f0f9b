using System.Collections.Immutable;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.NodeMemory;

namespace RespProxy.Downstream;

/// <summary>One upstream's counts since the start, and what waits for it now.</summary>
public sealed record UpstreamReading(string Name)
{
    public long Moved { get; init; }

    public long Asked { get; init; }

    /// <summary>Requests sent again, by the reason; all reasons, in their order.</summary>
    public IReadOnlyList<(RetryReason Reason, long Count)> Retries { get; init; } = [];

    /// <summary>Requests that ended without a reply, by what is known of them; all of them, in their order.</summary>
    public IReadOnlyList<(UpstreamFailure Failure, long Count)> Failures { get; init; } = [];

    /// <summary>Requests sent again.</summary>
    public long Retried => Retries.Sum(each => each.Count);

    /// <summary>Requests that ended without a reply.</summary>
    public long Failed => Failures.Sum(each => each.Count);

    public long ConnectionsMade { get; init; }

    public long ConnectionsFailed { get; init; }

    public long ConnectionsLost { get; init; }

    /// <summary>Connections that stand now.</summary>
    public long Connections { get; init; }

    /// <summary>Connections that a client has for itself now: it watches keys, or waits.</summary>
    public long Leased { get; init; }

    /// <inheritdoc cref="UpstreamQueues.UnsentBytes"/>
    public long UnsentBytes { get; init; }

    /// <inheritdoc cref="UpstreamQueues.InFlightBytes"/>
    public long InFlightBytes { get; init; }

    /// <inheritdoc cref="UpstreamQueues.InFlightRequests"/>
    public long InFlightRequests { get; init; }

    /// <inheritdoc cref="UpstreamQueues.ParkedRequests"/>
    public long ParkedRequests { get; init; }

    /// <inheritdoc cref="UpstreamQueues.ParkedBytes"/>
    public long ParkedBytes { get; init; }

    /// <summary>Looks at the topology that ended, well or badly.</summary>
    public long TopologyRefreshes { get; init; }

    public long TopologyFailures { get; init; }

    /// <summary>Time since the topology was last seen; null before the first time, and for a standalone, which has none.</summary>
    public TimeSpan? TopologyAge { get; init; }

    /// <summary>Nodes that own slots; null before the topology is known.</summary>
    public int? Primaries { get; init; }

    /// <summary>Of the primaries, those that could be reached at the last attempt.</summary>
    public int ReachablePrimaries { get; init; }

    /// <summary>Slots that have an owner, 0 to 16,384; null before the topology is known.</summary>
    public int? CoveredSlots { get; init; }

    /// <summary>Memory of the nodes that tell it; empty where they are not asked.</summary>
    public ImmutableArray<NodeMemoryReading> Nodes { get; init; } = [];
}

/// <summary>What one event loop has done since the start, and what its clients have not taken.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Counters">Of the transport.</param>
/// <param name="Busy">Time at work, from the events that woke it up to the last byte sent.</param>
/// <param name="LongTurns">Turns so long that its clients felt it: 10 ms and more.</param>
/// <param name="ClientUnsentBytes">Replies written for clients and not taken by the system, since the clients do not read.</param>
/// <param name="ClientParkedBytes">Replies that wait for an earlier one of their client's.</param>
public sealed record LoopReading(int Index, LoopCounters Counters, TimeSpan Busy, long LongTurns, long ClientUnsentBytes, long ClientParkedBytes);

/// <summary>What one rate of a tenant's did since it came into force; rates of the same name are one.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Rule">The rate's name.</param>
/// <param name="Allowed">Requests it let pass, those that waited included.</param>
/// <param name="Delayed">Requests it let pass after a wait.</param>
/// <param name="Rejected">Requests it refused.</param>
/// <param name="Shadowed">Requests it would have refused or delayed, and only counted.</param>
public readonly record struct LimiterReading(string Tenant, string Rule, long Allowed, long Delayed, long Rejected, long Shadowed);
