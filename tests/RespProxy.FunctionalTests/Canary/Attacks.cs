using System.Globalization;
using RespProxy.Protocol.Commands;

namespace RespProxy.FunctionalTests.Canary;

/// <summary>
/// What the attacker sends. It never writes the canary, nor its own namespace with the colon: neither can come back but by a leak.
/// </summary>
internal static class Attacks
{
    /// <summary>The attacker's own keys by the groups of commands that work on them, all in one slot.</summary>
    private static readonly Dictionary<string, string> OwnKeys = new()
    {
        ["string"] = "own",
        ["list"] = "own-list",
        ["hash"] = "own-hash",
        ["set"] = "own-set",
        ["sorted_set"] = "own-zset",
        ["stream"] = "own-stream",
        ["geo"] = "own-geo",
        ["hyperloglog"] = "own-hll",
        ["bitmap"] = "own-bits",
    };

    /// <summary>
    /// What an escape would be made of, put in place of each argument: the victims' keys and channels as the nodes have them, the same by their own names, patterns, and
    /// what reaches the look-alike neighbour when only a colon is forgotten.
    /// </summary>
    private static readonly string[] TaggedNames =
    [
        .. Victim.Kinds.Select(kind => Raw("app1", Victim.Tag + kind)), Raw("app100", Victim.Tag + "secret"),
        .. Victim.Kinds.Take(2).Select(kind => Victim.Tag + kind),
        "0:" + Victim.Tag + "secret", Raw("app1", Victim.Tag + "*"), Raw("app1", Victim.Tag + "wait"), Raw("app1", Victim.Tag + "watched"), Raw("app1", Victim.Tag + "pulse"),
    ];

    private static readonly string[] LooseNames =
    [
        Raw("app1", "secret"), Raw("app100", "secret-list"), "secret", "0:secret", "*", "1", "-", Raw("app1", "*"), Raw("*", "*"), "cluster1@app1*", "[a-z]*", "news", Raw("app1", "news"), Raw("app100", "news"),
        "__keyspace@0__:*",
    ];

    private static readonly string[] Words =
    [
        .. TaggedNames, .. LooseNames, "../" + Raw("app1", "secret"), "secret-list", "secret-hash", "own", Victim.Tag + "own", "own2", "", "?", "{", "}", "{}", "{secret}", "0", "2", "3", "-1", "1.5", "10",
        "@app1", "app1", "app100", "..", "\r\n", "\r\n$6\r\nsecret\r\n", "\0", "STORE", "STOREDIST", "BY", "GET", "#", "*->f", "secret*", "LIMIT", "COUNT", "MATCH", "STREAMS",
        "GROUP", "KEYS", "WEIGHTS", "AGGREGATE", "SUM", "LEFT", "RIGHT", "MIN", "MAX", "WITHSCORES", "NX", "XX", "EX", "PX", "DB", "REPLACE", "ASC", "ALPHA", "AND", "OR",
        "f", "v", "1-1", "$", ">", "+", "(1", "[a", "km", "m", "FROMLONLAT", "FROMMEMBER", "BYRADIUS", "BYBOX", "CREATE", "MKSTREAM", "ENCODING", "USAGE", "FULL", "help", "LIST", "INFO", "ID",
        "18446744073709551615", "9223372036854775807", "-9223372036854775808", "99999999999999999999",
    ];

    /// <summary>Puts the attacker's own keys into the state that the templates expect.</summary>
    public static IEnumerable<string[]> Preparation { get; } =
    [
        ["DEL", .. OwnKeys.Values.Select(key => Victim.Tag + key)],
        ["SET", Own("string"), "1"], ["RPUSH", Own("list"), "1", "2", "3", "4", "5"], ["HSET", Own("hash"), "1", "1", "f", "2"], ["SADD", Own("set"), "1", "2"], ["ZADD", Own("sorted_set"), "1", "1", "2", "2"],
        ["XADD", Own("stream"), "1-1", "f", "v"], ["XGROUP", "CREATE", Own("stream"), "g", "0"], ["GEOADD", Own("geo"), "1", "1", "1", "1", "1", "m"], ["PFADD", Own("hyperloglog"), "1"], ["SETBIT", Own("bitmap"), "1", "1"],
    ];

    /// <summary>A call that works, and the same with each of the names in the place of each argument.</summary>
    /// <param name="taggedOnly">Only with names of one slot, so that a transaction takes them on a cluster too.</param>
    public static IEnumerable<string[]> Directed(CommandSpec spec, bool taggedOnly)
    {
        string[] template = [.. AttackTemplates.Of(spec).Select(word => word switch
        {
            AttackTemplates.Key => Own(spec.Group),
            AttackTemplates.List => Own("list"),
            _ => word,
        })];
        yield return template;
        // What is refused is refused by its name alone.
        if (spec.Refusal != Refusal.None || spec.IsContainer) yield break;
        for (int i = 1 + spec.Name.Count(c => c == '|'); i < template.Length; i++)
        {
            foreach (string name in taggedOnly ? TaggedNames : [.. TaggedNames, .. LooseNames])
            {
                if (IsTimeout(spec, template, i)) continue;
                string[] attack = [.. template];
                attack[i] = name;
                yield return attack;
            }
        }

        // One more argument, for those that take as many as they get.
        if (spec.Arity < 0) yield return [.. template, TaggedNames[0]];
    }

    /// <summary>Words by chance, more often than not as many as the command wants.</summary>
    public static string[] Random(CommandSpec spec, Random random)
    {
        int least = Math.Abs(spec.Arity);
        int count = random.Next(4) == 0 ? random.Next(1, 9) : least + (spec.Arity < 0 ? random.Next(5) : 0);
        var command = new List<string>(spec.Name.Split('|'));
        while (command.Count < count) command.Add(Words[random.Next(Words.Length)]);
        return [.. command];
    }

    /// <summary>Random arguments would make these wait with no end, or for long.</summary>
    public static bool MayWait(CommandSpec spec) => spec.Route == RouteRule.Blocking || spec.Name is "WAIT" or "WAITAOF";

    /// <summary>What no template says.</summary>
    public static IEnumerable<string[]> ByHand { get; } =
    [
        .. Enumerable.Range(1, 40).SelectMany<int, string[]>(id => [["CLIENT", "UNBLOCK", Number(id), "ERROR"], ["CLIENT", "LIST", "ID", Number(id)]]),
        ["CLIENT", "LIST", "TYPE", "normal"], ["CLIENT", "LIST"], ["CLIENT", "TRACKING", "ON", "REDIRECT", "1"],
        ["SCAN", "0"], ["SCAN", "0", "MATCH", "cluster1@app1*"], ["SCAN", "0", "COUNT", "100000", "MATCH", "*", "MATCH", "*"], .. Enumerable.Range(1, 30).Select(cursor => new[] { "SCAN", Number(cursor), "COUNT", "1000" }),
        .. Enumerable.Repeat(new[] { "RANDOMKEY" }, 50), ["PUBSUB", "CHANNELS"], ["PUBSUB", "SHARDCHANNELS"], ["PUBSUB", "NUMSUB", "news", Raw("app1", "news")],
        ["EVALSHA", Victim.ScriptSha, "0"], ["SCRIPT", "EXISTS", Victim.ScriptSha], ["SCRIPT", "FLUSH"], ["FCALL", "spy", "0"], ["FUNCTION", "LIST", "WITHCODE"], ["FUNCTION", "DUMP"], ["FUNCTION", "STATS"], ["FUNCTION", "FLUSH"],
        .. Scripts.SelectMany<string, string[]>(script => [["EVAL", script, "0"], ["EVAL", script, "1", Own("string")], ["EVAL_RO", script, "0"]]),
        ["COPY", Own("list"), "own2", "DB", "0"], ["COPY", Own("list"), "own2", "DB", "1"], ["SORT", Own("list"), "BY", Raw("app1", "*"), "GET", Raw("app1", "*")], ["SORT", Own("list"), "BY", Raw("app1", "*->f"), "GET", Raw("app1", "secret-hash->f"), "GET", "#"],
        ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "1", "STREAMS", Own("stream"), Raw("app1", Victim.Tag + "secret-stream"), ">", ">"], ["XREADGROUP", "GROUP", "nogroup", "c", "STREAMS", Own("stream"), ">"], ["XREADGROUP", "GROUP", "STREAMS", "c", "STREAMS", Own("stream"), ">"],
        ["SELECT", "1"], ["SWAPDB", "0", "1"], ["FLUSHALL"], ["FLUSHDB"], ["DBSIZE"], ["RESET"],
    ];

    /// <summary>Takes down all of the attacker's other connections, and shall take down nobody else's.</summary>
    public static IEnumerable<string[]> Kills { get; } =
    [
        .. Enumerable.Range(1, 40).Select(id => new[] { "CLIENT", "KILL", "ID", Number(id) }),
        ["CLIENT", "KILL", "TYPE", "pubsub"], ["CLIENT", "KILL", "USER", "app1"], ["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
    ];

    /// <summary>Scripts that name what they were not given.</summary>
    private static IEnumerable<string> Scripts =>
    [
        $"return redis.call('GET', '{Raw("app1", "secret")}')", $"return redis.pcall('LRANGE', '{Raw("app1", "secret-list")}', 0, -1)", $"return redis.call('SET', '{Raw("app1", "secret")}', 'x')",
        "return redis.call('KEYS', '*')", "return redis.call('SCAN', 0)", "return redis.call('RANDOMKEY')", "return redis.call('FLUSHALL')", "return redis.call('SELECT', 1)", "return redis.call('DBSIZE')",
        $"return redis.call('PUBLISH', '{Raw("app1", "news")}', 'x')", $"return redis.call('SPUBLISH', '{Raw("app1", "news")}', 'x')", "return redis.call('CONFIG', 'GET', '*')", "return redis.call('ACL', 'WHOAMI')",
        $"return redis.call('SORT', KEYS[1], 'BY', '{Raw("app1", "*")}', 'GET', '{Raw("app1", "*")}')", "return redis.call('NOSUCH')", "return nosuch()", "return KEYS[1]", "return redis.error_reply(KEYS[1])",
    ];

    private static bool IsTimeout(CommandSpec spec, string[] template, int index) =>
        MayWait(spec) && template[index] == "0.001";

    private static string Own(string group) => Victim.Tag + OwnKeys.GetValueOrDefault(group, OwnKeys["string"]);

    /// <summary>A key or channel as the nodes have it.</summary>
    private static string Raw(string tenant, string name) => $"cluster1@{tenant}:{name}";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
