using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>What the last accepted view of the cluster said a node is.</summary>
public enum NodeRole
{
    Unknown,
    Primary,
    Replica,
}

/// <summary>
/// A Redis server at one address. The object is the node's identity for as long as the upstream lives: a node that
/// leaves the cluster and comes back at the same address is the same object, with the same <see cref="Index"/>.
/// The mutable members are hints, written by the topology and by connections, and may be read from any thread.
/// </summary>
public sealed class Node
{
    private volatile string? _id;
    private volatile NodeRole _role;
    private volatile bool _isReachable = true;

    internal Node(NodeAddress address, int index)
    {
        Address = address;
        Index = index;
    }

    public NodeAddress Address { get; }

    /// <summary>Dense position among the upstream's nodes, from 0; never given to another address. For per-loop arrays.</summary>
    public int Index { get; }

    /// <summary>The cluster's node id (40 hex digits); null when not known, as for a standalone.</summary>
    public string? Id
    {
        get => _id;
        internal set => _id = value;
    }

    public NodeRole Role
    {
        get => _role;
        internal set => _role = value;
    }

    /// <summary>False after the last attempt to reach the node failed. A hint for choosing among nodes, not a promise.</summary>
    public bool IsReachable
    {
        get => _isReachable;
        set => _isReachable = value;
    }

    public override string ToString() => Address.ToString();
}
