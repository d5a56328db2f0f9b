using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class SentinelRows
{
    public static CommandSpec[] All => Group("sentinel",
    [
        NotForTenants("SENTINEL", -2, A, Sentinel),
        NotForTenants("SENTINEL|CKQUORUM", 3, A, Sentinel),
        NotForTenants("SENTINEL|CONFIG", -4, A, Sentinel),
        NotForTenants("SENTINEL|DEBUG", -2, A, Sentinel),
        NotForTenants("SENTINEL|FAILOVER", 3, A, Sentinel),
        NotForTenants("SENTINEL|FLUSHCONFIG", 2, A, Sentinel),
        NotForTenants("SENTINEL|GET-MASTER-ADDR-BY-NAME", 3, A, Sentinel),
        NotForTenants("SENTINEL|GET-PRIMARY-ADDR-BY-NAME", 3, A, Sentinel),
        NotForTenants("SENTINEL|HELP", 2, L | T, Sentinel),
        NotForTenants("SENTINEL|INFO-CACHE", -3, A, Sentinel),
        NotForTenants("SENTINEL|IS-MASTER-DOWN-BY-ADDR", 6, A, Sentinel),
        NotForTenants("SENTINEL|IS-PRIMARY-DOWN-BY-ADDR", 6, A, Sentinel),
        NotForTenants("SENTINEL|MASTER", 3, A, Sentinel),
        NotForTenants("SENTINEL|MASTERS", 2, A, Sentinel),
        NotForTenants("SENTINEL|MONITOR", 6, A, Sentinel),
        NotForTenants("SENTINEL|MYID", 2, A, Sentinel),
        NotForTenants("SENTINEL|PENDING-SCRIPTS", 2, A, Sentinel),
        NotForTenants("SENTINEL|PRIMARIES", 2, A, Sentinel),
        NotForTenants("SENTINEL|PRIMARY", 3, A, Sentinel),
        NotForTenants("SENTINEL|REMOVE", 3, A, Sentinel),
        NotForTenants("SENTINEL|REPLICAS", 3, A, Sentinel),
        NotForTenants("SENTINEL|RESET", 3, A, Sentinel),
        NotForTenants("SENTINEL|SENTINELS", 3, A, Sentinel),
        NotForTenants("SENTINEL|SET", -5, A, Sentinel),
        NotForTenants("SENTINEL|SIMULATE-FAILURE", -3, A, Sentinel),
        NotForTenants("SENTINEL|SLAVES", 3, A, Sentinel),
    ]);
}
