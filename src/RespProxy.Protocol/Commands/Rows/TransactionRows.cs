using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class TransactionRows
{
    public static CommandSpec[] All => Group("transactions",
    [
        Local("DISCARD", 1, S | L | T | F | Y, LocalCommand.Discard),
        Local("EXEC", 1, S | L | T, LocalCommand.Exec),
        Local("MULTI", 1, S | L | T | F | Y, LocalCommand.Multi),
        Local("UNWATCH", 1, S | L | T | F | Y, LocalCommand.Unwatch),
        Local("WATCH", -2, S | L | T | F | Y, LocalCommand.Watch, "On a connection of its own until EXEC.", keys: FromTo(1, -1)),
    ]);
}
