using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Protocol.Slots;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// The primaries of a slot map in the order a scan visits them, and what tells whether the slots still have the owners they had when the
/// scan began. Both come from addresses and slots alone, so that every proxy of a cluster, now and after a restart, finds the same.
/// Immutable; any thread.
/// </summary>
internal sealed class ScanOrder
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    private static readonly ConditionalWeakTable<SlotMap, ScanOrder> Known = [];

    private readonly ulong _assignment;

    private ScanOrder(SlotMap map)
    {
        Nodes = [.. map.Primaries.OrderBy(node => node.Address.ToString(), StringComparer.Ordinal)];
        IsComplete = map.CoveredSlots == HashSlot.Count;
        // A standalone has but one assignment, whatever name its one node goes by.
        _assignment = map.IsCluster ? Hash(map) : 0;
    }

    public ImmutableArray<Node> Nodes { get; }

    /// <summary>Every slot has an owner: visiting all <see cref="Nodes"/> sees all keys.</summary>
    public bool IsComplete { get; }

    /// <summary>What a cursor carries of the assignment; one change in 65,536 goes unseen.</summary>
    public ushort Fingerprint => (ushort)(_assignment >> 48);

    public static ScanOrder Of(SlotMap map) => Known.GetValue(map, static map => new ScanOrder(map));

    /// <summary>Every slot has the owner it had.</summary>
    public bool IsStill(SlotMap? map) => map is not null && Of(map) is var now && (now == this || (now._assignment == _assignment && now.IsComplete == IsComplete));

    /// <summary>FNV-1a over (slot, owner) wherever the owner changes, then a final mix so that the high bits depend on all of it.</summary>
    private static ulong Hash(SlotMap map)
    {
        ulong hash = FnvOffset;
        Node? previous = null;
        for (int slot = 0; slot < HashSlot.Count; slot++)
        {
            Node? owner = map.PrimaryOf(slot);
            if (owner == previous && slot > 0) continue;
            previous = owner;
            foreach (byte b in Encoding.UTF8.GetBytes($"{slot} {owner}\n")) hash = (hash ^ b) * FnvPrime;
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
        return hash ^ (hash >> 33);
    }
}
