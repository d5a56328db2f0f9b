using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using static RespProxy.FunctionalTests.TrackingClient;

namespace RespProxy.FunctionalTests;

/// <summary>CLIENT TRACKING when slots move, nodes die and requests are in flight: what a client keeps is never stale for good.</summary>
public sealed class TrackingFaultTests
{
    [Fact]
    public async Task Split_reads_over_a_cluster_are_tracked_where_each_part_ran()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync());
        await using TrackingClient broadcast = await TrackingAsync(proxy.ConnectAsync(), "BCAST");
        await using RespClient writer = await proxy.ConnectAsync();
        string[] keys = [.. Enumerable.Range(0, 30).Select(i => "key" + i)];
        Assert.Equal(30, (await client.RunAsync("MGET " + string.Join(' ', keys))).Items.Count);
        Assert.Equal(0, (await client.RunAsync("EXISTS none1 none2 none3 none4 none5")).Integer);
        Assert.Empty(await client.TakeAllAsync(keys));

        foreach (string key in keys) await writer.CommandAsync("SET", key, "v");
        await writer.CommandAsync("SET", "none3", "v");

        string[] pushed = await client.TakeAllAsync(keys);
        Assert.Equal(keys.Append("none3").Select(key => Invalidation(key)).Order(StringComparer.Ordinal), pushed.Order(StringComparer.Ordinal));
        var heard = new List<string>();
        foreach (string _ in keys.Append("none3")) heard.Add(await broadcast.TakePushAsync());
        Assert.Equal(pushed.Order(StringComparer.Ordinal), heard.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_key_whose_slot_moves_is_invalidated_and_then_tracked_at_its_new_node()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync());
        await using RespClient writer = await proxy.ConnectAsync();
        await writer.CommandAsync("SET", "{tag}full", "v");
        foreach (string key in (string[])["{tag}full", "{tag}empty", "other"]) await client.RunAsync("GET " + key);
        int slot = Scene.SlotOf("{tag}");
        LocalNode from = await cluster.OwnerAsync(slot);

        await cluster.MoveSlotsAsync([slot], from, cluster.Primaries.First(node => node != from));
        await writer.CommandAsync("SET", "{tag}new", "v");

        string[] both = [await client.TakePushAsync(), await client.TakePushAsync()];
        Assert.Equal([Invalidation("{tag}empty"), Invalidation("{tag}full")], both.Order(StringComparer.Ordinal));
        await KeepsAsync(client, "{tag}full");
        await writer.CommandAsync("SET", "{tag}full", "w");
        Assert.Equal(Invalidation("{tag}full"), await client.TakePushAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("BCAST")]
    public async Task After_a_failover_nothing_is_sure_and_then_the_new_primary_is_tracked(string mode)
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync(), mode.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        await using RespClient writer = await proxy.ConnectAsync();
        await client.RunAsync("GET k");
        LocalNode lost = await cluster.OwnerAsync(Scene.SlotOf("k"));

        await lost.Server.KillAsync();
        Assert.Equal(Invalidation(), await client.TakePushAsync());

        // Each try says something else: at first nothing is heard, for nothing was kept.
        int value = 0;
        await Eventually.HoldsAsync("a write at the new primary is heard of", async () =>
        {
            await client.RunAsync("GET k");
            client.Pushes.Clear();
            await writer.CommandAsync("SET", "k", (++value).ToString(CultureInfo.InvariantCulture));
            return (await client.TakeAllAsync("k")).Contains(Invalidation("k"));
        }, TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("")]
    [InlineData("BCAST")]
    public async Task A_lost_connection_voids_what_was_read_over_it_and_is_replaced(string mode)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync(), mode.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        await using RespClient writer = await proxy.ConnectAsync();
        await client.RunAsync("GET k");

        await redis.CommandAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        Assert.Equal(Invalidation(), await client.TakePushAsync());
        // BCAST: once more when the new connection listens.
        if (mode.Length > 0) Assert.Equal(Invalidation(), await client.TakePushAsync());

        await KeepsAsync(client, "k");
        await Eventually.HoldsAsync("the writer is back", async () => (await writer.CommandAsync("SET", "k", "v")).Kind != RedisReplyKind.Error);
        Assert.Equal(Invalidation("k"), await client.TakePushAsync());
    }

    [Fact]
    public async Task A_read_that_was_redirected_is_invalidated_behind_its_reply()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(
            onA: request => request.Command == "GET" ? FakeAnswer.Send(Wire.Ask(Scene.SlotOf(Scene.KeyOf(request, 1)), nodes!.B)) : Scene.Plain(request));
        await using TrackingClient client = await TrackingAsync(nodes.ConnectAsync());
        string key = nodes.KeyOfA;

        Assert.Equal(key, (await client.RunAsync("GET " + key)).Text);
        Assert.Equal(Invalidation(key), await client.TakePushAsync());
    }

    [Fact]
    public async Task An_invalidation_waits_for_the_replies_that_are_owed_and_that_may_be_older()
    {
        // The part of node A is read before the change and delivered after it, because node B is slow.
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(
            onA: request => ValueTask.FromResult(Scene.Plain(request)), onB: request => request.Command == "MGET" ? gate.Then(Scene.Plain(request)) : ValueTask.FromResult(Scene.Plain(request)));
        await using TrackingClient client = await TrackingAsync(nodes.ConnectAsync());

        await client.Raw.SendAsync(Wire.Request("MGET", nodes.KeyOfA, nodes.KeyOfB));
        await nodes.A.ReceivedAsync("MGET", 1);
        // What the proxy has taken from a node it has taken when it has answered another client over the same connection: A's part here, ...
        await using RespClient other = await nodes.ConnectAsync();
        await other.CommandAsync("HELLO", "3");
        await other.CommandAsync("GET", nodes.KeyOfA);
        await nodes.A.SendToAllAsync(Wire.Bytes(Invalidation(Scene.Prefix + nodes.KeyOfA)));
        // ... and the push there.
        await other.CommandAsync("GET", nodes.KeyOfA);
        gate.Open();

        Assert.Equal(2, (await client.Raw.ReadReplyAsync()).Tree.Items.Count);
        Assert.Equal(Invalidation(nodes.KeyOfA), await client.TakePushAsync());
    }

    [Fact]
    public async Task An_invalidation_for_an_earlier_read_does_not_end_the_tracking_of_one_still_under_way()
    {
        byte[] push = Wire.Bytes(Invalidation(Scene.Prefix + "k"));
        int reads = 0;
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(
            request.Command == "GET" && Scene.KeyOf(request, 1) == "k" && ++reads == 2 ? [.. push, .. Wire.Bulk("new")] : Scene.Plain(request).Bytes.ToArray()));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using TrackingClient early = await TrackingAsync(proxy.ConnectAsync());
        await using TrackingClient late = await TrackingAsync(proxy.ConnectAsync());
        await early.RunAsync("GET k");

        Assert.Equal("new", (await late.RunAsync("GET k")).Text);

        Assert.Equal(Invalidation("k"), await early.TakePushAsync());
        Assert.Empty(await late.TakeAllAsync("marker"));
        await node.SendToAllAsync(push);
        Assert.Equal(Invalidation("k"), await late.TakePushAsync());
        Assert.Empty(await early.TakeAllAsync("marker"));
    }

    [Fact]
    public async Task A_read_on_a_connection_of_its_own_is_invalidated_behind_its_reply()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync());
        await using RespClient writer = await proxy.ConnectAsync();
        await client.RunAsync("GET cached");

        await client.Raw.SendAsync(Wire.Request("XREAD", "BLOCK", "0", "STREAMS", "s", "$"));
        await Eventually.HoldsAsync("it blocks", async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
        await writer.CommandAsync("SET", "cached", "v");
        // Blocked, the client hears at once of what it had read before.
        Assert.Equal(Invalidation("cached"), await client.TakePushAsync());
        await writer.CommandAsync("XADD", "s", "*", "f", "v");
        Assert.Equal('%', (char)(await client.ReadAnswerAsync()).Bytes.Span[0]);
        Assert.Equal(Invalidation("s"), await client.TakePushAsync());

        foreach (string command in (string[])["WATCH k", "MULTI", "GET k", "EXEC"]) await client.RunAsync(command);
        Assert.Equal(Invalidation("k"), await client.TakePushAsync());
    }

    [Theory]
    [InlineData("", UpstreamMode.Standalone)]
    [InlineData("NOLOOP", UpstreamMode.Standalone)]
    [InlineData("BCAST", UpstreamMode.Standalone)]
    [InlineData("", UpstreamMode.Cluster)]
    [InlineData("BCAST", UpstreamMode.Cluster)]
    public async Task A_cache_that_obeys_the_pushes_ends_up_with_the_last_values(string mode, UpstreamMode upstream)
    {
        const int Keys = 8;
        const int Writes = 3000;
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0, Primaries = upstream == UpstreamMode.Cluster ? 3 : 1 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(upstream, (cluster.Nodes[0].Host, cluster.Nodes[0].Port));
        await using RespClient writer = await proxy.ConnectAsync();
        await using RespClient reader = await proxy.ConnectAsync();
        await reader.CommandAsync("HELLO", "3");
        await reader.CommandAsync(["CLIENT", "TRACKING", "ON", .. mode.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; i < Writes; i++) await writer.CommandAsync("INCR", "key" + (i % Keys));
        });

        var cache = new Dictionary<string, string>();
        int voided = 0;
        while (!writing.IsCompleted) voided += await FillAsync(reader, cache, Keys);
        await writing;
        // Whatever was kept stale until here would be for ever: nothing writes any more.
        string last = (Writes / Keys).ToString(CultureInfo.InvariantCulture);
        await Eventually.HoldsAsync("every key is read anew or was right", async () =>
        {
            await FillAsync(reader, cache, Keys);
            return cache.Count == Keys && cache.Values.All(value => value == last);
        });
        Assert.True(voided > Writes / 100, "hardly anything was cached and voided: " + voided);
    }

    /// <summary>Reads, in one pipeline, what is not cached, and obeys the pushes in the order in which they come. Returns how many cached values were voided.</summary>
    private static async Task<int> FillAsync(RespClient reader, Dictionary<string, string> cache, int keys)
    {
        string[] missing = [.. Enumerable.Range(0, keys).Select(i => "key" + i).Where(key => !cache.ContainsKey(key))];
        string[] wanted = [.. missing, "marker"];
        await reader.SendAsync((byte[])[.. wanted.SelectMany(key => Wire.Request("GET", key))]);
        int voided = 0;
        foreach (string key in wanted)
        {
            RawReply reply;
            while ((reply = await reader.ReadReplyAsync()).Bytes.Span[0] == '>')
            {
                if (reply.Tree.Items[1].Items.Count == 0) cache.Clear();
                foreach (RedisReply name in reply.Tree.Items[1].Items) voided += cache.Remove(name.Text) ? 1 : 0;
            }

            if (key != "marker" && reply.Tree.Kind == RedisReplyKind.BulkString) cache[key] = reply.Tree.Text;
        }

        return voided;
    }

    /// <summary>Reads until the value may be kept: while the connection is being replaced it is invalidated at once.</summary>
    private static Task KeepsAsync(TrackingClient client, string key) => Eventually.HoldsAsync("the value is kept", async () =>
    {
        client.Pushes.Clear();
        await client.RunAsync("GET " + key);
        await client.RunAsync("PING");
        await client.RunAsync("GET marker");
        return client.Pushes.Count == 0;
    });
}
