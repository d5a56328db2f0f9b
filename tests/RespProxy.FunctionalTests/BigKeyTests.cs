using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>RESPPROXY BIGKEYS: seen in requests and replies as they pass.</summary>
public sealed class BigKeyTests : IAsyncLifetime
{
    private static readonly BigKeysSnapshot Few = new() { Bytes = 4_096, Elements = 100 };

    private LocalRedis _upstream = null!;
    private RunningProxy _proxy = null!;
    private RespClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        _proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(_upstream.Host, _upstream.Port)], configuration => configuration with { BigKeys = Few });
        _client = await _proxy.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _proxy.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_large_request_and_a_large_reply_show_their_key_and_small_ones_show_none()
    {
        await DirectAsync("SET", "cluster1@app1:read", new string('x', 20_000));
        await _client.CommandAsync("SET", "written", new string('x', 5_000));
        await _client.CommandAsync("SET", "small", new string('x', 3_000));
        await _client.CommandAsync("GET", "small");
        await _client.CommandAsync("GET", "read");

        Dictionary<string, RedisReply>[] keys = await _client.BigKeysAsync();

        Assert.Equal([("read", "get"), ("written", "set")], keys.Select(key => (key["key"].Text, key["command"].Text)));
        Assert.InRange(keys[0]["bytes"].Integer, 20_000, 20_020);
        Assert.InRange(keys[1]["bytes"].Integer, 5_000, 5_050);
        Assert.All(keys, key => Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - key["seen"].Integer, 0, 60));
    }

    [Fact]
    public async Task Of_commands_with_many_keys_each_shows_its_own_value()
    {
        string large = new('x', 5_000);
        await _client.CommandAsync("MSET", "a", "1", "b", large, "c", new string('x', 2_000));
        Assert.Equal(["b 0 mset"], await _client.SizesAsync());
        await DirectAsync("SET", "cluster1@app1:d", large);
        await _client.CommandAsync("MGET", "a", "b", "c", "d", "e");
        Assert.Equal(["b 0 mget", "d 0 mget"], await _client.SizesAsync());
    }

    [Fact]
    public async Task Of_commands_that_are_split_over_nodes_too()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))], configuration => configuration with { BigKeys = Few });
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("MSET", "{a}1", new string('x', 3_000), "{a}2", "1", "{b}1", new string('x', 3_000), "{c}1", "1");
        await client.PipelineAsync("APPEND {a}1 " + new string('x', 2_000), "APPEND {c}1 " + new string('x', 5_000));
        await client.PipelineAsync("MGET {a}1 {b}1 {c}1 {a}2");
        Assert.Equal(["{a}1 0 mget", "{c}1 0 mget"], await client.SizesAsync());
    }

    [Fact]
    public async Task Elements_are_read_from_aggregates_and_from_what_commands_say_of_their_keys()
    {
        string[] members = [.. Enumerable.Range(0, 150).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        await _client.CommandAsync(["HSET", "hash", .. members.SelectMany(member => new[] { member, "v" })]);
        await _client.CommandAsync(["SADD", "set", .. members]);
        await _client.CommandAsync(["ZADD", "zset", .. members.SelectMany(member => new[] { "1", member })]);
        await _client.CommandAsync(["RPUSH", "pushed", .. members]);
        await _client.CommandAsync(["RPUSH", "short", .. members[..99]]);
        Assert.Equal(["pushed 150 rpush"], await _client.SizesAsync());

        await _client.PipelineAsync("HGETALL hash", "SCARD set", "ZRANGE zset 0 -1 WITHSCORES", "LLEN short", "LRANGE short 0 -1");
        Assert.Equal(["hash 150 hgetall", "pushed 150 rpush", "set 150 scard", "zset 150 zrange"], await _client.SizesAsync());

        await using RespClient resp3 = await _proxy.ConnectAsync();
        await resp3.CommandAsync("HELLO", "3");
        await resp3.PipelineAsync("SUNIONSTORE copy set", "HGETALL hash", "HKEYS hash", "SMEMBERS set");
        Assert.Equal(["copy 150 sunionstore", "hash 150 hkeys", "pushed 150 rpush", "set 150 smembers", "zset 150 zrange"], await _client.SizesAsync());
    }

    [Fact]
    public async Task A_strings_length_as_its_commands_tell_it_is_its_bytes()
    {
        await DirectAsync("SET", "cluster1@app1:s", new string('x', 9_000));
        await _client.PipelineAsync("STRLEN s", "APPEND t x", "SETRANGE u 5000 x");
        Assert.Equal([("s", 9_000L), ("u", 5_001L)], (await _client.BigKeysAsync()).Select(key => (key["key"].Text, key["bytes"].Integer)));
    }

    [Fact]
    public async Task Commands_of_a_transaction_show_their_keys()
    {
        await DirectAsync("SET", "cluster1@app1:large", new string('x', 9_000));
        await _client.CommandAsync(["RPUSH", "list", .. Enumerable.Repeat("x", 99)]);
        await _client.PipelineAsync("MULTI", "GET small", "RPUSH list y", "PING", "GET large", "EXEC");
        Assert.Equal(["large 0 get", "list 100 rpush"], await _client.SizesAsync());
    }

    [Fact]
    public async Task What_a_script_answers_and_what_is_published_show_no_key()
    {
        await _client.CommandAsync("EVAL", "return string.rep('x', 9000)", "1", "k");
        await _client.CommandAsync("PUBLISH", "channel", new string('x', 9_000));
        Assert.Empty(await _client.BigKeysAsync());
    }

    [Fact]
    public async Task A_client_that_tracks_shows_its_big_keys_too()
    {
        await DirectAsync("SET", "cluster1@app1:large", new string('x', 9_000));
        await _client.CommandAsync("HELLO", "3");
        await _client.PipelineAsync("CLIENT TRACKING ON", "GET large");
        Assert.Equal(["large 0 get"], await _client.SizesAsync());
    }

    private async Task DirectAsync(params string[] arguments)
    {
        await using RespClient direct = await RespClient.ConnectAsync(_upstream.Host, _upstream.Port);
        await direct.CommandAsync(arguments);
    }
}
