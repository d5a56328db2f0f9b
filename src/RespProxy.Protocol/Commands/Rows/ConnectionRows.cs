using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ConnectionRows
{
    private const string Tracked = "In RESP3; no REDIRECT. Not inside MULTI. With BCAST, NOLOOP is taken and the client hears of its own writes all the same.";

    public static CommandSpec[] All => Group("connection",
    [
        Local("AUTH", -2, S | L | T | F | N | Y, LocalCommand.Auth),
        Local("CLIENT", -2, None, LocalCommand.Client),
        Local("CLIENT|CACHING", 3, S | L | T, LocalCommand.Tracking),
        Local("CLIENT|CAPA", -3, S | L | T, LocalCommand.Client),
        Local("CLIENT|GETNAME", 2, S | L | T, LocalCommand.Client),
        Local("CLIENT|GETREDIR", 2, S | L | T, LocalCommand.Tracking),
        Local("CLIENT|HELP", 2, L | T, LocalCommand.Help),
        Local("CLIENT|ID", 2, S | L | T, LocalCommand.Client),
        Local("CLIENT|INFO", 2, S | L | T, LocalCommand.Client),
        Local("CLIENT|KILL", -3, A | S | L | T, LocalCommand.Client),
        Local("CLIENT|LIST", -2, A | S | L | T, LocalCommand.Client),
        Local("CLIENT|NO-EVICT", 3, A | S | L | T, LocalCommand.Client),
        Local("CLIENT|NO-TOUCH", 3, S | L | T, LocalCommand.Client),
        NotForTenants("CLIENT|PAUSE", -3, A | S | L | T, Others),
        Local("CLIENT|REPLY", 3, S | L | T, LocalCommand.Client),
        Local("CLIENT|SETINFO", 4, S | L | T, LocalCommand.Client),
        Local("CLIENT|SETNAME", 3, S | L | T, LocalCommand.Client),
        Local("CLIENT|TRACKING", -3, S | L | T, LocalCommand.Tracking, Tracked),
        Local("CLIENT|TRACKINGINFO", 2, S | L | T, LocalCommand.Tracking),
        Local("CLIENT|UNBLOCK", -3, A | S | L | T, LocalCommand.Client),
        NotForTenants("CLIENT|UNPAUSE", 2, A | S | L | T, Others),
        Local("ECHO", 2, L | T | F, LocalCommand.Echo),
        Local("HELLO", -1, S | L | T | F | N | Y, LocalCommand.Hello),
        Local("PING", -1, F, LocalCommand.Ping),
        Local("QUIT", -1, S | L | T | F | N | Y, LocalCommand.Quit),
        Local("RESET", 1, S | L | T | F | N | Y, LocalCommand.Reset),
        Local("SELECT", 2, L | T | F, LocalCommand.Select, "Databases 0 to 15 unless the tenant's configuration says otherwise, each a part of the namespace; in MULTI for the commands queued after it."),
    ]);
}
