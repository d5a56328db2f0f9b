using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class TransactionRows
{
    public static CommandSpec[] All => Group("transactions",
    [
        Local("DISCARD", 1, S | L | T | F | Y, LocalCommand.Discard),
        Local("EXEC", 1, S | L | T, LocalCommand.Exec, "KEYS, SCAN, DBSIZE, RANDOMKEY and FLUSHDB run before or after the rest, not as one with it; between other commands they are refused."),
        Local("MULTI", 1, S | L | T | F | Y, LocalCommand.Multi, "Subscribing is refused in a transaction: its confirmations would tear EXEC's reply apart, as they do in Redis."),
        Local("UNWATCH", 1, S | L | T | F | Y, LocalCommand.Unwatch),
        Local("WATCH", -2, S | L | T | F | Y, LocalCommand.Watch, "On a connection of its own until EXEC.", keys: FromTo(1, -1)),
    ]);
}
