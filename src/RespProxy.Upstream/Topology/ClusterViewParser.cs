using System.Collections.Immutable;
using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// Reads CLUSTER SLOTS, CLUSTER SHARDS and CLUSTER INFO replies (redis.io/commands). How a node's host is told:
/// the preferred endpoint as given; when it is <c>?</c> (names preferred, none announced) the IP beside it; when it is
/// empty or null (the node does not know, or must not say) the host that was asked.
/// </summary>
internal static class ClusterViewParser
{
    /// <exception cref="InvalidDataException">The reply has not the shape of CLUSTER SLOTS.</exception>
    public static ImmutableArray<ViewRange> ParseSlots(ReplyNode reply, NodeAddress asked) =>
        [.. Items(reply).Select(entry => ParseSlotsEntry(Items(entry, atLeast: 3), asked))];

    /// <summary>
    /// A shard's slots belong to the primary that is online, or to its first primary when none is: who serves them is for
    /// the cluster to say, and a failed primary keeps its slots until it is replaced.
    /// </summary>
    /// <exception cref="InvalidDataException">The reply has not the shape of CLUSTER SHARDS.</exception>
    public static ImmutableArray<ViewRange> ParseShards(ReplyNode reply, NodeAddress asked) =>
        [.. Items(reply).SelectMany(shard => ParseShard(shard, asked))];

    /// <exception cref="InvalidDataException">The text does not tell the state of the cluster.</exception>
    public static ClusterHealth ParseHealth(string info)
    {
        string? state = null;
        long epoch = 0;
        foreach (string line in info.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith("cluster_state:", StringComparison.Ordinal)) state = line["cluster_state:".Length..];
            if (line.StartsWith("cluster_current_epoch:", StringComparison.Ordinal))
                _ = long.TryParse(line.AsSpan("cluster_current_epoch:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out epoch);
        }

        return state is null ? throw Malformed("CLUSTER INFO has no cluster_state") : new ClusterHealth(state == "ok", epoch);
    }

    private static ViewRange ParseSlotsEntry(ImmutableArray<ReplyNode> entry, NodeAddress asked)
    {
        ImmutableArray<ViewNode> nodes = [.. entry.Skip(2).Select(node => ParseSlotsNode(Items(node, atLeast: 2), asked))];
        return Range(entry[0], entry[1], nodes[0], nodes[1..]);
    }

    private static ViewNode ParseSlotsNode(ImmutableArray<ReplyNode> node, NodeAddress asked)
    {
        string? id = node.Length > 2 ? node[2].Text : null;
        string? ip = node.Length > 3 && node[3].Kind == ReplyKind.Array ? Fields(node[3]).GetValueOrDefault("ip")?.Text : null;
        return new ViewNode(new NodeAddress(HostOf(node[0].Text, ip, asked), Port(node[1])), id);
    }

    private static IEnumerable<ViewRange> ParseShard(ReplyNode shard, NodeAddress asked)
    {
        Dictionary<string, ReplyNode> fields = Fields(shard);
        ImmutableArray<ReplyNode> bounds = Items(Field(fields, "slots"));
        if (bounds.Length % 2 != 0) throw Malformed("slots of a shard are not in pairs");
        var nodes = Items(Field(fields, "nodes")).Select(node => ParseShardNode(Fields(node), asked)).ToList();
        ShardNode? owner = nodes.Find(node => node.IsPrimary && node.IsOnline) ?? nodes.Find(node => node.IsPrimary);
        if (owner is null) yield break;
        ImmutableArray<ViewNode> replicas = [.. nodes.Where(node => !node.IsPrimary).Select(node => node.Node)];
        for (int i = 0; i < bounds.Length; i += 2) yield return Range(bounds[i], bounds[i + 1], owner.Node, replicas);
    }

    private static ShardNode ParseShardNode(Dictionary<string, ReplyNode> fields, NodeAddress asked)
    {
        string host = HostOf(Field(fields, "endpoint").Text, fields.GetValueOrDefault("ip")?.Text, asked);
        ReplyNode port = fields.TryGetValue("port", out ReplyNode? plain) ? plain : Field(fields, "tls-port");
        return new ShardNode(
            new ViewNode(new NodeAddress(host, Port(port)), Field(fields, "id").Text),
            Field(fields, "role").Text is "master" or "primary",
            Field(fields, "health").Text == "online");
    }

    private static string HostOf(string endpoint, string? ip, NodeAddress asked) => endpoint switch
    {
        "" => asked.Host,
        "?" => string.IsNullOrEmpty(ip) ? asked.Host : ip,
        _ => endpoint,
    };

    private static ViewRange Range(ReplyNode first, ReplyNode last, ViewNode primary, ImmutableArray<ViewNode> replicas)
    {
        bool valid = first.Kind == ReplyKind.Integer && last.Kind == ReplyKind.Integer
            && first.Integer >= 0 && first.Integer <= last.Integer && last.Integer < HashSlot.Count;
        return valid
            ? new ViewRange((int)first.Integer, (int)last.Integer, primary, replicas)
            : throw Malformed("a range of slots is out of bounds");
    }

    private static int Port(ReplyNode port) => port is { Kind: ReplyKind.Integer, Integer: > 0 and <= 65535 }
        ? (int)port.Integer
        : throw Malformed("a port is out of bounds");

    private static ImmutableArray<ReplyNode> Items(ReplyNode node, int atLeast = 0) =>
        node.Kind == ReplyKind.Array && node.Items.Length >= atLeast ? node.Items : throw Malformed("an array is missing or too short");

    // A map in RESP2: keys and values in turn.
    private static Dictionary<string, ReplyNode> Fields(ReplyNode node)
    {
        ImmutableArray<ReplyNode> items = Items(node);
        var fields = new Dictionary<string, ReplyNode>(StringComparer.Ordinal);
        for (int i = 0; i + 1 < items.Length; i += 2) fields[items[i].Text] = items[i + 1];
        return fields;
    }

    private static ReplyNode Field(Dictionary<string, ReplyNode> fields, string name) =>
        fields.TryGetValue(name, out ReplyNode? value) ? value : throw Malformed($"the field '{name}' is missing");

    private static InvalidDataException Malformed(string what) => new($"The view of the cluster is malformed: {what}.");

    private sealed record ShardNode(ViewNode Node, bool IsPrimary, bool IsOnline);
}
