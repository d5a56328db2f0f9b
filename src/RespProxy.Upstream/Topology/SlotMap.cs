using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using RespProxy.Protocol.Slots;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// Which node serves which slot: immutable, read by the loops once per request through one volatile reference.
/// A slot holds the two-byte number of its owner, not the owner: 32 KiB stay in the first-level cache and out of
/// the large object heap, where a copy for every MOVED of a resharding would do harm.
/// </summary>
public sealed class SlotMap
{
    // Owner number 0 is "nobody": _owners[0] is null.
    private readonly ushort[] _ownerOfSlot;
    private readonly Node?[] _owners;
    private readonly ImmutableDictionary<Node, ImmutableArray<Node>> _replicas;

    private SlotMap(
        long version, bool isCluster, ushort[] ownerOfSlot, Node?[] owners, ImmutableDictionary<Node, ImmutableArray<Node>> replicas)
    {
        Version = version;
        IsCluster = isCluster;
        _ownerOfSlot = ownerOfSlot;
        _owners = owners;
        _replicas = replicas;
        CoveredSlots = HashSlot.Count - ownerOfSlot.AsSpan().Count((ushort)0);
        Primaries = [.. UsedOwners()];
    }

    /// <summary>Grows with every change of an upstream's map.</summary>
    public long Version { get; }

    /// <summary>False for a standalone upstream, whose one node owns every slot.</summary>
    public bool IsCluster { get; }

    /// <summary>Slots that have an owner, 0 to 16,384.</summary>
    public int CoveredSlots { get; }

    /// <summary>The nodes that own at least one slot, each once.</summary>
    public ImmutableArray<Node> Primaries { get; }

    /// <summary>The map of a standalone upstream.</summary>
    public static SlotMap Standalone(Node node, long version = 1)
    {
        var slots = new ushort[HashSlot.Count];
        slots.AsSpan().Fill(1);
        return new SlotMap(version, isCluster: false, slots, [null, node], ImmutableDictionary<Node, ImmutableArray<Node>>.Empty);
    }

    /// <summary>A cluster's map. Of overlapping ranges the last wins; slots in no range have no owner.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A range is not within 0 to 16,383.</exception>
    public static SlotMap Cluster(
        long version,
        IEnumerable<(int First, int Last, Node Primary)> ranges,
        ImmutableDictionary<Node, ImmutableArray<Node>>? replicas = null)
    {
        var slots = new ushort[HashSlot.Count];
        var owners = new List<Node?> { null };
        foreach ((int first, int last, Node primary) in ranges)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(first);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(last, HashSlot.Count);
            slots.AsSpan(first, last - first + 1).Fill(NumberOf(owners, primary));
        }

        return new SlotMap(version, isCluster: true, slots, [.. owners], replicas ?? ImmutableDictionary<Node, ImmutableArray<Node>>.Empty);
    }

    /// <summary>The node that serves a slot; null when none does. <paramref name="slot"/> must be 0 to 16,383.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Node? PrimaryOf(int slot) => _owners[_ownerOfSlot[slot]];

    /// <summary>The replicas of a primary, empty when it has none or is not known.</summary>
    public ImmutableArray<Node> ReplicasOf(Node primary) => _replicas.GetValueOrDefault(primary, []);

    /// <summary>This map with one slot given to another node, one version later.</summary>
    public SlotMap With(int slot, Node primary)
    {
        var slots = (ushort[])_ownerOfSlot.Clone();
        var owners = new List<Node?>(_owners);
        slots[slot] = NumberOf(owners, primary);
        return new SlotMap(Version + 1, IsCluster, slots, owners.Count == _owners.Length ? _owners : [.. owners], _replicas);
    }

    /// <summary>True when every slot has the same owner in both, and both know the same replicas.</summary>
    public bool HasSameAssignments(SlotMap other)
    {
        if (IsCluster != other.IsCluster || CoveredSlots != other.CoveredSlots || !HasSameReplicas(other)) return false;
        for (int slot = 0; slot < HashSlot.Count; slot++)
        {
            if (PrimaryOf(slot) != other.PrimaryOf(slot)) return false;
        }

        return true;
    }

    private bool HasSameReplicas(SlotMap other) =>
        _replicas.Count == other._replicas.Count
        && _replicas.All(pair => other.ReplicasOf(pair.Key).ToHashSet().SetEquals(pair.Value));

    private static ushort NumberOf(List<Node?> owners, Node node)
    {
        int number = owners.IndexOf(node);
        if (number < 0)
        {
            number = owners.Count;
            owners.Add(node);
        }

        return checked((ushort)number);
    }

    private IEnumerable<Node> UsedOwners()
    {
        var used = new bool[_owners.Length];
        foreach (ushort number in _ownerOfSlot) used[number] = true;
        for (int number = 1; number < used.Length; number++)
        {
            if (used[number]) yield return _owners[number]!;
        }
    }
}
