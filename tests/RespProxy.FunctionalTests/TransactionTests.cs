using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

public sealed class TransactionTests
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task A_transaction_answers_as_redis_does(string protocol)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(plain.Host, plain.Port);
        await client.CommandAsync("HELLO", protocol);
        await direct.CommandAsync("HELLO", protocol);
        string[][] commands =
        [
            ["MULTI"], ["SET", "a", "1"], ["INCR", "a"], ["PING"], ["HSET", "h", "f", "v"], ["HGETALL", "h"], ["EXEC"],
            ["MULTI"], ["EXEC"],
            ["MULTI"], ["PING", "only local"], ["EXEC"],
            ["MULTI"], ["GET"], ["SET", "a", "9"], ["EXEC"], ["GET", "a"],
            ["MULTI"], ["NOSUCH"], ["EXEC"],
            ["MULTI"], ["SET", "a", "9"], ["DISCARD"], ["GET", "a"],
            ["EXEC"], ["DISCARD"], ["MULTI"], ["MULTI"], ["WATCH", "a"], ["EXEC"],
            ["MULTI"], ["LPUSH", "a", "x"], ["INCR", "a"], ["EXEC"],
            ["RPUSH", "l", "1", "2"], ["MULTI"], ["BLPOP", "l", "none", "0"], ["LMPOP", "1", "l", "LEFT"], ["XADD", "s", "1-1", "f", "v"], ["XREAD", "STREAMS", "s", "0"], ["EXEC"],
            ["WATCH", "a"], ["MULTI"], ["INCR", "a"], ["EXEC"],
            ["WATCH", "a"], ["SET", "a", "5"], ["MULTI"], ["INCR", "a"], ["EXEC"], ["GET", "a"],
            ["WATCH", "a"], ["SET", "a", "5"], ["UNWATCH"], ["MULTI"], ["INCR", "a"], ["EXEC"],
            ["WATCH", "a"], ["MULTI"], ["DISCARD"], ["SET", "a", "1"], ["MULTI"], ["INCR", "a"], ["UNWATCH"], ["EXEC"],
        ];

        byte[] all = [.. commands.SelectMany(command => Wire.Request(command))];
        await client.SendAsync(all);
        await direct.SendAsync(all);
        IReadOnlyList<RawReply> expected = await direct.ReadRepliesAsync(commands.Length);
        IReadOnlyList<RawReply> actual = await client.ReadRepliesAsync(commands.Length);

        for (int i = 0; i < commands.Length; i++) Assert.Equal($"{i} {string.Join(' ', commands[i])}: {expected[i].Wire}", $"{i} {string.Join(' ', commands[i])}: {actual[i].Wire}");
    }

    [Fact]
    public async Task On_a_cluster_a_transaction_over_two_slots_is_refused_when_queued()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient client = await proxy.ConnectAsync();

        await client.CommandAsync("MULTI");
        Assert.Equal("QUEUED", (await client.CommandAsync("SET", "{a}1", "x")).Text);
        Assert.StartsWith("CROSSSLOT", (await client.CommandAsync("SET", "{b}1", "x")).Text, StringComparison.Ordinal);
        Assert.StartsWith("EXECABORT", (await client.CommandAsync("EXEC")).Text, StringComparison.Ordinal);
        Assert.True((await client.CommandAsync("GET", "{a}1")).IsNull);

        await client.CommandAsync("MULTI");
        await client.CommandAsync("MSET", "{a}1", "x", "{a}2", "y");
        await client.CommandAsync("MGET", "{a}1", "{a}2");
        RedisReply reply = await client.CommandAsync("EXEC");
        Assert.Equal(["OK", "x", "y"], [reply.Items[0].Text, .. reply.Items[1].Items.Select(item => item.Text)]);
    }

    [Fact]
    public async Task A_transaction_is_redirected_as_one_when_its_slot_has_moved()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "{a}1", "1");
        int slot = Scene.SlotOf("{a}1");
        LocalNode owner = await cluster.OwnerAsync(slot);
        LocalNode target = cluster.Primaries.First(node => node != owner);

        await client.CommandAsync("MULTI");
        await client.CommandAsync("INCR", "{a}1");
        await client.CommandAsync("INCR", "{a}2");
        await cluster.MoveSlotsAsync([slot], owner, target);
        RedisReply reply = await client.CommandAsync("EXEC");

        Assert.Equal([2L, 1L], reply.Items.Select(item => item.Integer));
    }

    [Fact]
    public async Task A_watch_whose_slot_has_moved_or_whose_connection_broke_is_a_lost_race()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient client = await proxy.ConnectAsync();
        int slot = Scene.SlotOf("{a}1");
        LocalNode owner = await cluster.OwnerAsync(slot);
        LocalNode target = cluster.Primaries.First(node => node != owner);

        await client.CommandAsync("WATCH", "{a}1");
        await client.CommandAsync("MULTI");
        await client.CommandAsync("INCR", "{a}1");
        await cluster.MoveSlotsAsync([slot], owner, target);
        Assert.True((await client.CommandAsync("EXEC")).IsNull);

        await client.CommandAsync("WATCH", "{a}1");
        await target.CommandAsync("CLIENT", "KILL", "TYPE", "normal");
        await client.CommandAsync("MULTI");
        await client.CommandAsync("INCR", "{a}1");
        Assert.True((await client.CommandAsync("EXEC")).IsNull);
        Assert.True((await client.CommandAsync("GET", "{a}1")).IsNull);
    }
}
