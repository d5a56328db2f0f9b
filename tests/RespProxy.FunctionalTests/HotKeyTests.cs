using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>RESPPROXY HOTKEYS: counted where requests are routed, told to their tenant.</summary>
public sealed class HotKeyTests
{
    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 1.2)]
    public async Task Of_a_Zipf_load_it_tells_the_true_top_ten(int loops, double exponent)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node, configuration => configuration with { Loops = loops, HotKeys = new HotKeysSnapshot { Sample = 1 } });

        (Dictionary<string, RedisReply>[] top, Dictionary<string, long> exact) = await ReadZipfAsync(proxy, exponent);

        // Where two keys were read equally often, either may stand before the other.
        long tenth = exact.Values.OrderDescending().ElementAt(9);
        Assert.Equal(10, top.Length);
        Assert.All(top, key => Assert.InRange(exact[key["key"].Text], tenth, long.MaxValue));
        Assert.All(top, key => Assert.InRange(exact[key["key"].Text], key["count"].Integer - key["error"].Integer, key["count"].Integer));
    }

    [Fact]
    public async Task Of_a_Zipf_load_that_is_sampled_it_tells_keys_as_hot_as_the_true_top_ten()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);

        (Dictionary<string, RedisReply>[] top, Dictionary<string, long> exact) = await ReadZipfAsync(proxy, exponent: 1.2);

        long tenth = exact.Values.OrderDescending().ElementAt(9);
        Assert.Equal(10, top.Length);
        Assert.All(top, key => Assert.InRange(exact[key["key"].Text], tenth / 2, long.MaxValue));
        Assert.Equal("key:00000000", top[0]["key"].Text);
        Assert.InRange(top[0]["count"].Integer, exact["key:00000000"] * 0.8, exact["key:00000000"] * 1.2);
    }

    [Fact]
    public async Task Reads_and_writes_are_told_apart_and_every_key_of_a_command_counts()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("GET a", "GET a", "MGET a b c", "SET a 1", "DEL b c", "PUBLISH news a", "PING");

        Assert.Equal(["a=3", "b=1", "c=1"], await client.CountsAsync("reads"));
        Assert.Equal(["a=1", "b=1", "c=1"], await client.CountsAsync("writes"));
    }

    [Fact]
    public async Task Keys_of_split_queued_scripted_and_blocking_commands_count()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(each => (each.Host, each.Port))]);
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("MSET {a}1 x {b}1 y {c}1 z", "MGET {a}1 {b}1 {c}1");
        await client.PipelineAsync("MULTI", "INCR {q}1", "GET {q}2", "EXEC");
        await client.PipelineAsync("BLPOP {l} 0.01");
        await client.CommandAsync("EVAL", "return 1", "1", "scripted");

        Assert.Equal(["{a}1=1", "{b}1=1", "{c}1=1", "{q}2=1"], await client.CountsAsync("reads"));
        Assert.Equal(["scripted=1", "{a}1=1", "{b}1=1", "{c}1=1", "{l}=1", "{q}1=1"], await client.CountsAsync("writes"));
    }

    [Fact]
    public async Task Bytes_are_those_of_requests_and_replies()
    {
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(upstream.Host, upstream.Port)]);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "large", new string('x', 10_000));
        for (int i = 0; i < 3; i++) await client.CommandAsync("GET", "large");
        for (int i = 0; i < 100; i++) await client.CommandAsync("GET", "small");

        Dictionary<string, RedisReply>[] top = await client.HotKeysAsync("bytes");

        Assert.Equal(["large", "small"], top.Select(key => key["key"].Text));
        Assert.InRange(top[0]["count"].Integer, 40_000, 42_000);
        Assert.InRange(top[1]["count"].Integer, 1_000, 6_000);
    }

    [Theory]
    [InlineData(KeyPlacement.Spread)]
    [InlineData(KeyPlacement.Tagged)]
    [InlineData(KeyPlacement.Pinned)]
    public async Task Keys_bear_the_clients_names_and_databases_in_every_placement_and_none_of_another_tenant(KeyPlacement placement)
    {
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(upstream.Host, upstream.Port)], configuration => configuration with
        {
            BigKeys = new BigKeysSnapshot { Bytes = 1024 },
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Placement = placement })],
        });
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient stranger = await proxy.ConnectAsync("app2");
        string value = new('v', 2_000);
        await client.CommandAsync("SET", "big{t}", value);
        await client.PipelineAsync("SELECT 3", "SET k{t} 1", "GET k{t}", "SELECT 0", "GET k{t}", "GET big{t}");
        await stranger.PipelineAsync("GET theirs");

        Assert.Equal([("k{t}", 0L), ("k{t}", 3L), ("big{t}", 0L)], (await client.HotKeysAsync("reads")).Select(key => (key["key"].Text, key["database"].Integer)).OrderByDescending(key => key.Text.Length == 4).ThenBy(key => key.Integer));
        Dictionary<string, RedisReply> most = (await client.HotKeysAsync("bytes"))[0];
        Assert.Equal("big{t}", most["key"].Text);
        Assert.InRange(most["count"].Integer, 4_000, 4_200);
        Assert.Equal(["theirs=1"], await stranger.CountsAsync("reads"));
        Assert.Equal("big{t}", Assert.Single(await client.BigKeysAsync())["key"].Text);
        Assert.Empty(await stranger.BigKeysAsync());
        Assert.Empty(await stranger.CountsAsync("writes"));
    }

    [Fact]
    public async Task In_RESP3_it_answers_maps_and_in_RESP2_flat_arrays_of_the_same()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("GET k");
        const string Entry = "$3\r\nkey\r\n$1\r\nk\r\n$6\r\nlength\r\n:1\r\n$8\r\ndatabase\r\n:0\r\n$5\r\ncount\r\n:1\r\n$5\r\nerror\r\n:0\r\n$10\r\nper-second\r\n:1\r\n";

        string resp2 = Assert.Single(await client.PipelineAsync("RESPPROXY HOTKEYS READS"));
        await client.CommandAsync("HELLO", "3");
        string resp3 = Assert.Single(await client.PipelineAsync("respproxy hotkeys reads count 5"));
        string all = Assert.Single(await client.PipelineAsync("RESPPROXY HOTKEYS"));

        Assert.EndsWith($"$5\r\nreads\r\n*4\r\n$5\r\ntotal\r\n:1\r\n$4\r\nkeys\r\n*1\r\n*12\r\n{Entry}", resp2, StringComparison.Ordinal);
        Assert.StartsWith("*6\r\n$7\r\nseconds\r\n:", resp2, StringComparison.Ordinal);
        Assert.EndsWith($"$5\r\nreads\r\n%2\r\n$5\r\ntotal\r\n:1\r\n$4\r\nkeys\r\n*1\r\n%6\r\n{Entry}", resp3, StringComparison.Ordinal);
        Assert.StartsWith("%3\r\n$7\r\nseconds\r\n:", resp3, StringComparison.Ordinal);
        Assert.StartsWith("%5\r\n$7\r\nseconds\r\n:", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_switched_off_tells_nothing_and_fails_nothing()
    {
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [(upstream.Host, upstream.Port)],
            configuration => configuration with { HotKeys = new HotKeysSnapshot { Enabled = false }, BigKeys = new BigKeysSnapshot { Enabled = false } });
        await using RespClient client = await proxy.ConnectAsync();

        string[] replies = await client.PipelineAsync("GET k", "MULTI", "GET k", "EXEC", "RESPPROXY BIGKEYS");

        Assert.Equal("*0\r\n", replies[^1]);
        Assert.Empty(await client.HotKeysAsync("reads"));
    }

    /// <summary>Four clients read; the ten keys that are told, and how often each was read.</summary>
    private static async Task<(Dictionary<string, RedisReply>[] Top, Dictionary<string, long> Exact)> ReadZipfAsync(RunningProxy proxy, double exponent)
    {
        var exact = new Dictionary<string, long>();
        for (int connection = 0; connection < 4; connection++)
        {
            await using RespClient client = await proxy.ConnectAsync();
            var zipf = new ZipfKeys(5_000, exponent, seed: 100 + connection);
            for (int batch = 0; batch < 20; batch++)
            {
                string[] keys = [.. Enumerable.Range(0, 500).Select(_ => ZipfKeys.NameOf(zipf.NextRank()))];
                foreach (string key in keys) exact[key] = exact.GetValueOrDefault(key) + 1;
                await client.SendAsync(keys.SelectMany(key => Wire.Request("GET", key)).ToArray());
                await client.ReadRepliesAsync(keys.Length);
            }
        }

        await using RespClient reader = await proxy.ConnectAsync();
        return (await reader.HotKeysAsync("reads"), exact);
    }

    private static Task<RunningProxy> StartAsync(FakeNode node, Func<ProxySnapshot, ProxySnapshot>? adjust = null) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], adjust ?? (configuration => configuration));
}
