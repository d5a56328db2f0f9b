using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using static RespProxy.FunctionalTests.NearCacheScene;

namespace RespProxy.FunctionalTests;

/// <summary>The near cache when connections are lost, nodes hang and slots move: nothing is served of which the node might not have told.</summary>
public sealed class NearCacheFaultTests
{
    [Fact]
    public async Task With_its_tracking_connection_everything_kept_is_lost()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await ProxyAsync(redis);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "old");
        await proxy.CachedAsync(client, "GET", "k");
        string tracking = (await redis.CommandAsync("CLIENT", "LIST")).Text.Split('\n').Single(line => line.Contains(" resp=3", StringComparison.Ordinal) && line.Contains("flags=t", StringComparison.Ordinal));
        long flushes = proxy.Cache().Flushes;
        await redis.CommandAsync("CLIENT", "KILL", "ID", tracking.Split(' ')[0]["id=".Length..]);
        await redis.CommandAsync("SET", Scene.Prefix + "k", "new");
        await Eventually.HoldsAsync("the loss is noticed", () => proxy.Cache().Flushes > flushes);

        Assert.Equal(("new", false), await proxy.ReadAsync(client, "GET", "k"));
        await proxy.CachedAsync(client, "GET", "k");
        await redis.CommandAsync("SET", Scene.Prefix + "k", "newer");
        await Eventually.HoldsAsync("the new connection is heard", async () => (await client.CommandAsync("GET", "k")).Text == "newer");
    }

    [Fact]
    public async Task A_node_that_is_not_heard_for_the_greatest_lag_has_nothing_served_of_what_it_sent()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await ProxyAsync(redis, Patient with { MaxLag = TimeSpan.FromMilliseconds(300) });
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v");
        await proxy.CachedAsync(client, "GET", "k");
        // Longer than the lag: a node that only is not asked for anything stays trusted.
        DateTime end = DateTime.UtcNow + TimeSpan.FromMilliseconds(700);
        await Eventually.HoldsAsync("time passes", () => DateTime.UtcNow > end);
        Assert.True(proxy.Cache().Bytes > 0);
        redis.Suspend();
        try
        {
            await Eventually.HoldsAsync("nothing is kept", () => proxy.Cache().Bytes == 0);
            // Long before the request timeout would have ended the connection.
            Assert.Equal(0, proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost);
        }
        finally
        {
            redis.Resume();
        }

        await proxy.CachedAsync(client, "GET", "k");
    }

    [Fact]
    public async Task A_flush_at_the_node_and_one_through_the_proxy_empty_the_cache()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await ProxyAsync(redis);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v");
        await proxy.CachedAsync(client, "GET", "k");
        Assert.Equal("", string.Concat((await client.PipelineAsync("FLUSHALL", "GET k"))[1].Where(char.IsLetter)));

        await client.CommandAsync("SET", "k", "v");
        await proxy.CachedAsync(client, "GET", "k");
        long flushes = proxy.Cache().Flushes;
        await redis.CommandAsync("FLUSHALL");
        await Eventually.HoldsAsync("the node has told", () => proxy.Cache().Flushes > flushes);
        Assert.Equal(("", false), await proxy.ReadAsync(client, "GET", "k"));
    }

    [Fact]
    public async Task While_a_slot_moves_a_client_reads_what_it_has_written_at_the_other_node_and_afterwards_the_new_node_is_heard()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await ProxyAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await proxy.ConnectedAsync(nodes: 3);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();
        int slot = Scene.SlotOf("{tag}");
        LocalNode from = await cluster.OwnerAsync(slot);
        LocalNode to = cluster.Primaries.First(node => node != from);
        string neighbour = await KeyAtAsync(cluster, from, slot);
        // Of a key that does not exist the node that had the slot will tell nothing.
        await proxy.CachedAsync(client, "STRLEN", "{tag}k");
        await proxy.CachedAsync(client, "GET", "{tag}k");
        await proxy.CachedAsync(other, "GET", neighbour);
        SlotMove move = cluster.BeginMove(slot, from, to);
        await move.MarkAsync();

        Assert.Equal("OK", (await client.CommandAsync("SET", "{tag}k", "value")).Text);
        // What that node answers now says that it has told of everything.
        await from.CommandAsync("SET", Scene.Prefix + neighbour, "x");
        await Eventually.HoldsAsync("the node has told", async () => (await other.CommandAsync("GET", neighbour)).Text == "x");
        Assert.Equal(5, (await client.CommandAsync("STRLEN", "{tag}k")).Integer);
        Assert.Equal("value", (await client.CommandAsync("GET", "{tag}k")).Text);

        while (await move.MigrateKeysAsync(100) > 0)
        {
        }

        await move.FinishAsync();
        await proxy.CachedAsync(client, "GET", "{tag}k");
        await to.CommandAsync("SET", Scene.Prefix + "{tag}k", "there");
        await Eventually.HoldsAsync("the new owner is heard", async () => (await client.CommandAsync("GET", "{tag}k")).Text == "there");
    }

    [Fact]
    public async Task Of_a_slot_that_has_moved_nothing_is_served_that_its_former_node_has_sent()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await ProxyAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await proxy.ConnectedAsync(nodes: 3);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();
        int slot = Scene.SlotOf("{tag}");
        LocalNode from = await cluster.OwnerAsync(slot);
        LocalNode to = cluster.Primaries.First(node => node != from);
        // Of a key that does not exist the former node will tell nothing.
        await proxy.CachedAsync(client, "STRLEN", "{tag}k");
        await cluster.MoveSlotsAsync([slot], from, to);
        await to.CommandAsync("SET", Scene.Prefix + "{tag}k", "value");

        // Another key of the slot tells the proxy where the slot is now.
        await Eventually.HoldsAsync("the move is known", async () => (await other.CommandAsync("SET", "{tag}j", "x")).Text == "OK");
        Assert.Equal(5, (await client.CommandAsync("STRLEN", "{tag}k")).Integer);
    }

    /// <summary>A key at the node, in another slot.</summary>
    private static async Task<string> KeyAtAsync(LocalRedisCluster cluster, LocalNode node, int notIn)
    {
        for (int i = 0; ; i++)
        {
            string key = "other" + i;
            int slot = Scene.SlotOf(key);
            if (slot != notIn && await cluster.OwnerAsync(slot) == node) return key;
        }
    }
}
