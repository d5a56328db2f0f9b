using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class StringRows
{
    public static CommandSpec[] All => Group("string",
    [
        Keyed("APPEND", 3, W | D | F, At(1)),
        Keyed("DECR", 2, W | D | F, At(1)),
        Keyed("DECRBY", 3, W | D | F, At(1)),
        Cached("GET", 2, R | F),
        Keyed("GETDEL", 2, W | F, At(1)),
        Keyed("GETEX", -2, W | F, At(1)),
        Cached("GETRANGE", 4, R),
        Keyed("GETSET", 3, W | D | F, At(1)),
        Keyed("INCR", 2, W | D | F, At(1)),
        Keyed("INCRBY", 3, W | D | F, At(1)),
        Keyed("INCRBYFLOAT", 3, W | D | F, At(1)),
        Keyed("LCS", -3, R, FromTo(1, 2)),
        SplitArray("MGET", -2, R | F, FromTo(1, -1), isCached: true),
        SplitOk("MSET", -3, W | D, Pairs),
        Keyed("MSETNX", -3, W | D, Pairs),
        Keyed("PSETEX", 4, W | D, At(1)),
        Keyed("SET", -3, W | D, At(1)),
        Keyed("SETEX", 4, W | D, At(1)),
        Keyed("SETNX", 3, W | D | F, At(1)),
        Keyed("SETRANGE", 4, W | D, At(1)),
        Cached("STRLEN", 2, R | F),
        Cached("SUBSTR", 4, R),
    ]);
}
