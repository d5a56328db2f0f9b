using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class TransactionRows
{
    public static CommandSpec[] All => Group("transactions",
    [
        NotYet("DISCARD", 1, S | L | T | F | Y, Transactions),
        NotYet("EXEC", 1, S | L | T, Transactions),
        NotYet("MULTI", 1, S | L | T | F | Y, Transactions),
        NotYet("UNWATCH", 1, S | L | T | F | Y, Transactions),
        NotYet("WATCH", -2, S | L | T | F | Y, Transactions, FromTo(1, -1)),
    ]);
}
