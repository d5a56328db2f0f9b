using System.Globalization;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Protocol.Slots;

namespace RespProxy.Downstream.Local;

/// <summary>
/// CLUSTER and its subcommands (https://redis.io/docs/latest/commands/cluster/), as far as they differ from a plain Redis's "disabled": on a
/// listener with <c>clientView: cluster</c> the proxy is the only node of a cluster and owns every slot. Nothing of the nodes behind it shows.
///
/// <para>Clients compute slots from their own names and find one node for all of them. The proxy routes by the slots that the keys have within the
/// namespace and splits what a cluster would refuse; a client that keeps to a cluster's rules by hash tags never meets CROSSSLOT.</para>
/// </summary>
internal static class ClusterCommands
{
    private const int LastSlot = 16383;

    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec, ReplyBuilder reply)
    {
        // Computed from the name alone, with or without a cluster.
        if (spec.Name == "CLUSTER|KEYSLOT") reply.Integer(HashSlot.Of(request[2]));
        else if (!session.Origin.IsClusterView) reply.Raw(WireErrors.ClusterDisabled);
        else ExecuteInView(session, request, spec, reply);
    }

    private static void ExecuteInView(ClientSession session, in RequestView request, CommandSpec spec, ReplyBuilder reply)
    {
        FacadeNode node = FacadeNode.Of(session.Origin, session.LocalAddress);
        switch (spec.Name)
        {
            case "CLUSTER|SLOTS":
                Slots(reply, node);
                break;
            case "CLUSTER|SHARDS":
                Shards(reply, node);
                break;
            case "CLUSTER|NODES":
                reply.Text(Line(node));
                break;
            case "CLUSTER|INFO":
                reply.Text(State);
                break;
            case "CLUSTER|MYID":
                reply.Bulk(node.Id);
                break;
            case "CLUSTER|MYSHARDID":
                reply.Bulk(node.ShardId);
                break;
            case "CLUSTER|LINKS":
                reply.Array(0);
                break;
            case "CLUSTER|REPLICAS" or "CLUSTER|SLAVES" when IsKnown(request[2], node, reply):
                reply.Array(0);
                break;
            case "CLUSTER|COUNT-FAILURE-REPORTS" when IsKnown(request[2], node, reply):
                reply.Integer(0);
                break;
            case "CLUSTER|REPLICAS" or "CLUSTER|SLAVES" or "CLUSTER|COUNT-FAILURE-REPORTS":
                break;
            case "CLUSTER|HELP":
                ServerCommands.Help(reply, spec);
                break;
            case "CLUSTER|COUNTKEYSINSLOT" or "CLUSTER|GETKEYSINSLOT" or "CLUSTER|SLOT-STATS":
                reply.Error($"ERR command '{spec.Name.ToLowerInvariant()}' is not supported by this proxy: keys are not kept by the slots of the client's own names");
                break;
            default:
                reply.Error($"NOPERM tenant '{session.Tenant!.Name}' may not run '{spec.Name.ToLowerInvariant()}'");
                break;
        }
    }

    /// <summary>The fields that clients and exporters read; there is nothing to vote, to agree on or to lose.</summary>
    private const string State =
        "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:0\r\n"
        + "cluster_known_nodes:1\r\ncluster_size:1\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n"
        + "cluster_stats_messages_sent:0\r\ncluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n";

    /// <summary>One range, one node, no replicas. https://redis.io/docs/latest/commands/cluster-slots/</summary>
    private static void Slots(ReplyBuilder reply, FacadeNode node) => reply
        .Array(1).Array(3).Integer(0).Integer(LastSlot)
        .Array(4).Bulk(node.Host).Integer(node.Port).Bulk(node.Id).Map(0);

    /// <summary>https://redis.io/docs/latest/commands/cluster-shards/</summary>
    private static void Shards(ReplyBuilder reply, FacadeNode node) => reply
        .Array(1).Map(2)
        .Bulk("slots").Array(2).Integer(0).Integer(LastSlot)
        .Bulk("nodes").Array(1).Map(7)
        .Bulk("id").Bulk(node.Id)
        .Bulk("port").Integer(node.Port)
        .Bulk("ip").Bulk(node.Host)
        .Bulk("endpoint").Bulk(node.Host)
        .Bulk("role").Bulk("master")
        .Bulk("replication-offset").Integer(0)
        .Bulk("health").Bulk("online");

    /// <summary>Bus port 0: there is no bus. https://redis.io/docs/latest/commands/cluster-nodes/</summary>
    private static string Line(FacadeNode node) => string.Create(
        CultureInfo.InvariantCulture, $"{node.Id} {node.Host}:{node.Port}@0 myself,master - 0 0 1 connected 0-{LastSlot}\n");

    private static bool IsKnown(ReadOnlySpan<byte> id, FacadeNode node, ReplyBuilder reply)
    {
        string text = Encoding.UTF8.GetString(id);
        if (text == node.Id) return true;
        reply.Error("ERR Unknown node " + text);
        return false;
    }
}
