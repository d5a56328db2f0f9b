using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class SentinelRows
{
    public static CommandSpec[] All => Group("sentinel",
    [
        Absent("SENTINEL", -2, A, Sentinel),
        Absent("SENTINEL|CKQUORUM", 3, A, Sentinel),
        Absent("SENTINEL|CONFIG", -4, A, Sentinel),
        Absent("SENTINEL|DEBUG", -2, A, Sentinel),
        Absent("SENTINEL|FAILOVER", 3, A, Sentinel),
        Absent("SENTINEL|FLUSHCONFIG", 2, A, Sentinel),
        Absent("SENTINEL|GET-MASTER-ADDR-BY-NAME", 3, A, Sentinel),
        Absent("SENTINEL|GET-PRIMARY-ADDR-BY-NAME", 3, A, Sentinel),
        Absent("SENTINEL|HELP", 2, L | T, Sentinel),
        Absent("SENTINEL|INFO-CACHE", -3, A, Sentinel),
        Absent("SENTINEL|IS-MASTER-DOWN-BY-ADDR", 6, A, Sentinel),
        Absent("SENTINEL|IS-PRIMARY-DOWN-BY-ADDR", 6, A, Sentinel),
        Absent("SENTINEL|MASTER", 3, A, Sentinel),
        Absent("SENTINEL|MASTERS", 2, A, Sentinel),
        Absent("SENTINEL|MONITOR", 6, A, Sentinel),
        Absent("SENTINEL|MYID", 2, A, Sentinel),
        Absent("SENTINEL|PENDING-SCRIPTS", 2, A, Sentinel),
        Absent("SENTINEL|PRIMARIES", 2, A, Sentinel),
        Absent("SENTINEL|PRIMARY", 3, A, Sentinel),
        Absent("SENTINEL|REMOVE", 3, A, Sentinel),
        Absent("SENTINEL|REPLICAS", 3, A, Sentinel),
        Absent("SENTINEL|RESET", 3, A, Sentinel),
        Absent("SENTINEL|SENTINELS", 3, A, Sentinel),
        Absent("SENTINEL|SET", -5, A, Sentinel),
        Absent("SENTINEL|SIMULATE-FAILURE", -3, A, Sentinel),
        Absent("SENTINEL|SLAVES", 3, A, Sentinel),
    ]);
}
