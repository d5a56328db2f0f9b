using System.Collections.Immutable;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Inspection;

/// <summary>An upstream and its nodes as they stood when they were looked at.</summary>
public sealed record ClusterReading
{
    public required string Name { get; init; }

    /// <summary>False: one server.</summary>
    public bool IsCluster { get; init; }

    public ImmutableArray<string> Seeds { get; init; } = [];

    /// <summary>The topology is known.</summary>
    public bool IsReady { get; init; }

    /// <summary>Grows with every change of the slot map; 0 before the first.</summary>
    public long MapVersion { get; init; }

    /// <summary>Slots that have an owner, of 16,384.</summary>
    public int CoveredSlots { get; init; }

    /// <summary>Time since the topology was last seen; null before the first time.</summary>
    public TimeSpan? TopologyAge { get; init; }

    /// <summary>Those in the topology, and those that there are still connections to.</summary>
    public ImmutableArray<NodeReading> Nodes { get; init; } = [];
}

/// <summary>One node of an upstream.</summary>
public sealed record NodeReading
{
    public required string Address { get; init; }

    /// <summary>The cluster's node id; null when not known, as for a single server.</summary>
    public string? Id { get; init; }

    public NodeRole Role { get; init; }

    /// <summary>False after the last attempt to reach it failed.</summary>
    public bool IsReachable { get; init; }

    /// <summary>A replica's primary; null for others.</summary>
    public string? Primary { get; init; }

    /// <summary>What it serves, both ends included, ascending.</summary>
    public ImmutableArray<(int First, int Last)> Slots { get; init; } = [];

    /// <summary>Connections to it that are ready, of all loops.</summary>
    public int Connections { get; init; }

    /// <summary>Of these, those that a client has for itself, or had a moment ago.</summary>
    public int Leased { get; init; }

    /// <summary>Requests that it has not answered yet.</summary>
    public int InFlight { get; init; }
}
