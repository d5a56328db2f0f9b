using System.Globalization;

namespace RespProxy.IntegrationTests;

/// <summary>
/// A seeded stream of commands of every family, such that two servers that got the same stream must give the same
/// replies, byte for byte.
/// </summary>
/// <remarks>
/// What would differ between two correct servers is left out: random picks, clocks, ids that a server makes, and the
/// order inside large hashtables (sets hold integers only and hashes stay small, so both keep insertion or numeric
/// order). Commands that name several keys use one hash tag, but for those that a proxy splits over slots. One command
/// in twenty meets a key of a wrong type, one in a hundred lacks its arguments: errors must match too.
/// </remarks>
internal sealed class CommandStream(int seed, string prefix)
{
    private const int KeysPerType = 30;
    private const int Tags = 5;
    private static readonly string[] Types = ["str", "num", "hash", "list", "set", "zset", "bit", "hll", "geo", "stream"];
    private static readonly string[] Cities = ["13.36,38.11,Palermo", "15.08,37.50,Catania", "12.49,41.89,Rome", "9.19,45.46,Milan", "-0.12,51.50,London"];

    private readonly Random _random = new(seed);
    private int _streamId;

    public IEnumerable<string[]> Take(int count)
    {
        Func<string[]>[] families = [Strings, Numbers, Hashes, Lists, Sets, SortedSets, Bits, HyperLogLogs, Geo, Streams, Keys, ManyKeys, ManyKeys, TaggedKeys];
        for (int i = 0; i < count; i++)
        {
            string[] command = Pick(families)();
            yield return _random.Next(100) == 0 ? [command[0]] : command;
        }
    }

    private string[] Strings() => Pick<Func<string[]>>(
        () => ["SET", Key("str"), Value()],
        () => ["SET", Key("str"), Value(), Pick("NX", "XX", "GET", "KEEPTTL")],
        () => ["SETNX", Key("str"), Value()],
        () => ["GET", Key("str")],
        () => ["GETSET", Key("str"), Value()],
        () => ["GETDEL", Key("str")],
        () => ["APPEND", Key("str"), Value()],
        () => ["STRLEN", Key("str")],
        () => ["GETRANGE", Key("str"), Number(-5, 5), Number(-5, 10)],
        () => ["SETRANGE", Key("str"), Number(0, 20), Value()],
        () => ["SUBSTR", Key("str"), "0", "3"])();

    private string[] Numbers() => Pick<Func<string[]>>(
        () => ["INCR", Key("num")],
        () => ["DECR", Key("num")],
        () => ["INCRBY", Key("num"), Number(-100, 100)],
        () => ["DECRBY", Key("num"), Number(-100, 100)],
        () => ["INCRBYFLOAT", Key("num"), "0.5"],
        () => ["GET", Key("num")])();

    private string[] Hashes() => Pick<Func<string[]>>(
        () => ["HSET", Key("hash"), Member(), Value(), Member(), Value()],
        () => ["HMSET", Key("hash"), Member(), Value()],
        () => ["HSETNX", Key("hash"), Member(), Value()],
        () => ["HGET", Key("hash"), Member()],
        () => ["HMGET", Key("hash"), Member(), Member(), Member()],
        () => ["HGETALL", Key("hash")],
        () => ["HKEYS", Key("hash")],
        () => ["HVALS", Key("hash")],
        () => ["HLEN", Key("hash")],
        () => ["HSTRLEN", Key("hash"), Member()],
        () => ["HEXISTS", Key("hash"), Member()],
        () => ["HDEL", Key("hash"), Member(), Member()],
        () => ["HINCRBY", Key("hash"), "count", Number(-9, 9)],
        () => ["HINCRBYFLOAT", Key("hash"), "sum", "0.25"],
        () => ["HSCAN", Key("hash"), "0"])();

    private string[] Lists() => Pick<Func<string[]>>(
        () => [Pick("LPUSH", "RPUSH", "LPUSHX", "RPUSHX"), Key("list"), Value(), Value()],
        () => [Pick("LPOP", "RPOP"), Key("list")],
        () => [Pick("LPOP", "RPOP"), Key("list"), Number(0, 3)],
        () => ["LRANGE", Key("list"), Number(-9, 3), Number(-3, 9)],
        () => ["LLEN", Key("list")],
        () => ["LINDEX", Key("list"), Number(-4, 4)],
        () => ["LSET", Key("list"), Number(-4, 4), Value()],
        () => ["LINSERT", Key("list"), Pick("BEFORE", "AFTER"), Value(), Value()],
        () => ["LREM", Key("list"), Number(-2, 2), Value()],
        () => ["LPOS", Key("list"), Value()],
        () => ["LTRIM", Key("list"), "0", "20"])();

    private string[] Sets() => Pick<Func<string[]>>(
        () => ["SADD", Key("set"), Number(0, 50), Number(0, 50), Number(0, 50)],
        () => ["SREM", Key("set"), Number(0, 50)],
        () => ["SMEMBERS", Key("set")],
        () => ["SISMEMBER", Key("set"), Number(0, 50)],
        () => ["SMISMEMBER", Key("set"), Number(0, 50), Number(0, 50)],
        () => ["SCARD", Key("set")],
        () => ["SSCAN", Key("set"), "0"])();

    private string[] SortedSets() => Pick<Func<string[]>>(
        () => ["ZADD", Key("zset"), Number(0, 100), Member(), "1.5", Member()],
        () => ["ZADD", Key("zset"), Pick("NX", "XX", "CH"), Number(0, 100), Member()],
        () => ["ZINCRBY", Key("zset"), Number(-5, 5), Member()],
        () => ["ZSCORE", Key("zset"), Member()],
        () => ["ZMSCORE", Key("zset"), Member(), Member()],
        () => [Pick("ZRANK", "ZREVRANK"), Key("zset"), Member()],
        () => ["ZRANGE", Key("zset"), "0", "-1", "WITHSCORES"],
        () => ["ZRANGE", Key("zset"), "10", "(90", "BYSCORE", "LIMIT", "1", "5"],
        () => ["ZREVRANGE", Key("zset"), "0", "5"],
        () => ["ZRANGEBYSCORE", Key("zset"), "-inf", "+inf", "WITHSCORES"],
        () => ["ZCOUNT", Key("zset"), "5", "50"],
        () => ["ZCARD", Key("zset")],
        () => ["ZREM", Key("zset"), Member()],
        () => [Pick("ZPOPMIN", "ZPOPMAX"), Key("zset"), Number(1, 3)],
        () => ["ZREMRANGEBYRANK", Key("zset"), "0", "1"],
        () => ["ZSCAN", Key("zset"), "0"])();

    private string[] Bits() => Pick<Func<string[]>>(
        () => ["SETBIT", Key("bit"), Number(0, 200), Pick("0", "1")],
        () => ["GETBIT", Key("bit"), Number(0, 200)],
        () => ["BITCOUNT", Key("bit")],
        () => ["BITPOS", Key("bit"), "1"],
        () => ["BITFIELD", Key("bit"), "INCRBY", "u8", Number(0, 9), "3", "GET", "u4", "0"],
        () => ["BITFIELD_RO", Key("bit"), "GET", "u8", "0"])();

    private string[] HyperLogLogs() => Pick<Func<string[]>>(
        () => ["PFADD", Key("hll"), Value(), Value()],
        () => ["PFCOUNT", Key("hll")])();

    private string[] Geo() => Pick<Func<string[]>>(
        () => ["GEOADD", Key("geo"), .. City()],
        () => ["GEOPOS", Key("geo"), City()[2], "nowhere"],
        () => ["GEOHASH", Key("geo"), City()[2]],
        () => ["GEODIST", Key("geo"), City()[2], City()[2], "km"],
        () => ["GEOSEARCH", Key("geo"), "FROMLONLAT", "13", "40", "BYRADIUS", "900", "km", "ASC", "WITHDIST"])();

    private string[] Streams() => Pick<Func<string[]>>(
        () => ["XADD", Key("stream"), $"{Next()}-1", Member(), Value()],
        () => ["XADD", Key("stream"), "MAXLEN", "5", $"{Next()}-1", Member(), Value()],
        () => ["XLEN", Key("stream")],
        () => ["XRANGE", Key("stream"), "-", "+"],
        () => ["XREVRANGE", Key("stream"), "+", "-", "COUNT", "3"],
        () => ["XDEL", Key("stream"), $"{Number(1, _streamId + 2)}-1"],
        () => ["XTRIM", Key("stream"), "MAXLEN", "10"],
        () => ["XGROUP", "CREATE", Key("stream"), "group", "0"],
        () => ["XACK", Key("stream"), "group", $"{Number(1, _streamId + 2)}-1"])();

    private string[] Keys() => Pick<Func<string[]>>(
        () => ["TYPE", AnyKey()],
        () => ["EXISTS", AnyKey()],
        () => ["DEL", AnyKey()],
        () => ["OBJECT", "ENCODING", Key("num")],
        () => ["EXPIREAT", AnyKey(), "9999999999"],
        () => ["EXPIRETIME", AnyKey()],
        () => ["PEXPIREAT", AnyKey(), "9999999999999"],
        () => ["PERSIST", AnyKey()],
        () => ["SORT", Key("set"), "DESC"],
        () => ["PING"],
        () => ["ECHO", Value()])();

    /// <summary>Commands over keys of any slot.</summary>
    private string[] ManyKeys() => Pick<Func<string[]>>(
        () => ["MGET", .. Several(AnyKey)],
        () => ["MGET", .. Several(() => Key("str"))],
        () => ["MSET", .. Several(() => Key("str")).SelectMany(key => new[] { key, Value() })],
        () => ["EXISTS", .. Several(AnyKey)],
        () => ["TOUCH", .. Several(AnyKey)],
        () => ["DEL", .. Several(() => Key("str"))],
        () => ["UNLINK", .. Several(AnyKey).Take(2)])();

    /// <summary>Commands over keys of one slot.</summary>
    private string[] TaggedKeys()
    {
        int tag = _random.Next(Tags);
        return Pick<Func<string[]>>(
            () => ["MGET", Tagged("str", tag), Tagged("str", tag)],
            () => ["MSETNX", Tagged("str", tag), Value(), Tagged("str", tag), Value()],
            () => ["RENAME", Tagged("str", tag), Tagged("str", tag)],
            () => ["RENAMENX", Tagged("str", tag), Tagged("str", tag)],
            () => ["COPY", Tagged("str", tag), Tagged("str", tag), "REPLACE"],
            () => ["SADD", Tagged("set", tag), Number(0, 20), Number(0, 20)],
            () => [Pick("SINTER", "SUNION", "SDIFF"), Tagged("set", tag), Tagged("set", tag)],
            () => [Pick("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), Tagged("set", tag), Tagged("set", tag), Tagged("set", tag)],
            () => ["SINTERCARD", "2", Tagged("set", tag), Tagged("set", tag)],
            () => ["SMOVE", Tagged("set", tag), Tagged("set", tag), Number(0, 20)],
            () => ["RPUSH", Tagged("list", tag), Value()],
            () => ["LMOVE", Tagged("list", tag), Tagged("list", tag), Pick("LEFT", "RIGHT"), Pick("LEFT", "RIGHT")],
            () => ["RPOPLPUSH", Tagged("list", tag), Tagged("list", tag)],
            () => ["ZADD", Tagged("zset", tag), Number(0, 20), Member()],
            () => ["ZUNIONSTORE", Tagged("zset", tag), "2", Tagged("zset", tag), Tagged("zset", tag), "WEIGHTS", "2", "3"],
            () => [Pick("ZINTER", "ZUNION", "ZDIFF"), "2", Tagged("zset", tag), Tagged("zset", tag), "WITHSCORES"],
            () => ["ZRANGESTORE", Tagged("zset", tag), Tagged("zset", tag), "0", "3"],
            () => ["BITOP", Pick("AND", "OR", "XOR"), Tagged("bit", tag), Tagged("bit", tag), Tagged("bit", tag)],
            () => ["PFMERGE", Tagged("hll", tag), Tagged("hll", tag)],
            () => ["GEOADD", Tagged("geo", tag), .. City()],
            () => ["GEOSEARCHSTORE", Tagged("geo", tag), Tagged("geo", tag), "FROMLONLAT", "13", "40", "BYRADIUS", "900", "km"])();
    }

    private string Key(string type) => $"{prefix}{(_random.Next(20) == 0 ? Pick(Types) : type)}:{Number(0, KeysPerType)}";

    private string AnyKey() => Key(Pick(Types));

    private string Tagged(string type, int tag) => $"{prefix}{{{tag}}}{type}:{Number(0, 4)}";

    private string[] City() => Pick(Cities).Split(',');

    private string Member() => $"m{Number(0, 12)}";

    private string Number(int from, int to) => _random.Next(from, to).ToString(CultureInfo.InvariantCulture);

    private int Next() => ++_streamId;

    /// <summary>Short, so that small hashes stay small; line ends, zero bytes and no text at all occur.</summary>
    private string Value() => Pick("", "a", "b", "42", "two words", "line\r\nend", "\0\u0001\u00ff", "$3\r\nfoo\r\n", $"v{Number(0, 1000)}");

    private IEnumerable<string> Several(Func<string> make) => [.. Enumerable.Range(0, _random.Next(2, 12)).Select(_ => make())];

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];
}
