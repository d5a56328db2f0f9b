using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class SortedSetRows
{
    public static CommandSpec[] All => Group("sorted_set",
    [
        Blocking("BZMPOP", -5, W | B, PopKeys(2), StripFirstElement),
        Blocking("BZPOPMAX", -3, W | B | F, FromTo(1, -2), StripFirstElement),
        Blocking("BZPOPMIN", -3, W | B | F, FromTo(1, -2), StripFirstElement),
        Keyed("ZADD", -4, W | D | F, At(1)),
        Cached("ZCARD", 2, R | F),
        Cached("ZCOUNT", 4, R | F),
        Keyed("ZDIFF", -3, R, Combined),
        Keyed("ZDIFFSTORE", -4, W | D, DestinationAndCombined),
        Keyed("ZINCRBY", 4, W | D | F, At(1)),
        Keyed("ZINTER", -3, R, Combined),
        Keyed("ZINTERCARD", -3, R, Combined),
        Keyed("ZINTERSTORE", -4, W | D, DestinationAndCombined),
        Cached("ZLEXCOUNT", 4, R | F),
        Keyed("ZMPOP", -4, W, PopKeys(1), StripFirstElement),
        Keyed("ZMSCORE", -3, R | F, At(1)),
        Keyed("ZPOPMAX", -2, W | F, At(1)),
        Keyed("ZPOPMIN", -2, W | F, At(1)),
        Keyed("ZRANDMEMBER", -2, R, At(1)),
        Keyed("ZRANGE", -4, R, At(1)),
        Keyed("ZRANGEBYLEX", -4, R, At(1)),
        Keyed("ZRANGEBYSCORE", -4, R, At(1)),
        Keyed("ZRANGESTORE", -5, W | D, FromTo(1, 2)),
        Keyed("ZRANK", -3, R | F, At(1)),
        Keyed("ZREM", -3, W | F, At(1)),
        Keyed("ZREMRANGEBYLEX", 4, W, At(1)),
        Keyed("ZREMRANGEBYRANK", 4, W, At(1)),
        Keyed("ZREMRANGEBYSCORE", 4, W, At(1)),
        Keyed("ZREVRANGE", -4, R, At(1)),
        Keyed("ZREVRANGEBYLEX", -4, R, At(1)),
        Keyed("ZREVRANGEBYSCORE", -4, R, At(1)),
        Keyed("ZREVRANK", -3, R | F, At(1)),
        Keyed("ZSCAN", -3, R, At(1)),
        Keyed("ZSCORE", 3, R | F, At(1)),
        Keyed("ZUNION", -3, R, Combined),
        Keyed("ZUNIONSTORE", -4, W | D, DestinationAndCombined),
    ]);
}
