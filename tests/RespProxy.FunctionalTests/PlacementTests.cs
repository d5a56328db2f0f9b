using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>What a client sees is the same wherever the placement puts its namespace; what shares a slot is not. Against real servers.</summary>
public sealed class PlacementTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    /// <summary>One command of each way that keys are written and read by, over keys of one hash tag.</summary>
    private static readonly string[] Conversation =
    [
        "SET {t}a 1", "GET {t}a", "MSET {t}b 2 p{t}s 3 {t}c{u} 4", "MGET {t}a {t}b p{t}s {t}none {t}c{u}", "EXISTS {t}a {t}b {t}none", "DEL {t}b", "RENAME p{t}s {t}moved",
        "GET {t}moved", "RENAME {t}none {t}x", "RPUSH {t}l a b c", "BLPOP {t}none {t}l 1", "LMPOP 2 {t}none {t}l LEFT", "BLMPOP 1 1 q{t}r LEFT", "ZADD z{t} 1 m", "BZPOPMIN z{t} 1",
        "XADD {t}s 1-1 f v", "XREAD STREAMS {t}s 0", "XREAD BLOCK 10 STREAMS {t}s q{t} 0 0", "XREADGROUP GROUP g c STREAMS {t}s >", "XGROUP CREATE {t}s g 0",
        "XREADGROUP GROUP g c STREAMS {t}s >", "XGROUP DESTROY {t}nos g", "LPUSH {t}a x", "COPY {t}a {t}copy", "OBJECT ENCODING {t}copy", "SINTERCARD 2 {t}x {t}y", "SORT {t}l STORE {t}sorted",
        "MULTI", "INCR {t}a", "LMPOP 1 {t}sorted RIGHT", "XREAD STREAMS {t}s 0", "XREADGROUP GROUP nog c STREAMS p{t}q >", "EXEC", "WATCH {t}a", "MULTI", "GET {t}a", "EXEC",
    ];

    public static TheoryData<KeyPlacement, UpstreamMode, int> Everywhere
    {
        get
        {
            var all = new TheoryData<KeyPlacement, UpstreamMode, int>();
            foreach (KeyPlacement placement in Enum.GetValues<KeyPlacement>())
            {
                foreach (UpstreamMode mode in Enum.GetValues<UpstreamMode>())
                {
                    all.Add(placement, mode, 2);
                    all.Add(placement, mode, 3);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Keys_of_one_hash_tag_behave_as_on_a_server_of_ones_own(KeyPlacement placement, UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await StartAsync(mode, placement);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient direct = await RespClient.ConnectAsync(scene.Oracle.Host, scene.Oracle.Port);
        (await direct.CommandAsync("HELLO", $"{protocol}")).OrThrow();
        foreach (string database in (string[])["0", "7"])
        {
            await one.CommandAsync("SELECT", database);
            await direct.CommandAsync("SELECT", database);
            string[] expected = await direct.PipelineAsync(Conversation);
            string[] actual = await one.PipelineAsync(Conversation);
            for (int i = 0; i < Conversation.Length; i++) Assert.Equal($"{Conversation[i]}: {expected[i]}", $"{Conversation[i]}: {actual[i]}");
        }

        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Any_keys_can_be_read_deleted_and_walked_together(KeyPlacement placement, UpstreamMode mode, int protocol)
    {
        string[] keys = ["", "plain", "lock", "{lock}", "a{b}c", "a}b", "}{", "{}", "{}x", "{3}", "{{x}}", "x{y}{z}", "*", "a?b", "a[b", "\\", ":", "/3:k", "c@a:{k}", "cluster1@app1:k"];
        string[] patterns = ["*", "{*", "*}*", "a*", "{lock}", "\\{\\}*", "?????", "[a-p]*", "*k", "x{y}{z}", "cluster1@app1:*", "{cluster1*", "nothing*"];
        await using RunningProxy proxy = await StartAsync(mode, placement);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await KeyspaceScene.FillAsync(ten, [.. keys.Select(key => key + "foreign")]);
        foreach (string database in (string[])["3", "0"])
        {
            (await one.CommandAsync("SELECT", database)).OrThrow();
            await KeyspaceScene.FillAsync(one, database == "3" ? [.. keys, "third"] : keys);
        }

        foreach (string key in keys) (await scene.Oracle.CommandAsync("SET", key, "v")).OrThrow();
        foreach (string pattern in patterns)
        {
            string[] expected = KeyspaceScene.Sorted(KeyspaceScene.Texts(await scene.Oracle.CommandAsync("KEYS", pattern)));
            Assert.Equal(expected, KeyspaceScene.Sorted(KeyspaceScene.Texts(await one.CommandAsync("KEYS", pattern))));
            Assert.Equal(expected, KeyspaceScene.Sorted(await KeyspaceScene.ScanAsync(one, ["MATCH", pattern, "COUNT", "3"])));
        }

        Assert.Equal(keys.Length, (await one.CommandAsync("DBSIZE")).Integer);
        Assert.Contains((await one.CommandAsync("RANDOMKEY")).Text, keys);
        Assert.All((await one.CommandAsync(["MGET", .. keys])).Items, value => Assert.Equal("v", value.Text));
        Assert.Equal(keys.Length, (await one.CommandAsync(["DEL", .. keys])).Integer);
        Assert.True((await one.CommandAsync("RANDOMKEY")).IsNull);
        await one.CommandAsync("SELECT", "3");
        Assert.Equal(keys.Length + 1, (await one.CommandAsync("DBSIZE")).Integer);
        Assert.Equal(keys.Length, (await ten.CommandAsync("DBSIZE")).Integer);
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_flush_takes_the_database_or_all_databases_and_nothing_of_another_tenant(KeyPlacement placement, UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await StartAsync(mode, placement);
        await using RespClient ten = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await KeyspaceScene.FillAsync(one, ["a", "{t}b", "c}"]);
        foreach (string database in (string[])["0", "1", "11"])
        {
            await ten.CommandAsync("SELECT", database);
            await KeyspaceScene.FillAsync(ten, ["a", "{t}b", "c}", database]);
        }

        await ten.CommandAsync("SELECT", "1");
        Assert.Equal("OK", (await ten.CommandAsync("FLUSHDB")).Text);
        Assert.Equal("4 0 4", await SizesAsync(ten, "0", "1", "11"));
        Assert.Equal("OK", (await ten.CommandAsync("FLUSHALL")).Text);
        Assert.Equal("0 0 0", await SizesAsync(ten, "0", "1", "11"));
        Assert.Equal(3, (await scene.RawKeysAsync(mode)).Length);
        Assert.Equal(3, (await one.CommandAsync("DBSIZE")).Integer);
    }

    [Theory]
    [InlineData(KeyPlacement.Spread, false, false)]
    [InlineData(KeyPlacement.Tagged, true, false)]
    [InlineData(KeyPlacement.Pinned, true, true)]
    public async Task In_a_cluster_the_placement_decides_what_shares_a_slot(KeyPlacement placement, bool tagAndItsKey, bool anyTwo)
    {
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Cluster, placement);
        await using RespClient one = await proxy.ConnectAsync("app1");
        Assert.Equal("OK", (await one.CommandAsync("MSET", "lock", "1", "other", "2", "third", "3")).Text);
        async Task<bool> IsOneSlotAsync(string from, string to) => !(await one.CommandAsync("COPY", from, to, "REPLACE")).Text.StartsWith("CROSSSLOT", StringComparison.Ordinal);

        Assert.True(await IsOneSlotAsync("{lock}a", "{lock}b"));
        Assert.Equal(tagAndItsKey, await IsOneSlotAsync("lock", "{lock}:owner"));
        Assert.Equal(anyTwo, await IsOneSlotAsync("lock", "other") && await IsOneSlotAsync("lock", "third"));
        bool anyDatabase = (await one.CommandAsync("MOVE", "other", "5")).Text == "1";
        Assert.Equal(placement != KeyPlacement.Spread, anyDatabase);
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Channels_are_the_same_in_every_database(KeyPlacement placement, UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await StartAsync(mode, placement);
        await using RespClient listener = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient speaker = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient stranger = await KeyspaceScene.ConnectAsync(proxy, "app10", protocol);
        await listener.CommandAsync("SELECT", "2");
        await listener.SendAsync(Scene.Requests("SUBSCRIBE a{t}b", "PSUBSCRIBE p*", "SSUBSCRIBE s{t}c"));
        await listener.ReadRepliesAsync(3);
        await speaker.CommandAsync("SELECT", "9");
        foreach (RespClient client in (RespClient[])[stranger, speaker])
            await client.PipelineAsync("PUBLISH a{t}b one", "PUBLISH p}{q two", "MULTI", "PUBLISH px three", "EXEC", "SPUBLISH s{t}c four");

        string[] payloads = [.. (await listener.ReadRepliesAsync(4)).Select(push => push.Wire)];
        Assert.Contains(payloads, push => push.EndsWith("$5\r\na{t}b\r\n$3\r\none\r\n", StringComparison.Ordinal));
        Assert.Contains(payloads, push => push.EndsWith("$2\r\np*\r\n$4\r\np}{q\r\n$3\r\ntwo\r\n", StringComparison.Ordinal));
        Assert.Contains(payloads, push => push.EndsWith("$2\r\npx\r\n$5\r\nthree\r\n", StringComparison.Ordinal));
        Assert.Contains(payloads, push => push.EndsWith("$8\r\nsmessage\r\n$5\r\ns{t}c\r\n$4\r\nfour\r\n", StringComparison.Ordinal));
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    private static async Task<string> SizesAsync(RespClient client, params string[] databases)
    {
        var sizes = new List<long>();
        foreach (string database in databases)
        {
            (await client.CommandAsync("SELECT", database)).OrThrow();
            sizes.Add((await client.CommandAsync("DBSIZE")).Integer);
        }

        return string.Join(' ', sizes);
    }

    private Task<RunningProxy> StartAsync(UpstreamMode mode, KeyPlacement placement) => scene.StartAsync(mode, tenant => tenant with { Placement = placement });
}
