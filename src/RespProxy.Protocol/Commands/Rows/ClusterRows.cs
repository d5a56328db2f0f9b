using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ClusterRows
{
    private const string ClusterViewOnly = "Where the listener says clientView: cluster; elsewhere cluster support is disabled.";
    private const string OwnSlots = "Refused: the slots a client computes from its own names are not those its keys have.";
    private const string Facade = "The proxy, as the only node.";

    public static CommandSpec[] All => Group("cluster",
    [
        Local("ASKING", 1, F, LocalCommand.Asking, ClusterViewOnly),
        Local("CLUSTER", -2, None, LocalCommand.Cluster, ClusterViewOnly + " See its subcommands."),
        Local("CLUSTER|ADDSLOTS", -3, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|ADDSLOTSRANGE", -4, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|BUMPEPOCH", 2, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|COUNT-FAILURE-REPORTS", 3, A | T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|COUNTKEYSINSLOT", 3, T, LocalCommand.Cluster, OwnSlots),
        Local("CLUSTER|DELSLOTS", -3, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|DELSLOTSRANGE", -4, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|FAILOVER", -2, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|FLUSHSLOTS", 2, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|FORGET", 3, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|GETKEYSINSLOT", 4, T, LocalCommand.Cluster, OwnSlots),
        Local("CLUSTER|HELP", 2, L | T, LocalCommand.Cluster),
        Local("CLUSTER|INFO", 2, T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|KEYSLOT", 3, T, LocalCommand.Cluster, "Of the name as the client gives it."),
        Local("CLUSTER|LINKS", 2, T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|MEET", -4, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|MYID", 2, T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|MYSHARDID", 2, T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|NODES", 2, T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|REPLICAS", 3, A | T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|REPLICATE", 3, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|RESET", -2, A | S | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|SAVECONFIG", 2, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|SET-CONFIG-EPOCH", 3, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|SETSLOT", -4, A | T, LocalCommand.Cluster, Administration),
        Local("CLUSTER|SHARDS", 2, L | T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|SLAVES", 3, A | T, LocalCommand.Cluster, Facade),
        Local("CLUSTER|SLOT-STATS", -4, L | T, LocalCommand.Cluster, OwnSlots),
        Local("CLUSTER|SLOTS", 2, L | T, LocalCommand.Cluster, Facade),
        Local("READONLY", 1, L | T | F, LocalCommand.Readonly, ClusterViewOnly),
        Local("READWRITE", 1, L | T | F, LocalCommand.Readwrite, ClusterViewOnly),
    ]);
}
