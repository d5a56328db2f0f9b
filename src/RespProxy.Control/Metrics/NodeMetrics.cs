using System.Collections.Immutable;
using RespProxy.Downstream;
using RespProxy.Upstream.NodeMemory;

namespace RespProxy.Control.Metrics;

/// <summary>The slots that have a node, and the nodes' memory where they are asked for it: a series for each node, a thousand at the most.</summary>
internal static class NodeMetrics
{
    public static IEnumerable<MetricFamily> From(IReadOnlyList<UpstreamReading> upstreams)
    {
        MetricFamily covered = MetricFamily.Gauge("respproxy_upstream_covered_slots", "Hash slots that have a node, of 16384; absent before the topology is known.");
        MetricFamily used = MetricFamily.Gauge("respproxy_node_memory_used_bytes", "Memory of a node that counts towards its maxmemory.");
        MetricFamily max = MetricFamily.Gauge("respproxy_node_memory_max_bytes", "maxmemory of a node; absent where it has no limit.");
        foreach (UpstreamReading upstream in upstreams)
        {
            var label = new MetricLabel("upstream", upstream.Name);
            if (upstream.CoveredSlots is { } slots) covered.Add(slots, label);
            foreach (NodeMemoryReading node in upstream.Nodes)
            {
                ImmutableArray<MetricLabel> labels = [label, new("node", node.Node.ToString())];
                used.Add(node.Used, labels);
                if (node.Max > 0) max.Add(node.Max, labels);
            }
        }

        return [covered, used, max];
    }
}
