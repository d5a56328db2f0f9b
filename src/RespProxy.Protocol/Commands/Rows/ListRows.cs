using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class ListRows
{
    public static CommandSpec[] All => Group("list",
    [
        Blocking("BLMOVE", 6, W | D | B, FromTo(1, 2)),
        Blocking("BLMPOP", -5, W | B, PopKeys(2), StripFirstElement),
        Blocking("BLPOP", -3, W | B, FromTo(1, -2), StripFirstElement),
        Blocking("BRPOP", -3, W | B, FromTo(1, -2), StripFirstElement),
        Blocking("BRPOPLPUSH", 4, W | D | B, FromTo(1, 2)),
        Cached("LINDEX", 3, R),
        Keyed("LINSERT", 5, W | D, At(1)),
        Cached("LLEN", 2, R | F),
        Keyed("LMOVE", 5, W | D, FromTo(1, 2)),
        Keyed("LMPOP", -4, W, PopKeys(1), StripFirstElement),
        Keyed("LPOP", -2, W | F, At(1)),
        Cached("LPOS", -3, R),
        Keyed("LPUSH", -3, W | D | F, At(1)),
        Keyed("LPUSHX", -3, W | D | F, At(1)),
        Cached("LRANGE", 4, R),
        Keyed("LREM", 4, W, At(1)),
        Keyed("LSET", 4, W | D, At(1)),
        Keyed("LTRIM", 4, W, At(1)),
        Keyed("RPOP", -2, W | F, At(1)),
        Keyed("RPOPLPUSH", 3, W | D, FromTo(1, 2)),
        Keyed("RPUSH", -3, W | D | F, At(1)),
        Keyed("RPUSHX", -3, W | D | F, At(1)),
    ]);
}
