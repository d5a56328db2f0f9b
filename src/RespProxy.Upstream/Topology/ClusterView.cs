using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>A node as one view names it. <paramref name="Id"/> is null where the reply has none (before Redis 4).</summary>
internal sealed record ViewNode(NodeAddress Address, string? Id)
{
    /// <summary>What tells nodes apart between views: addresses can differ with the node asked, ids do not.</summary>
    public string Key => Id ?? Address.ToString();
}

/// <summary>Slots <paramref name="First"/> to <paramref name="Last"/>, both included, and who serves them.</summary>
internal sealed record ViewRange(int First, int Last, ViewNode Primary, ImmutableArray<ViewNode> Replicas);

/// <summary>What CLUSTER INFO says, as far as it matters for believing a view.</summary>
/// <param name="IsOk">cluster_state:ok. A node cut off from the majority says fail (after the node timeout).</param>
/// <param name="CurrentEpoch">cluster_current_epoch: grows with every failover and resharding the node knows of.</param>
internal readonly record struct ClusterHealth(bool IsOk, long CurrentEpoch);

/// <summary>The cluster as one node sees it.</summary>
internal sealed class ClusterView
{
    public ClusterView(NodeAddress source, ClusterHealth health, ImmutableArray<ViewRange> ranges)
    {
        Source = source;
        Health = health;
        Ranges = [.. ranges.OrderBy(range => range.First)];
        Assignment = Describe(Ranges);
    }

    /// <summary>The node that was asked.</summary>
    public NodeAddress Source { get; }

    public ClusterHealth Health { get; }

    /// <summary>Sorted by their first slot.</summary>
    public ImmutableArray<ViewRange> Ranges { get; }

    /// <summary>Which slot belongs to whom, as text: equal exactly when two views agree. Replicas do not count.</summary>
    public string Assignment { get; }

    /// <summary>Every node the view names, primaries first.</summary>
    public IEnumerable<ViewNode> Nodes =>
        Ranges.Select(range => range.Primary).Concat(Ranges.SelectMany(range => range.Replicas)).DistinctBy(node => node.Address);

    // Adjacent ranges of one owner are joined: nodes differ in how they cut them.
    private static string Describe(ImmutableArray<ViewRange> ranges)
    {
        var text = new StringBuilder();
        for (int i = 0; i < ranges.Length; i++)
        {
            int first = ranges[i].First;
            string owner = ranges[i].Primary.Key;
            while (i + 1 < ranges.Length && ranges[i + 1].First == ranges[i].Last + 1 && ranges[i + 1].Primary.Key == owner) i++;
            text.Append(CultureInfo.InvariantCulture, $"{first}-{ranges[i].Last}={owner};");
        }

        return text.ToString();
    }
}
