using RespProxy.Microbenchmarks.Memory;

namespace RespProxy.Microbenchmarks;

/// <summary>What is sent along the whole path, with what must come back.</summary>
internal static class Scenarios
{
    /// <summary>Commands of one run of <see cref="PipelinedGets"/>, <see cref="PipelinedSets"/> and <see cref="OutOfOrderGets"/>.</summary>
    public const int PipelineDepth = 16;

    /// <summary>Commands of one run of <see cref="DeepOutOfOrderGets"/>.</summary>
    public const int DeepPipelineDepth = 3_000;

    private const int Primaries = 3;
    private const int KeysOfMget = 10;
    private static readonly string Value = new('v', 64);
    private static readonly byte[] ValueReply = Wire.Bulk(Value);

    public static RequestPath GetHit() => Standalone(Wire.Request("GET", "key:000000000001"), ValueReply);

    public static RequestPath Set() => Standalone(Wire.Request("SET", "key:000000000001", Value), "+OK\r\n"u8.ToArray());

    public static RequestPath Incr() => Standalone(Wire.Request("INCR", "counter"), ":1\r\n"u8.ToArray());

    public static RequestPath MgetOfOneSlot()
    {
        byte[] request = Wire.Request(["MGET", .. Enumerable.Range(0, KeysOfMget).Select(i => $"{{tag}}:{i}")]);
        return new RequestPath(Primaries, request, Wire.Array([.. Enumerable.Repeat(Value, KeysOfMget)]), Answer);
    }

    /// <summary>Ten keys in ten slots of three nodes; each key's value names the key, so that a wrong order shows.</summary>
    public static RequestPath MgetSplit()
    {
        string[] keys = [.. Enumerable.Range(0, KeysOfMget).Select(i => RequestPath.KeyOn(i % Primaries, Primaries, skip: i))];
        return new RequestPath(Primaries, Wire.Request(["MGET", .. keys]), Wire.Array([.. keys.Select(ValueOf)]), AnswerByKey);
    }

    /// <summary>An error of the node, passed on.</summary>
    public static RequestPath ErrorReply()
    {
        byte[] error = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"u8.ToArray();
        return new RequestPath(1, Wire.Request("GET", "list"), error, _ => error);
    }

    /// <summary>An error of the node that quotes the key upstream: the prefix is cut out.</summary>
    public static RequestPath ErrorThatQuotesTheKey() => new(
        1,
        Wire.Request("GET", "k"),
        "-ERR no such key 'k' here\r\n"u8.ToArray(),
        _ => Wire.Bytes($"-ERR no such key '{RequestPath.Prefix}k' here\r\n"));

    public static RequestPath PipelinedGets() =>
        Standalone(Wire.Repeat(Wire.Request("GET", "key:000000000001"), PipelineDepth), Wire.Repeat(ValueReply, PipelineDepth));

    public static RequestPath PipelinedSets() => Standalone(
        Wire.Repeat(Wire.Request("SET", "key:000000000001", Value), PipelineDepth), Wire.Repeat("+OK\r\n"u8.ToArray(), PipelineDepth));

    /// <summary><see cref="PipelinedGets"/> of a tenant with some governance.</summary>
    public static RequestPath PipelinedGetsUnder(Governance governance) => new(
        1, Wire.Repeat(Wire.Request("GET", "key:000000000001"), PipelineDepth), Wire.Repeat(ValueReply, PipelineDepth), Answer, governance.Put);

    /// <summary>Commands go to three nodes in turn, replies come node by node: most wait for their turn.</summary>
    public static RequestPath OutOfOrderGets() => OutOfOrder(PipelineDepth);

    public static RequestPath DeepOutOfOrderGets() => OutOfOrder(DeepPipelineDepth);

    /// <summary>A command the proxy refuses itself.</summary>
    public static RequestPath WrongArity() =>
        Standalone(Wire.Request("GET"), "-ERR wrong number of arguments for 'get' command\r\n"u8.ToArray());

    private static RequestPath OutOfOrder(int count)
    {
        string[] keys = [.. Enumerable.Range(0, Primaries).Select(i => RequestPath.KeyOn(i, Primaries))];
        string[] asked = [.. Enumerable.Range(0, count).Select(i => keys[i % Primaries])];
        byte[] requests = [.. asked.SelectMany(key => Wire.Request("GET", key))];
        return new RequestPath(Primaries, requests, [.. asked.SelectMany(key => Wire.Bulk(ValueOf(key)))], AnswerByKey);
    }

    private static RequestPath Standalone(byte[] requests, byte[] expected) => new(1, requests, expected, Answer);

    private static byte[] Answer(string[] request) => request[0] switch
    {
        "GET" => ValueReply,
        "SET" => "+OK\r\n"u8.ToArray(),
        "INCR" => ":1\r\n"u8.ToArray(),
        "MGET" => Wire.Array([.. Enumerable.Repeat(Value, request.Length - 1)]),
        _ => throw new InvalidOperationException("unexpected " + request[0]),
    };

    private static byte[] AnswerByKey(string[] request)
    {
        string[] values = [.. request[1..].Select(key => ValueOf(key[RequestPath.Prefix.Length..]))];
        return request[0] == "MGET" ? Wire.Array(values) : Wire.Bulk(values[0]);
    }

    private static string ValueOf(string key) => key.PadRight(Value.Length, 'v');
}
