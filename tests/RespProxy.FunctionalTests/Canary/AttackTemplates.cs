using RespProxy.Protocol.Commands;

namespace RespProxy.FunctionalTests.Canary;

/// <summary>
/// For each command of the table one call that Redis accepts, as words: <c>k</c> stands for a key of the attacker's of the type that the command's group works on,
/// <c>l</c> for its list.
/// Derived from the row's arity and keys; where that is not enough, written here.
/// </summary>
internal static class AttackTemplates
{
    public const string Key = "k";
    public const string List = "l";

    private static readonly Dictionary<string, string> Written = new()
    {
        ["BITFIELD"] = "k GET u8 0",
        ["BITFIELD_RO"] = "k GET u8 0",
        ["BITOP"] = "AND k k k",
        ["BLMOVE"] = "k k LEFT RIGHT 0.001",
        ["BLMPOP"] = "0.001 2 k k LEFT",
        ["BLPOP"] = "k k 0.001",
        ["BRPOP"] = "k k 0.001",
        ["BRPOPLPUSH"] = "k k 0.001",
        ["BZMPOP"] = "0.001 2 k k MIN",
        ["BZPOPMAX"] = "k k 0.001",
        ["BZPOPMIN"] = "k k 0.001",
        ["COPY"] = "k k REPLACE",
        ["SORT"] = "l ALPHA STORE k",
        ["SORT_RO"] = "l ALPHA",
        ["RESTORE"] = "k 0 x REPLACE",
        ["SCAN"] = "0 MATCH * COUNT 1000 TYPE string",
        ["KEYS"] = "*",
        ["WAIT"] = "0 1",
        ["WAITAOF"] = "0 0 1",
        ["MIGRATE"] = "127.0.0.1 1 k 0 1",
        ["GEOADD"] = "k 1 1 m",
        ["GEORADIUS"] = "k 1 1 100 km STORE k STOREDIST k",
        ["GEORADIUS_RO"] = "k 1 1 100 km",
        ["GEORADIUSBYMEMBER"] = "k m 100 km STORE k STOREDIST k",
        ["GEORADIUSBYMEMBER_RO"] = "k m 100 km",
        ["GEOSEARCH"] = "k FROMLONLAT 1 1 BYRADIUS 100 km",
        ["GEOSEARCHSTORE"] = "k k FROMLONLAT 1 1 BYRADIUS 100 km",
        ["LINSERT"] = "k BEFORE 1 1",
        ["LMOVE"] = "k k LEFT RIGHT",
        ["LMPOP"] = "2 k k LEFT",
        ["LREM"] = "k 1 1",
        ["LSET"] = "k 0 1",
        ["SINTERCARD"] = "2 k k",
        ["ZMPOP"] = "2 k k MIN",
        ["ZLEXCOUNT"] = "k - +",
        ["ZRANGEBYLEX"] = "k - +",
        ["ZREMRANGEBYLEX"] = "k - +",
        ["ZREVRANGEBYLEX"] = "k + -",
        ["XADD"] = "k * f v",
        ["XCLAIM"] = "k g c 0 1-1",
        ["XAUTOCLAIM"] = "k g c 0 0",
        ["XACK"] = "k g 1-1",
        ["XDEL"] = "k 1-1",
        ["XRANGE"] = "k - +",
        ["XREVRANGE"] = "k + -",
        ["XGROUP|CREATE"] = "k g2 0 MKSTREAM",
        ["XGROUP|CREATECONSUMER"] = "k g c",
        ["XGROUP|DELCONSUMER"] = "k g c",
        ["XGROUP|DESTROY"] = "k g2",
        ["XGROUP|SETID"] = "k g 0",
        ["XINFO|CONSUMERS"] = "k g",
        ["XPENDING"] = "k g",
        ["XREAD"] = "COUNT 9 BLOCK 1 STREAMS k k 0 $",
        ["XREADGROUP"] = "GROUP g c COUNT 9 STREAMS k k > 0",
        ["XTRIM"] = "k MAXLEN 9",
        ["XSETID"] = "k 99-1",
        ["PUBLISH"] = "news mine",
        ["SPUBLISH"] = "news mine",
        ["EVAL"] = "script 2 k k 1",
        ["EVAL_RO"] = "script 2 k k 1",
        ["EVALSHA"] = "sha 2 k k 1",
        ["EVALSHA_RO"] = "sha 2 k k 1",
        ["FCALL"] = "spy 1 k 1",
        ["FCALL_RO"] = "spy 1 k 1",
        ["CLIENT|KILL"] = "ID 1 SKIPME no",
        ["COMMAND|GETKEYS"] = "MSET k v k v",
        ["COMMAND|GETKEYSANDFLAGS"] = "MSET k v k v",
        ["CONFIG|GET"] = "*",
        ["SELECT"] = "0",
    };

    public static string[] Of(CommandSpec spec)
    {
        string[] name = spec.Name.Split('|');
        if (Written.TryGetValue(spec.Name, out string? written)) return [.. name, .. written.Split(' ')];
        var words = new List<string>(name);
        int count = Math.Abs(spec.Arity) + (spec.Arity < 0 ? 2 * Math.Max(1, spec.Keys.Step) : 0);
        // Pairs come in pairs; an optional argument after one fixed key would be an option of an unknown name.
        if (spec.Arity < 0 && spec.Keys is not { Shape: KeyShape.Range, Last: < 0 }) count = Math.Abs(spec.Arity);
        while (words.Count < count) words.Add("1");
        PlaceKeys(words, spec.Keys);
        return [.. words];
    }

    private static void PlaceKeys(List<string> words, KeySpec keys)
    {
        switch (keys.Shape)
        {
            case KeyShape.Range or KeyShape.Copy:
                int last = keys.Last < 0 ? words.Count + keys.Last : Math.Min(keys.Last, words.Count - 1);
                for (int i = keys.First; i <= last; i += keys.Step) words[i] = Key;
                break;
            case KeyShape.Counted:
                while (words.Count < keys.NumKeys + 3) words.Add("1");
                words[keys.NumKeys] = "2";
                words[keys.NumKeys + 1] = words[keys.NumKeys + 2] = Key;
                if (keys.First > 0) words[keys.First] = Key;
                break;
        }
    }
}
