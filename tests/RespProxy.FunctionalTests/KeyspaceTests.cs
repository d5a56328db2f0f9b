using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>KEYS, SCAN, DBSIZE, RANDOMKEY, FLUSHDB and FLUSHALL against real servers: the tenant's own keys, all of them, and nobody else's.</summary>
public sealed class KeyspaceTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    /// <summary>Names that a pattern, or a careless prefix comparison, could take for something else.</summary>
    private static readonly string[] OddKeys =
    [
        "plain", "plain2", "", "*", "?", "\\", "[", "]", "a*b", "a?b", "a[b", "a]b", "a\\b", "a^b", "axb", "a\\*b", "[x]", "[^x]", "x", "^", "{tag}k", "{}k", "a\0b", "a\r\nb",
        "ÿþ", "cluster1@app10:plain", "cluster1@app1:plain", ":", "0:plain",
    ];

    // Without "**": Redis does not match it against the empty key, and behind a prefix no key is empty.
    private static readonly string[] OddPatterns =
    [
        "*", "", "?", "*?", "plain", "plain*", "a?b", "a\\*b", "a\\?b", "a[*]b", "a[?]b", "a\\[b", "a[[]b", "a[]]b", "a[^x]b", "a[\\\\]b", "a\\\\b", "\\", "\\\\", "\\*", "[", "[[]", "[^]",
        "[x]", "\\[x\\]", "[a-z]*", "*[", "cluster1@app10:*", "cluster1@app1*", "0:*", "*plain", "*\\", "^*", "]", "a\0?", "{*",
    ];

    public static TheoryData<UpstreamMode, int> Everywhere => new()
    {
        { UpstreamMode.Standalone, 2 },
        { UpstreamMode.Standalone, 3 },
        { UpstreamMode.Cluster, 2 },
        { UpstreamMode.Cluster, 3 },
    };

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_pattern_matches_what_it_would_on_a_server_of_ones_own(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await KeyspaceScene.FillAsync(one, OddKeys);
        await KeyspaceScene.FillAsync(ten, [.. OddKeys.Select(key => key + "secret")]);
        foreach (string key in OddKeys) (await scene.Oracle.CommandAsync("SET", key, "v")).OrThrow();

        foreach (string pattern in OddPatterns)
        {
            string[] expected = KeyspaceScene.Sorted(KeyspaceScene.Texts(await scene.Oracle.CommandAsync("KEYS", pattern)));
            Assert.Equal(expected, KeyspaceScene.Sorted(KeyspaceScene.Texts(await one.CommandAsync("KEYS", pattern))));
            Assert.Equal(expected, KeyspaceScene.Sorted(await KeyspaceScene.ScanAsync(one, ["MATCH", "none", "match", pattern, "COUNT", "100"])));
        }

        Assert.Equal(OddKeys.Length, (await ten.CommandAsync("DBSIZE")).Integer);
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Theory]
    [InlineData("cluster1@*")]
    [InlineData("cluster1@app?")]
    [InlineData("cluster1@app[1-9]")]
    [InlineData("cluster1@app[^x]")]
    [InlineData("cluster1@ap\\p1")]
    public async Task A_namespace_is_taken_literally_whatever_it_looks_like(string name)
    {
        await using RunningProxy clean = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient one = await clean.ConnectAsync("app1");
        await KeyspaceScene.FillAsync(one, OddKeys);
        string[] others = await scene.RawKeysAsync(UpstreamMode.Standalone);
        LocalRedis server = scene.ServersOf(UpstreamMode.Standalone)[0];
        // No configuration allows such a name. Should one ever, these commands must not be what lets it reach further.
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(server.Host, server.Port)], configuration =>
            configuration with { Tenants = [RunningProxy.Tenant("app1") with { Namespace = name, AllowFlush = true }, RunningProxy.Tenant("app2")] });
        await using RespClient odd = await proxy.ConnectAsync("app1");
        Assert.True((await odd.CommandAsync("RANDOMKEY")).IsNull);
        await KeyspaceScene.FillAsync(odd, ["own"]);

        Assert.Equal(["own"], KeyspaceScene.Texts(await odd.CommandAsync("KEYS", "*")));
        Assert.Equal(["own"], await KeyspaceScene.ScanAsync(odd, ["COUNT", "1000"]));
        Assert.Equal(1, (await odd.CommandAsync("DBSIZE")).Integer);
        Assert.Equal("OK", (await odd.CommandAsync("FLUSHALL")).Text);
        Assert.Equal(others, await scene.RawKeysAsync(UpstreamMode.Standalone));
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_full_scan_returns_each_of_20000_keys_while_others_are_added(UpstreamMode mode, int protocol)
    {
        string[] lasting = [.. Enumerable.Range(0, 20_000).Select(i => "lasting:" + i)];
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await KeyspaceScene.FillAsync(one, lasting);
        await KeyspaceScene.FillAsync(ten, [.. Enumerable.Range(0, 5000).Select(i => "foreign:" + i)]);
        int added = 0;

        List<string> found = await KeyspaceScene.ScanAsync(one, ["COUNT", "100"], async cursor =>
        {
            Assert.InRange(ulong.Parse(cursor, NumberStyles.None, CultureInfo.InvariantCulture), 0UL, (1UL << 53) - 1);
            await KeyspaceScene.FillAsync(one, [.. Enumerable.Range(added, 40).Select(i => "added:" + i)]);
            await KeyspaceScene.FillAsync(ten, [.. Enumerable.Range(added, 40).Select(i => "added:" + i)]);
            added += 40;
        });

        Assert.InRange(added, 4000, int.MaxValue);
        Assert.Empty(lasting.Except(found));
        Assert.All(found, key => Assert.Matches("^(lasting|added):", key));
        Assert.Equal(20_000 + added, (await one.CommandAsync("DBSIZE")).Integer);
        Assert.Equal(5000 + added, (await ten.CommandAsync("DBSIZE")).Integer);
        Assert.Equal(20_000 + added, KeyspaceScene.Texts(await one.CommandAsync("KEYS", "*")).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_random_key_is_the_tenants_own_and_null_only_when_it_has_none(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await KeyspaceScene.FillAsync(ten, [.. Enumerable.Range(0, 20_000).Select(i => "foreign:" + i)]);

        await one.SendAsync(Wire.Request("RANDOMKEY"));
        Assert.Equal(protocol == 3 ? "_\r\n" : "$-1\r\n", (await one.ReadReplyAsync()).Wire);

        await KeyspaceScene.FillAsync(one, ["needle"]);
        Assert.Equal("needle", (await one.CommandAsync("RANDOMKEY")).Text);

        var drawn = new HashSet<string>();
        for (int i = 0; i < 200; i++) drawn.Add((await ten.CommandAsync("RANDOMKEY")).Text);
        Assert.All(drawn, key => Assert.StartsWith("foreign:", key, StringComparison.Ordinal));
        Assert.InRange(drawn.Count, 50, 200);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_flush_takes_the_tenants_own_keys_and_no_others(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await using RespClient app = await KeyspaceScene.ConnectAsync(proxy, "app", protocol);
        await KeyspaceScene.FillAsync(one, OddKeys);
        await KeyspaceScene.FillAsync(app, OddKeys);
        foreach (LocalRedis server in scene.ServersOf(mode)) await server.CommandAsync("SET", mode == UpstreamMode.Standalone ? "cluster1@app10" : "{" + await OwnTagAsync(server) + "}cluster1@app10:", "not a tenant's");
        string[] others = await scene.RawKeysAsync(mode);
        await KeyspaceScene.FillAsync(ten, [.. Enumerable.Range(0, 5000).Select(i => "k:" + i), .. OddKeys]);

        // Pipelined: what was asked after the flush happens after it.
        await ten.SendAsync((byte[])[.. Wire.Request("SET", "before", "v"), .. Wire.Request("FLUSHDB"), .. Wire.Request("SET", "after", "v"), .. Wire.Request("DBSIZE"), .. Wire.Request("KEYS", "*")]);
        IReadOnlyList<RawReply> replies = await ten.ReadRepliesAsync(5);

        Assert.Equal(["+OK\r\n", "+OK\r\n", "+OK\r\n", ":1\r\n", "*1\r\n$5\r\nafter\r\n"], replies.Select(reply => reply.Wire));
        Assert.Equal("OK", (await ten.CommandAsync("FLUSHALL", "async")).Text);
        Assert.Equal(others, await scene.RawKeysAsync(mode));
        Assert.Equal("OK", (await ten.CommandAsync("FLUSHDB", "SYNC")).Text);
    }

    [Theory]
    [InlineData("FLUSHDB")]
    [InlineData("FLUSHALL")]
    public async Task Without_allowFlush_a_flush_is_refused_and_nothing_is_deleted(string command)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient one = await proxy.ConnectAsync("app1");
        await KeyspaceScene.FillAsync(one, ["k"]);

        RedisReply reply = await one.CommandAsync(command);

        Assert.Equal($"NOPERM tenant 'app1' may not run '{command.ToLowerInvariant()}': its configuration does not say allowFlush: true", reply.Text);
        Assert.Equal(["cluster1@app1:k"], await scene.RawKeysAsync(UpstreamMode.Standalone));
    }

    [Theory]
    [InlineData("SCAN")]
    [InlineData("SCAN x")]
    [InlineData("SCAN 18446744073709551616")]
    [InlineData("SCAN 0x1")]
    [InlineData("SCAN 1.0")]
    [InlineData("SCAN 0 MATCH")]
    [InlineData("SCAN 0 COUNT")]
    [InlineData("SCAN 0 COUNT 0")]
    [InlineData("SCAN 0 COUNT -1")]
    [InlineData("SCAN 0 COUNT x")]
    [InlineData("SCAN 0 COUNT 1 2")]
    [InlineData("SCAN 0 TYPE")]
    [InlineData("SCAN 0 NOVALUES")]
    [InlineData("KEYS")]
    [InlineData("KEYS a b")]
    [InlineData("DBSIZE x")]
    [InlineData("RANDOMKEY x")]
    [InlineData("FLUSHDB NOW")]
    [InlineData("FLUSHALL SYNC ASYNC")]
    public async Task A_wrong_call_is_refused_with_Redis_s_own_words(string call)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient ten = await proxy.ConnectAsync("app10");

        RedisReply expected = await scene.Oracle.CommandAsync(call.Split(' '));
        RedisReply actual = await ten.CommandAsync(call.Split(' '));

        Assert.True(expected.IsError);
        Assert.Equal(expected.ToString(), actual.ToString());
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_scan_by_type_returns_keys_of_that_type_only(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await KeyspaceScene.FillAsync(one, ["s1", "s2"]);
        (await one.CommandAsync("RPUSH", "list", "x")).OrThrow();

        Assert.Equal(["list"], await KeyspaceScene.ScanAsync(one, ["TYPE", "list"]));
        Assert.Equal(["s1", "s2"], KeyspaceScene.Sorted(await KeyspaceScene.ScanAsync(one, ["TYPE", "string", "COUNT", "1000000000"])));
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Each_command_stands_at_its_place_among_the_clients_requests(UpstreamMode mode, int protocol)
    {
        const int Rounds = 50;
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        byte[] round = [.. Wire.Request("SET", "k", "v"), .. Wire.Request("KEYS", "*"), .. Wire.Request("DEL", "k"), .. Wire.Request("DBSIZE"), .. Wire.Request("PING")];

        await one.SendAsync(Enumerable.Repeat(round, Rounds).SelectMany(bytes => bytes).ToArray());
        IReadOnlyList<RawReply> replies = await one.ReadRepliesAsync(Rounds * 5);

        string expected = "+OK\r\n*1\r\n$1\r\nk\r\n:1\r\n:0\r\n+PONG\r\n";
        Assert.Equal(string.Concat(Enumerable.Repeat(expected, Rounds)), string.Concat(replies.Select(reply => reply.Wire)));
    }

    [Fact]
    public async Task With_replies_off_nothing_is_said_and_the_flush_still_happens()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient ten = await proxy.ConnectAsync("app10");
        await KeyspaceScene.FillAsync(ten, ["k"]);

        await ten.SendAsync((byte[])[.. Wire.Request("CLIENT", "REPLY", "OFF"), .. Wire.Request("FLUSHDB"), .. Wire.Request("KEYS", "*"), .. Wire.Request("CLIENT", "REPLY", "ON"), .. Wire.Request("DBSIZE")]);

        Assert.Equal(["+OK\r\n", ":0\r\n"], (await ten.ReadRepliesAsync(2)).Select(reply => reply.Wire));
    }

    /// <summary>A hash tag in one of the slots that a node owns.</summary>
    private static async Task<string> OwnTagAsync(LocalRedis server)
    {
        for (int i = 0; ; i++)
        {
            string tag = "tag" + i.ToString(CultureInfo.InvariantCulture);
            if (!(await server.CommandAsync("GET", "{" + tag + "}")).IsError) return tag;
        }
    }
}
