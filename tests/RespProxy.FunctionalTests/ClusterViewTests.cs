using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>A listener with <c>clientView: cluster</c>: the proxy as a Redis Cluster of one node.</summary>
public sealed class ClusterViewTests : IAsyncLifetime
{
    private readonly FakeNode _node = Scene.Standalone(Scene.Plain);
    private RunningProxy _proxy = null!;
    private RespClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _proxy = await StartAsync(announce: null);
        _client = await _proxy.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _proxy.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task Every_slot_is_the_proxys_at_the_address_that_the_client_has_reached(string protocol)
    {
        await _client.CommandAsync("HELLO", protocol);
        string id = (await _client.CommandAsync("CLUSTER", "MYID")).Text;
        long port = _proxy.PortOf("app1");

        RedisReply range = Assert.Single((await _client.CommandAsync("CLUSTER", "SLOTS")).Items);
        Assert.Equal([0, 16383], range.Items.Take(2).Select(item => item.Integer));
        Assert.Equal(["127.0.0.1", port.ToString(CultureInfo.InvariantCulture), id], range.Items[2].Items.Take(3).Select(item => item.Text));

        Assert.EndsWith($"{id} 127.0.0.1:{port}@0 myself,master - 0 0 1 connected 0-16383\n", (await _client.CommandAsync("CLUSTER", "NODES")).Text, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{40}$", id);

        RedisReply shard = Assert.Single((await _client.CommandAsync("CLUSTER", "SHARDS")).Items);
        string[] flat = [.. Leaves(shard).Select(leaf => leaf.Text)];
        Assert.Equal(["slots", "0", "16383", "nodes", "id", id, "port", port.ToString(CultureInfo.InvariantCulture), "ip", "127.0.0.1", "endpoint", "127.0.0.1"], flat[..12]);
        Assert.Equal(["role", "master", "replication-offset", "0", "health", "online"], flat[12..]);
    }

    [Fact]
    public async Task The_proxy_says_everywhere_that_it_is_a_cluster()
    {
        string[] wires = await _client.PipelineAsync(
            "READONLY", "READWRITE", "ASKING", "CLUSTER LINKS", "CLUSTER KEYSLOT {x}y", "HELLO", "INFO server", "INFO cluster", "CONFIG GET cluster-enabled", "CLUSTER INFO");

        Assert.Equal(["+OK\r\n", "+OK\r\n", "+OK\r\n", "*0\r\n", $":{Protocol.Slots.HashSlot.Of("x"u8)}\r\n"], wires[..5]);
        Assert.Contains("mode\r\n$7\r\ncluster\r\n", wires[5], StringComparison.Ordinal);
        Assert.Contains("redis_mode:cluster\r\n", wires[6], StringComparison.Ordinal);
        Assert.Contains("cluster_enabled:1\r\n", wires[7], StringComparison.Ordinal);
        Assert.Contains("$3\r\nyes\r\n", wires[8], StringComparison.Ordinal);
        Assert.Contains("cluster_state:ok\r\ncluster_slots_assigned:16384\r\n", wires[9], StringComparison.Ordinal);
        Assert.DoesNotContain(_node.Requests, request => request.Command is "READONLY" or "ASKING");
    }

    [Fact]
    public async Task Questions_about_a_node_are_answered_for_the_own_id_only()
    {
        string id = (await _client.CommandAsync("CLUSTER", "MYID")).Text;

        Assert.Equal(["*0\r\n", "*0\r\n", ":0\r\n"], await _client.PipelineAsync($"CLUSTER REPLICAS {id}", $"CLUSTER SLAVES {id}", $"CLUSTER COUNT-FAILURE-REPORTS {id}"));
        Assert.All(await _client.PipelineAsync("CLUSTER REPLICAS abc", "CLUSTER COUNT-FAILURE-REPORTS abc"), wire => Assert.Equal("-ERR Unknown node abc\r\n", wire));
    }

    [Theory]
    [InlineData("CLUSTER FORGET abc", "-NOPERM tenant 'app1' may not run 'cluster|forget'\r\n")]
    [InlineData("CLUSTER RESET HARD", "-NOPERM tenant 'app1' may not run 'cluster|reset'\r\n")]
    [InlineData("CLUSTER MEET 127.0.0.1 1", "-NOPERM tenant 'app1' may not run 'cluster|meet'\r\n")]
    [InlineData("CLUSTER COUNTKEYSINSLOT 1", "-ERR command 'cluster|countkeysinslot' is not supported by this proxy: keys are not kept by the slots of the client's own names\r\n")]
    [InlineData("CLUSTER GETKEYSINSLOT 1 10", "-ERR command 'cluster|getkeysinslot' is not supported by this proxy: keys are not kept by the slots of the client's own names\r\n")]
    [InlineData("CLUSTER NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CLUSTER HELP.\r\n")]
    public async Task What_would_change_a_cluster_or_cannot_be_true_is_refused(string request, string expected) =>
        Assert.Equal([expected], await _client.PipelineAsync(request));

    [Fact]
    public async Task An_announced_address_is_told_in_place_of_the_reached_one_and_is_the_same_node_for_every_proxy()
    {
        await using RunningProxy first = await StartAsync(new NodeAddress("redis.internal", 7379));
        await using RunningProxy second = await StartAsync(new NodeAddress("Redis.internal", 7379));
        await using RespClient one = await first.ConnectAsync();
        await using RespClient other = await second.ConnectAsync("app2");

        RedisReply node = (await one.CommandAsync("CLUSTER", "SLOTS")).Items[0].Items[2];
        Assert.Equal(["redis.internal", "7379"], node.Items.Take(2).Select(item => item.Text));
        string id = (await one.CommandAsync("CLUSTER", "MYID")).Text;
        Assert.Equal(id, (await other.CommandAsync("CLUSTER", "MYID")).Text);
        Assert.NotEqual(id, (await _client.CommandAsync("CLUSTER", "MYID")).Text);
        Assert.NotEqual(id, (await one.CommandAsync("CLUSTER", "MYSHARDID")).Text);
    }

    [Fact]
    public async Task Another_listener_of_the_same_proxy_stays_a_plain_redis()
    {
        await using RespClient plain = await RespClient.ConnectAsync("127.0.0.1", _proxy.PortOf("app2"));

        Assert.All(await plain.PipelineAsync("CLUSTER SLOTS", "CLUSTER MYID", "CLUSTER SHARDS", "READONLY", "ASKING"), wire => Assert.Equal("-ERR This instance has cluster support disabled\r\n", wire));
        Assert.Contains("mode\r\n$10\r\nstandalone\r\n", (await plain.PipelineAsync("HELLO"))[0], StringComparison.Ordinal);
    }

    private Task<RunningProxy> StartAsync(NodeAddress? announce) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(_node.Host, _node.Port)], configuration => configuration with
        {
            Listeners = [.. configuration.Listeners.Select(listener =>
                listener.Tenant == "app1" || announce is not null ? listener with { ClientView = ClientView.Cluster, Announce = announce } : listener)],
        });

    private static IEnumerable<RedisReply> Leaves(RedisReply reply) => reply.Items.Count == 0 ? [reply] : reply.Items.SelectMany(Leaves);
}
