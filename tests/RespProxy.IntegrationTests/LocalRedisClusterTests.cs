using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests;

/// <summary>A throwaway cluster is a real one: it serves, moves slots and fails over.</summary>
public sealed class LocalRedisClusterTests(Servers servers)
{
    private static readonly LocalClusterOptions TwoPrimaries = new() { Primaries = 2, Replicas = 0 };

    [Fact]
    public async Task The_slots_are_spread_over_the_primaries_and_each_has_a_replica()
    {
        LocalRedisCluster cluster = servers.Cluster;
        RedisReply ranges = await cluster.Nodes[5].CommandAsync("CLUSTER", "SLOTS");

        Assert.Equal(3, cluster.Primaries.Count());
        Assert.Equal(3, cluster.Replicas.Count());
        Assert.Equal(3, ranges.Items.Count);
        Assert.All(ranges.Items, range => Assert.Equal(4, range.Items.Count)); // first, last, primary, replica
        Assert.Equal(cluster.Primaries.Select(node => node.Id).Order(), ranges.Items.Select(range => range.Items[2].Items[2].Text).Order());
    }

    [Fact]
    public async Task A_key_belongs_to_the_owner_of_its_slot_and_others_answer_MOVED()
    {
        int slot = await servers.Cluster.SlotOfAsync("foo");
        LocalNode owner = await servers.Cluster.OwnerAsync(slot);
        LocalNode other = servers.Cluster.Primaries.First(node => node != owner);

        Assert.Equal(12182, slot); // the Redis Cluster specification's example
        Assert.Equal("OK", (await owner.CommandAsync("SET", "foo", "bar")).Text);
        Assert.Equal($"MOVED 12182 {owner.Host}:{owner.Port}", (await other.CommandAsync("GET", "foo")).Text);
    }

    [Fact]
    public async Task A_slot_moves_in_steps()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(TwoPrimaries);
        int slot = await cluster.SlotOfAsync("{x}1");
        LocalNode from = await cluster.OwnerAsync(slot);
        LocalNode to = cluster.Nodes.Single(node => node != from);
        foreach (string key in new[] { "{x}1", "{x}2", "{x}3" })
            await from.CommandAsync("SET", key, key);

        SlotMove move = cluster.BeginMove(slot, from, to);
        await move.MarkAsync();
        await move.MigrateAsync(["{x}2"]);
        Assert.Equal("{x}1", (await from.CommandAsync("GET", "{x}1")).Text);
        Assert.Equal($"ASK {slot} {to.Host}:{to.Port}", (await from.CommandAsync("GET", "{x}2")).Text);
        Assert.StartsWith("TRYAGAIN", (await from.CommandAsync("MGET", "{x}1", "{x}2")).Text, StringComparison.Ordinal);

        Assert.Equal(2, await move.MigrateKeysAsync(10));
        Assert.Equal(0, await move.MigrateKeysAsync(10));
        await move.FinishAsync();
        Assert.Equal($"MOVED {slot} {to.Host}:{to.Port}", (await from.CommandAsync("GET", "{x}1")).Text);
        Assert.Equal("{x}3", (await to.CommandAsync("GET", "{x}3")).Text);
    }

    [Fact]
    public async Task Redis_cli_reshards_a_cluster_with_a_password()
    {
        LocalClusterOptions options = TwoPrimaries with { Username = "admin", Password = "pass word" };
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(options);
        (LocalNode from, LocalNode to) = (await cluster.OwnerAsync(0), await cluster.OwnerAsync(16_383));

        await cluster.ReshardAsync(5, from, to);
        await cluster.WaitUntilHealthyAsync();
        Assert.Same(to, await cluster.OwnerAsync(0));
        Assert.Same(from, await cluster.OwnerAsync(5));
    }

    [Fact]
    public async Task A_killed_primary_is_replaced_and_comes_back_as_a_replica()
    {
        var options = new LocalClusterOptions { NodeTimeout = TimeSpan.FromSeconds(1) };
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(options);
        LocalNode primary = await cluster.OwnerAsync(0);

        await primary.KillAsync();
        await Eventually.HoldsAsync("a replica has taken over", async () => await cluster.OwnerAsync(0) != primary, TimeSpan.FromSeconds(30));
        await primary.RestartAsync();
        await cluster.WaitUntilHealthyAsync();

        Assert.Equal(NodeRole.Replica, primary.Role);
        Assert.Equal(3, cluster.Primaries.Count());
    }
}
