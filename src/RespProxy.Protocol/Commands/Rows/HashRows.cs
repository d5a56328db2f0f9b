using static RespProxy.Protocol.Commands.Rows.RowFactory;

namespace RespProxy.Protocol.Commands.Rows;

internal static class HashRows
{
    public static CommandSpec[] All => Group("hash",
    [
        Keyed("HDEL", -3, W | F, At(1)),
        Keyed("HEXISTS", 3, R | F, At(1)),
        Keyed("HEXPIRE", -6, W | D | F, At(1)),
        Keyed("HEXPIREAT", -6, W | D | F, At(1)),
        Keyed("HEXPIRETIME", -5, R | F, At(1)),
        Keyed("HGET", 3, R | F, At(1)),
        Keyed("HGETALL", 2, R, At(1)),
        Keyed("HINCRBY", 4, W | D | F, At(1)),
        Keyed("HINCRBYFLOAT", 4, W | D | F, At(1)),
        Keyed("HKEYS", 2, R, At(1)),
        Keyed("HLEN", 2, R | F, At(1)),
        Keyed("HMGET", -3, R | F, At(1)),
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
        Keyed("HSTRLEN", 3, R | F, At(1)),
        Keyed("HTTL", -5, R | F, At(1)),
        Keyed("HVALS", 2, R, At(1)),
    ]);
}
