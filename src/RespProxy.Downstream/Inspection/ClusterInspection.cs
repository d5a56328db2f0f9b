using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Inspection;

/// <summary>The upstreams and their nodes, for those who operate the proxy. The topology is read as it is published, connections are asked from their loops. Any thread.</summary>
public sealed class ClusterInspection
{
    private readonly ProxySnapshot _configuration;
    private readonly ImmutableArray<ClusterTopology> _topologies;
    private readonly ProxyLoop[] _loops;
    private readonly TimeProvider _time;

    internal ClusterInspection(ProxySnapshot configuration, ImmutableArray<ClusterTopology> topologies, ProxyLoop[] loops, TimeProvider time)
    {
        _configuration = configuration;
        _topologies = topologies;
        _loops = loops;
        _time = time;
    }

    /// <summary>All upstreams, in the configuration's order.</summary>
    /// <exception cref="TimeoutException">A loop has not answered in time.</exception>
    public async Task<IReadOnlyList<ClusterReading>> ReadAsync(CancellationToken cancellation)
    {
        var readings = new List<ClusterReading>();
        for (int i = 0; i < _topologies.Length; i++) readings.Add(await ReadAsync(i, cancellation).ConfigureAwait(false));
        return readings;
    }

    /// <summary>One of them; null when there is none of that name.</summary>
    /// <exception cref="TimeoutException">A loop has not answered in time.</exception>
    public async Task<ClusterReading?> ReadAsync(string name, CancellationToken cancellation)
    {
        int index = _configuration.Upstreams.ToList().FindIndex(upstream => upstream.Name == name);
        return index < 0 ? null : await ReadAsync(index, cancellation).ConfigureAwait(false);
    }

    private async Task<ClusterReading> ReadAsync(int index, CancellationToken cancellation)
    {
        var traffic = new Dictionary<Node, Traffic>();
        foreach (ProxyLoop loop in _loops)
        {
            UpstreamLoop upstream = loop.Upstreams[index];
            Traffic[] ofLoop = await LoopQuestion.AskAsync(loop.Events, () => Traffic.Of(upstream), cancellation).ConfigureAwait(false);
            foreach (Traffic each in ofLoop) traffic[each.Node] = each.Plus(traffic.GetValueOrDefault(each.Node));
        }

        ClusterTopology topology = _topologies[index];
        UpstreamSnapshot snapshot = _configuration.Upstreams[index];
        SlotMap? map = topology.Current;
        return new ClusterReading
        {
            Name = snapshot.Name,
            IsCluster = snapshot.Mode == UpstreamMode.Cluster,
            Seeds = [.. snapshot.Seeds.Select(seed => seed.ToString())],
            IsReady = map is not null,
            MapVersion = map?.Version ?? 0,
            CoveredSlots = map?.CoveredSlots ?? 0,
            TopologyAge = topology.LastGoodView is { } seen ? _time.GetUtcNow() - seen : null,
            Nodes = NodesOf(topology, map, traffic),
        };
    }

    private static ImmutableArray<NodeReading> NodesOf(ClusterTopology topology, SlotMap? map, Dictionary<Node, Traffic> traffic)
    {
        Dictionary<Node, List<(int First, int Last)>> slots = map is null ? [] : SlotsOf(map);
        Dictionary<Node, Node> primaries = map is null
            ? []
            : map.Primaries.SelectMany(primary => map.ReplicasOf(primary).Select(replica => (replica, primary))).DistinctBy(pair => pair.replica).ToDictionary();
        return
        [
            .. topology.Nodes.Nodes.ToArray()
                .Where(node => slots.ContainsKey(node) || node.Role != NodeRole.Unknown || traffic.ContainsKey(node))
                .Select(node => new NodeReading
                {
                    Address = node.Address.ToString(),
                    Id = node.Id,
                    Role = slots.ContainsKey(node) ? NodeRole.Primary : node.Role,
                    IsReachable = node.IsReachable,
                    Primary = primaries.GetValueOrDefault(node)?.Address.ToString(),
                    Slots = [.. slots.GetValueOrDefault(node) ?? []],
                    Connections = traffic.GetValueOrDefault(node)?.Connections ?? 0,
                    Leased = traffic.GetValueOrDefault(node)?.Leased ?? 0,
                    InFlight = traffic.GetValueOrDefault(node)?.InFlight ?? 0,
                })
                .OrderBy(node => node.Slots.IsEmpty ? HashSlot.Count : node.Slots[0].First)
                .ThenBy(node => node.Address, StringComparer.Ordinal),
        ];
    }

    private static Dictionary<Node, List<(int First, int Last)>> SlotsOf(SlotMap map)
    {
        var slots = new Dictionary<Node, List<(int First, int Last)>>();
        int first = 0;
        for (int slot = 1; slot <= HashSlot.Count; slot++)
        {
            Node? owner = map.PrimaryOf(first);
            if (slot < HashSlot.Count && map.PrimaryOf(slot) == owner) continue;
            if (owner is not null)
            {
                if (!slots.TryGetValue(owner, out List<(int First, int Last)>? ranges)) slots[owner] = ranges = [];
                ranges.Add((first, slot - 1));
            }

            first = slot;
        }

        return slots;
    }

    /// <summary>What goes to one node.</summary>
    private sealed record Traffic(Node Node, int Connections, int Leased, int InFlight)
    {
        public Traffic Plus(Traffic? other) => other is null ? this : new Traffic(Node, Connections + other.Connections, Leased + other.Leased, InFlight + other.InFlight);

        /// <summary>On the upstream's loop.</summary>
        public static Traffic[] Of(UpstreamLoop upstream) =>
        [
            .. from connection in upstream.Connections
               where connection.IsReady
               group connection by connection.Node into ofNode
               select new Traffic(ofNode.Key, ofNode.Count(), ofNode.Count(each => each.IsLeased), ofNode.Sum(each => each.InFlightCount)),
        ];
    }
}
