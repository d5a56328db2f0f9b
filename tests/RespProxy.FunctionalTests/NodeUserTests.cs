using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>The proxy before a cluster whose nodes let it do what config/redis/respproxy.acl says, and nothing else.</summary>
public sealed class NodeUserTests : IAsyncLifetime
{
    private LocalRedisCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        string[] user = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "config", "redis", "respproxy.acl"))).Split(' ', StringSplitOptions.TrimEntries)[1..];
        foreach (LocalNode node in _cluster.Nodes) (await node.CommandAsync(["ACL", "SETUSER", .. user])).OrThrow();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task The_rights_of_the_documented_user_are_enough_for_all_that_tenants_do()
    {
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. _cluster.Nodes.Select(node => (node.Host, node.Port))], configuration => configuration with
        {
            Upstreams = [configuration.Upstreams[0] with { Username = "respproxy", Password = "password", PlacementMarkers = true }],
            Tenants = [configuration.Tenants[0] with { AllowFlush = true, NearCache = new NearCacheSnapshot() }, configuration.Tenants[1]],
        });
        await using RespClient client = await proxy.ConnectAsync();
        string[] works =
        [
            "HELLO 3", "SET a 1", "GET a", "MGET a b c", "RPUSH l 2 1", "SORT l", "SORT_RO l", "OBJECT ENCODING a", "MEMORY USAGE a", "DUMP a", "RESTORE r 0 x", "COPY {t}a {t}b",
            "XADD s * f v", "XINFO STREAM s", "PFADD h 1", "GEOADD g 1 1 x", "EVAL return(redis.call('get',KEYS[1])) 1 a", "EVALSHA_RO 0 0", "WATCH a", "UNWATCH",
            "KEYS *", "SCAN 0", "DBSIZE", "RANDOMKEY", "BLPOP l 1", "WAIT 0 1", "PUBLISH c m", "SPUBLISH c m", "CLIENT TRACKING ON", "GET a", "CLIENT TRACKING OFF", "SUBSCRIBE c",
            "PSUBSCRIBE __keyspace@0__:*", "SSUBSCRIBE c", "UNSUBSCRIBE c", "INFO", "CLIENT LIST", "CONFIG GET maxmemory", "FLUSHDB",
        ];
        foreach (string command in works)
            Assert.DoesNotContain("NOPERM", (await client.CommandAsync(command.Split(' '))).ToString(), StringComparison.Ordinal);

        await using RespClient blocked = await proxy.ConnectAsync("app2");
        string id = (await blocked.CommandAsync("CLIENT", "ID")).Text;
        await blocked.SendAsync(Wire.Request("BLPOP", "never", "0"));
        await Eventually.HoldsAsync("the client waits", () => proxy.Server.ReadCounters().Upstreams[0].Leased == 1);
        await using RespClient other = await proxy.ConnectAsync("app2");
        Assert.Equal("1", (await other.CommandAsync("CLIENT", "UNBLOCK", id)).Text);
        Assert.True((await blocked.ReadReplyAsync()).Tree.IsNull);
        await Eventually.HoldsAsync("its node connection is free again", () => proxy.Server.ReadCounters().Upstreams[0].Leased == 0);
        foreach (LocalNode node in _cluster.Nodes)
            Assert.Empty((await node.CommandAsync("ACL", "LOG")).Items);
    }

    [Fact]
    public async Task The_documented_user_may_not_do_what_would_reach_every_tenant()
    {
        await using RespClient client = await RespClient.ConnectAsync(_cluster.Nodes[0].Host, _cluster.Nodes[0].Port);
        (await client.CommandAsync("AUTH", "respproxy", "password")).OrThrow();
        foreach (string command in new[] { "FLUSHALL", "CONFIG SET maxmemory 1", "SHUTDOWN NOSAVE", "REPLICAOF NO ONE", "CLUSTER FAILOVER", "CLIENT KILL TYPE normal", "ACL DELUSER default", "MONITOR" })
            Assert.StartsWith("NOPERM", (await client.CommandAsync(command.Split(' '))).Text, StringComparison.Ordinal);
    }
}
