using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

public sealed class BlockingTests
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task A_blocked_client_gets_what_another_pushes_under_its_own_key_name(string protocol)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient blocked = await proxy.ConnectAsync();
        await using RespClient pusher = await proxy.ConnectAsync();
        await blocked.CommandAsync("HELLO", protocol);
        (string[] Wait, string[] Push, string Expected)[] cases =
        [
            (["BLPOP", "other", "list", "0"], ["RPUSH", "list", "v"], "*2\r\n$4\r\nlist\r\n$1\r\nv\r\n"),
            (["BRPOP", "list", "0"], ["RPUSH", "list", "v"], "*2\r\n$4\r\nlist\r\n$1\r\nv\r\n"),
            (["BLMOVE", "list", "list2", "LEFT", "RIGHT", "0"], ["RPUSH", "list", "v"], "$1\r\nv\r\n"),
            (["BLMPOP", "0", "1", "list", "LEFT"], ["RPUSH", "list", "v"], "*2\r\n$4\r\nlist\r\n*1\r\n$1\r\nv\r\n"),
            (["XREAD", "BLOCK", "0", "STREAMS", "stream", "$"], ["XADD", "stream", "1-1", "f", "v"],
                (protocol == "3" ? "%1\r\n$6\r\nstream\r\n" : "*1\r\n*2\r\n$6\r\nstream\r\n") + "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"),
        ];

        foreach ((string[] wait, string[] push, string expected) in cases)
        {
            await blocked.SendAsync(Wire.Request(wait));
            await Eventually.HoldsAsync("the node has a blocked client", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
            await pusher.CommandAsync(push);
            Assert.Equal(expected, (await blocked.ReadReplyAsync()).Wire);
        }
    }

    [Fact]
    public async Task A_blocked_client_holds_up_nobody_and_its_own_later_requests_wait()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient blocked = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();

        await blocked.SendAsync((byte[])[.. Wire.Request("SET", "a", "1"), .. Wire.Request("BLPOP", "list", "0"), .. Wire.Request("GET", "a"), .. Wire.Request("PING")]);
        Assert.Equal("+OK\r\n", (await blocked.ReadReplyAsync()).Wire);
        await Eventually.HoldsAsync("the node has a blocked client", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
        for (int i = 0; i < 100; i++) Assert.Equal("OK", (await other.CommandAsync("SET", "a", "2")).Text);
        await other.CommandAsync("RPUSH", "list", "v");

        IReadOnlyList<RawReply> replies = await blocked.ReadRepliesAsync(3);
        Assert.Equal(["*2\r\n$4\r\nlist\r\n$1\r\nv\r\n", "$1\r\n2\r\n", "+PONG\r\n"], replies.Select(reply => reply.Wire));
    }

    [Fact]
    public async Task A_blocked_client_that_goes_away_takes_its_node_connection_with_it()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient other = await proxy.ConnectAsync();
        await using (RespClient blocked = await proxy.ConnectAsync())
        {
            await blocked.SendAsync(Wire.Request("BLPOP", "list", "0"));
            await Eventually.HoldsAsync("the node has a blocked client", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
        }

        await Eventually.HoldsAsync("the node has no blocked client", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:0", StringComparison.Ordinal));
        await other.CommandAsync("RPUSH", "list", "v");
        Assert.Equal("v", (await other.CommandAsync("LPOP", "list")).Text);
    }

    [Fact]
    public async Task CLIENT_UNBLOCK_frees_the_tenants_own_clients_only()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient blocked = await proxy.ConnectAsync("app1");
        await using RespClient own = await proxy.ConnectAsync("app1");
        await using RespClient foreign = await proxy.ConnectAsync("app2");
        string id = (await blocked.CommandAsync("CLIENT", "ID")).Text;
        await blocked.SendAsync(Wire.Request("BLPOP", "list", "0"));
        await Eventually.HoldsAsync("the node has a blocked client", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));

        Assert.Equal(0, (await foreign.CommandAsync("CLIENT", "UNBLOCK", id)).Integer);
        Assert.Equal(1, (await own.CommandAsync("CLIENT", "UNBLOCK", id, "ERROR")).Integer);
        Assert.StartsWith("-UNBLOCKED", (await blocked.ReadReplyAsync()).Wire, StringComparison.Ordinal);
        Assert.Equal("PONG", (await blocked.CommandAsync("PING")).Text);
        Assert.Equal(0, (await own.CommandAsync("CLIENT", "UNBLOCK", id)).Integer);
    }

    [Fact]
    public async Task A_client_blocked_on_a_slot_that_moves_is_served_by_the_new_owner()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient blocked = await proxy.ConnectAsync();
        await using RespClient pusher = await proxy.ConnectAsync();
        int slot = Scene.SlotOf("list");
        LocalNode owner = await cluster.OwnerAsync(slot);
        LocalNode target = cluster.Primaries.First(node => node != owner);
        await blocked.SendAsync(Wire.Request("BLPOP", "list", "0"));
        await Eventually.HoldsAsync("the node has a blocked client", async () => (await owner.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));

        await cluster.MoveSlotsAsync([slot], owner, target);
        await pusher.CommandAsync("RPUSH", "list", "v");

        Assert.Equal("*2\r\n$4\r\nlist\r\n$1\r\nv\r\n", (await blocked.ReadReplyAsync()).Wire);
    }

    [Fact]
    public async Task A_client_that_goes_away_between_two_tries_breaks_nobody_elses_connection()
    {
        var answered = new TaskCompletionSource();
        await using FakeNode node = Scene.ClusterNode(() => Wire.ClusterSlots(), async request =>
        {
            if (request.Command != "BLPOP") return FakeAnswer.Ok;
            if (request.Argument(1).EndsWith(":gone", StringComparison.Ordinal)) return FakeAnswer.Send(Wire.Error("CLUSTERDOWN The cluster is down"));
            await answered.Task;
            return FakeAnswer.Send(Wire.Array(Wire.Bulk(request.Argument(1)), Wire.Bulk("v")));
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient stays = await proxy.ConnectAsync();
        await using (RespClient goes = await proxy.ConnectAsync())
        {
            await goes.SendAsync(Wire.Request("BLPOP", "gone", "0"));
            await node.ReceivedAsync(request => request.ToString().Contains(":gone", StringComparison.Ordinal));
            await stays.SendAsync(Wire.Request("BLPOP", "stays", "0"));
            await node.ReceivedAsync(request => request.ToString().Contains(":stays", StringComparison.Ordinal));
        }

        await Eventually.HoldsAsync("the client that went is forgotten", () => proxy.Server.ReadCounters().Connections == 1);
        answered.SetResult();

        Assert.Equal("*2\r\n$5\r\nstays\r\n$1\r\nv\r\n", (await stays.ReadReplyAsync()).Wire);
    }
}
