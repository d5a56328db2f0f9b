using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing.Proxy;
using StackExchange.Redis;

namespace RespProxy.IntegrationTests;

/// <summary>Cluster clients of other people on a listener with <c>clientView: cluster</c>, whatever is behind it.</summary>
public sealed class ClusterViewTests(Servers servers)
{
    [Theory]
    [InlineData(UpstreamMode.Cluster, "node", "node/ioredis-cluster.js", "2")]
    [InlineData(UpstreamMode.Standalone, "node", "node/ioredis-cluster.js", "2")]
    [InlineData(UpstreamMode.Cluster, "node", "node/node-redis-cluster.js", "2")]
    [InlineData(UpstreamMode.Cluster, "node", "node/node-redis-cluster.js", "3")]
    [InlineData(UpstreamMode.Standalone, "node", "node/node-redis-cluster.js", "3")]
    [InlineData(UpstreamMode.Cluster, "/usr/bin/python3", "python/redis_py_cluster.py", "2")]
    [InlineData(UpstreamMode.Standalone, "/usr/bin/python3", "python/redis_py_cluster.py", "2")]
    public async Task A_cluster_client_finds_one_node_with_every_slot(UpstreamMode mode, string interpreter, string script, string protocol)
    {
        await using RunningProxy proxy = await StartAsync(mode);
        string path = Path.Combine(Programs.RepoRoot, "tests", "clients", script);
        foreach (string[] credentials in new[] { ["127.0.0.1", $"{proxy.PortOf("app1")}"], new[] { "127.0.0.1", $"{proxy.SharedPort}", "app2", RunningProxy.PasswordOf("app2") } })
            Assert.Matches(@"^ok [1-9]\d* checks\s*$", await Programs.RunAsync(interpreter, [path, .. credentials], ("RESP", protocol)));
    }

    [Theory]
    [InlineData(UpstreamMode.Cluster, RedisProtocol.Resp2)]
    [InlineData(UpstreamMode.Cluster, RedisProtocol.Resp3)]
    [InlineData(UpstreamMode.Standalone, RedisProtocol.Resp2)]
    public async Task StackExchange_Redis_takes_it_for_a_cluster_of_one_node(UpstreamMode mode, RedisProtocol protocol)
    {
        await using RunningProxy proxy = await StartAsync(mode);
        var options = new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", proxy.PortOf("app1") } },
            Protocol = protocol,
            AllowAdmin = true, // or it does not let CLUSTER NODES through
            AsyncTimeout = 20_000,
            ConnectTimeout = 20_000,
        };
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync(options);
        IServer server = Assert.Single(connection.GetServers());
        IDatabase redis = connection.GetDatabase();
        RedisKey[] keys = [.. Enumerable.Range(0, 300).Select(i => (RedisKey)$"sec:{mode}:{protocol}:{i}")];

        Assert.Equal(ServerType.Cluster, server.ServerType);
        Assert.Equal([true, false], [server.IsConnected, server.IsReplica]);
        SlotRange slots = Assert.Single(Assert.Single((await server.ClusterNodesAsync())!.Nodes).Slots);
        Assert.Equal((0, 16383), (slots.From, slots.To));

        Assert.All(await Task.WhenAll(keys.Select((key, i) => redis.StringSetAsync(key, i))), Assert.True);
        Assert.Equal(Enumerable.Range(0, 300), (await Task.WhenAll(keys.Select(key => redis.StringGetAsync(key)))).Select(value => (int)value));
        ITransaction transaction = redis.CreateTransaction();
        Task<long> incremented = transaction.StringIncrementAsync("{t}1");
        Assert.True(await transaction.ExecuteAsync());
        Assert.True(await incremented > 0);

        var heard = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await connection.GetSubscriber().SubscribeAsync(RedisChannel.Literal("news"), (_, text) => heard.TrySetResult(text));
        await connection.GetSubscriber().PublishAsync(RedisChannel.Literal("news"), "hello");
        Assert.Equal("hello", await heard.Task.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private Task<RunningProxy> StartAsync(UpstreamMode mode)
    {
        LocalRedis[] nodes = mode == UpstreamMode.Standalone ? [servers.Standalone] : [.. servers.Cluster.Nodes.Select(node => node.Server)];
        return RunningProxy.StartAsync(mode, [.. nodes.Select(node => (node.Host, node.Port))], configuration => configuration with
        {
            Listeners = [.. configuration.Listeners.Select(listener => listener with { ClientView = ClientView.Cluster })],
        });
    }
}
