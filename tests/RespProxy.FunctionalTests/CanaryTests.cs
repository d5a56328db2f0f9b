using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Commands;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// One tenant has secrets; the other throws every command of the table at the proxy, with arguments made to escape its namespace.
/// </summary>
public sealed class CanaryTests
{
    private const string Canary = "c4n4ry-v4lue";
    private const int RoundsPerCommand = 60;

    /// <summary>
    /// What an escape would be made of: the victim's keys as the node has them above all. The attacker never writes the canary, nor its own
    /// namespace with the colon, so that neither can come back but by a leak.
    /// </summary>
    private static readonly string[] Words =
    [
        "cluster1@app1:secret", "cluster1@app1:secret-list", "cluster1@app1:secret-hash", "cluster1@app1:*", "cluster1@app1:1", "../cluster1@app1:secret",
        "secret", "secret-list", "secret-hash", "own", "own2", "", "*", "?", "[a-z]*", "{", "}", "{}", "{secret}", "0", "1", "2", "3", "-1", "1.5", "10",
        "cluster1@app1", "@app1", "app1", "..", "\r\n", "\r\n$6\r\nsecret\r\n", "\0", "STORE", "STOREDIST", "BY", "GET", "#", "*->f", "secret*", "LIMIT", "COUNT", "MATCH", "STREAMS",
        "GROUP", "KEYS", "WEIGHTS", "AGGREGATE", "SUM", "LEFT", "RIGHT", "MIN", "MAX", "WITHSCORES", "NX", "XX", "EX", "PX", "DB", "REPLACE", "ASC", "ALPHA", "AND", "OR",
        "f", "v", "1-1", "$", ">", "+", "-", "(1", "[a", "km", "m", "FROMLONLAT", "FROMMEMBER", "BYRADIUS", "BYBOX", "CREATE", "MKSTREAM", "ENCODING", "USAGE", "FULL", "help", "LIST", "INFO", "ID",
        "18446744073709551615", "9223372036854775807", "-9223372036854775808", "99999999999999999999",
    ];

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task No_command_shows_or_changes_anything_of_another_tenant(string protocol)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient victim = await proxy.ConnectAsync("app1");
        await PlantAsync(victim);
        Dictionary<string, string> before = await DumpAsync(redis);
        var random = new Random(20261122);

        RespClient attacker = await ConnectAsync(proxy, protocol);
        foreach (CommandSpec spec in CommandTable.All.Where(spec => !MayWaitForever(spec)))
        {
            for (int round = 0; round < RoundsPerCommand; round++)
            {
                string[] command = Attack(spec, random);
                await attacker.SendAsync(Wire.Request(command));
                // A reply of more parts than one (a push, a subscription) or of none is told apart by what answers the PING behind it.
                await attacker.SendAsync(Wire.Request("ECHO", "end-of-attack"));
                attacker = await AssertNothingLeaksAsync(attacker, proxy, protocol, command);
            }
        }

        await attacker.DisposeAsync();
        Assert.Equal(before, await DumpAsync(redis));
        RedisReply all = await redis.CommandAsync("KEYS", "*");
        Assert.All(all.Items, key => Assert.Matches("^cluster1@app[12]:", key.Text));
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    /// <summary>Random arguments would make these wait with no end; BlockingTests has them.</summary>
    private static bool MayWaitForever(CommandSpec spec) => spec.Route == RouteRule.Blocking || spec.Name is "WAIT" or "WAITAOF";

    private static string[] Attack(CommandSpec spec, Random random)
    {
        int least = Math.Abs(spec.Arity);
        int count = random.Next(4) == 0 ? random.Next(1, 9) : least + (spec.Arity < 0 ? random.Next(5) : 0);
        var command = new List<string>(spec.Name.Split('|'));
        while (command.Count < count) command.Add(Words[random.Next(Words.Length)]);
        return [.. command];
    }

    private static async Task<RespClient> AssertNothingLeaksAsync(RespClient attacker, RunningProxy proxy, string protocol, string[] command)
    {
        try
        {
            for (int replies = 0; replies < 64; replies++)
            {
                string reply = (await attacker.ReadReplyAsync()).Wire;
                string shown = $"{string.Join(' ', command)} answered {reply}";
                Assert.False(reply.Contains(Canary, StringComparison.Ordinal), shown);
                Assert.False(reply.Contains("cluster1@app2:", StringComparison.Ordinal), shown);
                if (reply.Contains("end-of-attack", StringComparison.Ordinal)) return attacker;
                if (reply.Contains("only (P|S)SUBSCRIBE", StringComparison.Ordinal) || reply.Contains("QUEUED", StringComparison.Ordinal)) break;
            }
        }
        catch (EndOfStreamException)
        {
            // QUIT, CLIENT KILL: an answer too.
        }

        await attacker.DisposeAsync();
        return await ConnectAsync(proxy, protocol);
    }

    private static async Task<RespClient> ConnectAsync(RunningProxy proxy, string protocol)
    {
        RespClient client = await proxy.ConnectAsync("app2");
        await client.CommandAsync("HELLO", protocol);
        await client.CommandAsync("MSET", "own", "1", "own2", "2");
        return client;
    }

    private static async Task PlantAsync(RespClient victim)
    {
        (await victim.CommandAsync("SET", "secret", Canary)).OrThrow();
        (await victim.CommandAsync("RPUSH", "secret-list", Canary)).OrThrow();
        (await victim.CommandAsync("HSET", "secret-hash", "f", Canary)).OrThrow();
        (await victim.CommandAsync("ZADD", "*", "1", Canary)).OrThrow();
        (await victim.CommandAsync("XADD", "1", "1-1", "f", Canary)).OrThrow();
        (await victim.CommandAsync("CLIENT", "SETNAME", Canary)).OrThrow();
    }

    /// <summary>All keys of the victim with their serialised values, read at the node.</summary>
    private static async Task<Dictionary<string, string>> DumpAsync(LocalRedis redis)
    {
        var found = new Dictionary<string, string>();
        foreach (RedisReply key in (await redis.CommandAsync("KEYS", "cluster1@app1:*")).Items)
        {
            RedisReply dump = await redis.CommandAsync("DUMP", key.Text);
            found[key.Text] = Convert.ToHexString(dump.Bytes.Span);
        }

        Assert.Equal(5, found.Count);
        return found;
    }
}
