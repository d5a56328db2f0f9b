using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ClusterRows
{
    public static CommandSpec[] All => Group("cluster",
    [
        NotForTenants("ASKING", 1, F, RowFactory.Slots),
        Local("CLUSTER", -2, None, LocalCommand.Cluster, "To a tenant this is one plain Redis: cluster support is disabled."),
        Local("CLUSTER|ADDSLOTS", -3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|ADDSLOTSRANGE", -4, A | T, LocalCommand.Cluster),
        Local("CLUSTER|BUMPEPOCH", 2, A | T, LocalCommand.Cluster),
        Local("CLUSTER|COUNT-FAILURE-REPORTS", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|COUNTKEYSINSLOT", 3, T, LocalCommand.Cluster),
        Local("CLUSTER|DELSLOTS", -3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|DELSLOTSRANGE", -4, A | T, LocalCommand.Cluster),
        Local("CLUSTER|FAILOVER", -2, A | T, LocalCommand.Cluster),
        Local("CLUSTER|FLUSHSLOTS", 2, A | T, LocalCommand.Cluster),
        Local("CLUSTER|FORGET", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|GETKEYSINSLOT", 4, T, LocalCommand.Cluster),
        Local("CLUSTER|HELP", 2, L | T, LocalCommand.Cluster),
        Local("CLUSTER|INFO", 2, T, LocalCommand.Cluster),
        Local("CLUSTER|KEYSLOT", 3, T, LocalCommand.Cluster, "Of the name as the client gives it."),
        Local("CLUSTER|LINKS", 2, T, LocalCommand.Cluster),
        Local("CLUSTER|MEET", -4, A | T, LocalCommand.Cluster),
        Local("CLUSTER|MYID", 2, T, LocalCommand.Cluster),
        Local("CLUSTER|MYSHARDID", 2, T, LocalCommand.Cluster),
        Local("CLUSTER|NODES", 2, T, LocalCommand.Cluster),
        Local("CLUSTER|REPLICAS", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|REPLICATE", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|RESET", -2, A | S | T, LocalCommand.Cluster),
        Local("CLUSTER|SAVECONFIG", 2, A | T, LocalCommand.Cluster),
        Local("CLUSTER|SET-CONFIG-EPOCH", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|SETSLOT", -4, A | T, LocalCommand.Cluster),
        Local("CLUSTER|SHARDS", 2, L | T, LocalCommand.Cluster),
        Local("CLUSTER|SLAVES", 3, A | T, LocalCommand.Cluster),
        Local("CLUSTER|SLOT-STATS", -4, L | T, LocalCommand.Cluster),
        Local("CLUSTER|SLOTS", 2, L | T, LocalCommand.Cluster),
        Local("READONLY", 1, L | T | F, LocalCommand.Readonly),
        Local("READWRITE", 1, L | T | F, LocalCommand.Readwrite),
    ]);
}
