using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.Tests.Admin;

/// <summary>Upstreams as the API tells them, before a real cluster, on two loops.</summary>
public sealed class AdminClusterTests
{
    [Fact]
    public async Task Nodes_are_told_with_their_roles_slots_and_connections()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = 3, Replicas = 3 });
        LocalNode seed = cluster.Nodes[0];
        await using AdminScene scene = await AdminScene.StartAsync(seed: (seed.Host, seed.Port), mode: UpstreamMode.Cluster, adjust: snapshot => snapshot with { Loops = 2 });
        JsonElement[] nodes = [];
        await Eventually.HoldsAsync("both loops are connected to every primary, and the replicas are known", async () =>
        {
            nodes = [.. (await scene.JsonAsync("/api/v1/clusters/cluster1")).GetProperty("nodes").EnumerateArray()];
            return nodes.Sum(node => node.GetProperty("connections").GetInt32()) == 6 && nodes.Length == 6;
        });

        JsonElement summary = Assert.Single((await scene.JsonAsync("/api/v1/clusters")).GetProperty("clusters").EnumerateArray());

        Assert.Equal(("cluster", 16384, 3, 3), (summary.GetProperty("mode").GetString(), summary.GetProperty("coveredSlots").GetInt32(), summary.GetProperty("primaries").GetInt32(), summary.GetProperty("replicas").GetInt32()));
        JsonElement[] primaries = [.. nodes.Where(node => node.GetProperty("role").GetString() == "primary")];
        Assert.Equal([2, 2, 2], primaries.Select(node => node.GetProperty("connections").GetInt32()));
        Assert.Equal(16384, primaries.SelectMany(node => node.GetProperty("slots").EnumerateArray()).Sum(range => range[1].GetInt32() - range[0].GetInt32() + 1));
        Assert.Equal(3, primaries.Select(node => node.GetProperty("id").GetString()).Distinct().Count());
        Assert.All(nodes.Where(node => node.GetProperty("role").GetString() == "replica"), replica =>
            Assert.Contains(primaries, primary => primary.GetProperty("address").GetString() == replica.GetProperty("primary").GetString()));
    }

    [Fact]
    public async Task A_request_that_a_node_has_not_answered_is_in_flight_and_a_client_of_its_own_connection_leases_it()
    {
        await using FakeNode node = FakeNode.Start(request => request.Command switch
        {
            "HELLO" => FakeAnswer.Send(Wire.Bytes("*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n")),
            "WATCH" => FakeAnswer.Send(Wire.Ok),
            _ => FakeAnswer.Silence,
        });
        await using AdminScene scene = await AdminScene.StartAsync(seed: (node.Host, node.Port));
        await using var client = await scene.Proxy.ConnectAsync();
        await using var watcher = await scene.Proxy.ConnectAsync();
        await client.SendAsync(Wire.Request("GET", "a"));
        await watcher.CommandAsync("WATCH", "a");

        await Eventually.HoldsAsync("the node owes one reply over the shared connection, and one connection is leased", async () =>
        {
            JsonElement told = Assert.Single((await scene.JsonAsync("/api/v1/clusters/cluster1")).GetProperty("nodes").EnumerateArray());
            return (told.GetProperty("inFlight").GetInt32(), told.GetProperty("connections").GetInt32(), told.GetProperty("leased").GetInt32()) == (1, 2, 1);
        });
    }
}
