using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class HashRows
{
    public static CommandSpec[] All => Group("hash",
    [
        Keyed("HDEL", -3, W | F, At(1)),
        Cached("HEXISTS", 3, R | F),
        Keyed("HEXPIRE", -6, W | D | F, At(1)),
        Keyed("HEXPIREAT", -6, W | D | F, At(1)),
        Keyed("HEXPIRETIME", -5, R | F, At(1)),
        Cached("HGET", 3, R | F),
        Cached("HGETALL", 2, R),
        Keyed("HINCRBY", 4, W | D | F, At(1)),
        Keyed("HINCRBYFLOAT", 4, W | D | F, At(1)),
        Cached("HKEYS", 2, R),
        Cached("HLEN", 2, R | F),
        Cached("HMGET", -3, R | F),
        Keyed("HMSET", -4, W | D | F, At(1)),
        Keyed("HPERSIST", -5, W | F, At(1)),
        Keyed("HPEXPIRE", -6, W | D | F, At(1)),
        Keyed("HPEXPIREAT", -6, W | D | F, At(1)),
        Keyed("HPEXPIRETIME", -5, R | F, At(1)),
        Keyed("HPTTL", -5, R | F, At(1)),
        Keyed("HRANDFIELD", -2, R, At(1)),
        Keyed("HSCAN", -3, R, At(1)),
        Keyed("HSET", -4, W | D | F, At(1)),
        Keyed("HSETNX", 4, W | D | F, At(1)),
        Cached("HSTRLEN", 3, R | F),
        Keyed("HTTL", -5, R | F, At(1)),
        Cached("HVALS", 2, R),
    ]);
}
