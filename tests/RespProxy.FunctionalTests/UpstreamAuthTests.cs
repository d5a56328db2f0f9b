using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

public sealed class UpstreamAuthTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("platform")]
    public async Task A_cluster_that_wants_a_password_gets_it_on_every_kind_of_connection(string? username)
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0, Username = username, Password = "of the nodes" });
        await using RunningProxy proxy = await StartAsync(cluster, username, "of the nodes");
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient subscriber = await proxy.ConnectAsync();

        for (int i = 0; i < 30; i++) (await client.CommandAsync("SET", "key" + i, "v")).OrThrow();
        await client.CommandAsync("HELLO", "3");
        Assert.Equal("v", (await client.CommandAsync("GET", "key1")).Text);
        Assert.Equal("OK", (await client.CommandAsync("WATCH", "key1")).Text);
        await subscriber.CommandAsync("SUBSCRIBE", "news");
        (await client.CommandAsync("PUBLISH", "news", "hello")).OrThrow();
        Assert.Equal("hello", (await subscriber.ReadReplyAsync()).Tree.Items[2].Text);
    }

    [Fact]
    public async Task A_wrong_upstream_password_is_logged_without_the_password_and_requests_end_in_a_clear_error()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions { Password = "right one" });
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone, [(redis.Host, redis.Port)], configuration => configuration with
            {
                Upstreams = [configuration.Upstreams[0] with { Password = "wrong one", RequestTimeout = TimeSpan.FromMilliseconds(300) }],
            });
        await using RespClient client = await proxy.ConnectAsync();

        RedisReply reply = await client.CommandAsync("SET", "a", "1");

        Assert.Equal("ERR upstream unavailable, the command was not executed, try again later", reply.Text);
        Assert.Contains(proxy.Log, line => line.Contains("WRONGPASS", StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Log, line => line.Contains("wrong one", StringComparison.Ordinal));
    }

    private static Task<RunningProxy> StartAsync(LocalRedisCluster cluster, string? username, string password) => RunningProxy.StartAsync(
        UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))], configuration => configuration with
        {
            Upstreams = [configuration.Upstreams[0] with { Username = username, Password = password }],
        });
}
