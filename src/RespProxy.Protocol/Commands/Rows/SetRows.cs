using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class SetRows
{
    public static CommandSpec[] All => Group("set",
    [
        Keyed("SADD", -3, W | D | F, At(1)),
        Cached("SCARD", 2, R | F),
        Keyed("SDIFF", -2, R, FromTo(1, -1)),
        Keyed("SDIFFSTORE", -3, W | D, FromTo(1, -1)),
        Keyed("SINTER", -2, R, FromTo(1, -1)),
        Keyed("SINTERCARD", -3, R, CardinalityKeys),
        Keyed("SINTERSTORE", -3, W | D, FromTo(1, -1)),
        Cached("SISMEMBER", 3, R | F),
        Cached("SMEMBERS", 2, R),
        Cached("SMISMEMBER", -3, R | F),
        Keyed("SMOVE", 4, W | F, FromTo(1, 2)),
        Keyed("SPOP", -2, W | F, At(1)),
        Keyed("SRANDMEMBER", -2, R, At(1)),
        Keyed("SREM", -3, W | F, At(1)),
        Keyed("SSCAN", -3, R, At(1)),
        Keyed("SUNION", -2, R, FromTo(1, -1)),
        Keyed("SUNIONSTORE", -3, W | D, FromTo(1, -1)),
    ]);
}
