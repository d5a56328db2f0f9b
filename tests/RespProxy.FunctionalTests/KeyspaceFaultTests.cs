using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>The whole-keyspace commands when a node misbehaves, slots move, or the client is gone.</summary>
public sealed class KeyspaceFaultTests
{
    private const string Restart = "ERR cluster slots have other owners than when this scan began, start again with cursor 0";

    private static readonly LocalClusterOptions OneReplica = new() { Primaries = 3, Replicas = 1, NodeTimeout = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task A_key_outside_the_namespace_in_a_nodes_page_is_dropped_and_counted()
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Page("0", "cluster1@app1:mine", "cluster1@app10:theirs", "cluster1@app1", "")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["mine"], KeyspaceScene.Texts(await client.CommandAsync("KEYS", "*")));
        Assert.Equal(["mine"], await KeyspaceScene.ScanAsync(client, []));
        Assert.Equal(1, (await client.CommandAsync("DBSIZE")).Integer);
        Assert.Equal("mine", (await client.CommandAsync("RANDOMKEY")).Text);
        Assert.Equal(4 * 3, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Fact]
    public async Task KEYS_tells_a_key_once_that_a_node_tells_twice()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(request.Argument(1) == "0"
            ? Page("7", "cluster1@app1:a", "cluster1@app1:b")
            : Page("0", "cluster1@app1:b", "cluster1@app1:c")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["a", "b", "c"], KeyspaceScene.Texts(await client.CommandAsync("KEYS", "*")));
    }

    [Theory]
    [InlineData("KEYS *")]
    [InlineData("DBSIZE")]
    public async Task A_walk_goes_on_when_its_connection_breaks(string command)
    {
        int asked = 0;
        await using FakeNode node = Scene.Standalone(_ => Interlocked.Increment(ref asked) switch
        {
            1 => FakeAnswer.Send(Page("7", "cluster1@app1:a")),
            2 => FakeAnswer.SendPart(Page("0", "cluster1@app1:b"), 9),
            _ => FakeAnswer.Send(Page("0", "cluster1@app1:b")),
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        RedisReply reply = await client.CommandAsync(command.Split(' '));

        Assert.Equal(command == "DBSIZE" ? "(integer) 2" : "Array[\"a\", \"b\"]", reply.ToString());
    }

    [Theory]
    [InlineData("KEYS *")]
    [InlineData("SCAN 0")]
    [InlineData("DBSIZE")]
    [InlineData("RANDOMKEY")]
    public async Task A_node_that_does_not_answer_ends_the_command_in_an_error_and_the_client_goes_on(string command)
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Silence);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => upstream with { RequestTimeout = TimeSpan.FromMilliseconds(300) });
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal("ERR upstream unavailable, the command was not executed, try again later", (await client.CommandAsync(command.Split(' '))).Text);
        Assert.Equal("PONG", (await client.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_flush_that_loses_its_connection_says_that_keys_may_be_left()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "UNLINK" ? FakeAnswer.Drop : FakeAnswer.Send(Page("0", "cluster1@app10:a")));
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], KeyspaceScene.WithTenants);
        await using RespClient client = await proxy.ConnectAsync("app10");

        Assert.Equal("ERR the flush did not finish, keys may be left, run it again", (await client.CommandAsync("FLUSHDB")).Text);
        Assert.Equal("UNLINK cluster1@app10:a", Assert.Single(node.Requests, request => request.Command == "UNLINK").ToString());
    }

    [Theory]
    [InlineData("*2\r\n$1\r\n0\r\n$1\r\nx\r\n")]
    [InlineData("*2\r\n$1\r\nx\r\n*0\r\n")]
    [InlineData("*2\r\n$1\r\n0\r\n*1\r\n:1\r\n")]
    [InlineData("*1\r\n$1\r\n0\r\n")]
    [InlineData("+OK\r\n")]
    public async Task A_page_of_another_form_is_an_error(string page)
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Wire.Bytes(page)));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        foreach (string[] command in new string[][] { ["KEYS", "*"], ["SCAN", "0"], ["DBSIZE"], ["RANDOMKEY"] })
            Assert.Equal("ERR upstream sent a reply of an unexpected form", (await client.CommandAsync(command)).Text);
    }

    [Fact]
    public async Task A_nodes_error_loses_the_namespace()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(Wire.Error($"ERR no {request.Argument(3)} today")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal("ERR no x* today", (await client.CommandAsync("KEYS", "x*")).Text);
        Assert.Equal("ERR no x* today", (await client.CommandAsync("SCAN", "0", "MATCH", "x*")).Text);
    }

    [Theory]
    [InlineData("140737488355327", false)]
    [InlineData("140737488355328", true)]
    [InlineData("18446744073709551615", true)]
    public async Task A_node_cursor_that_does_not_fit_into_63_bits_is_refused_and_never_cut(string nodeCursor, bool refused)
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(Page(request.Argument(1) == "0" ? nodeCursor : "0")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        RedisReply first = await client.CommandAsync("SCAN", "0");

        Assert.Equal(refused, first.IsError);
        if (refused) return;
        await client.CommandAsync("SCAN", first.Items[0].Text);
        Assert.Equal(nodeCursor, node.Requests.Last(request => request.Command == "SCAN").Argument(1));
    }

    [Fact]
    public async Task A_reply_of_KEYS_that_would_be_too_large_is_an_error_that_names_SCAN()
    {
        string[] keys = [.. Enumerable.Range(0, 100).Select(i => "cluster1@app1:" + i.ToString("d10000", CultureInfo.InvariantCulture))];
        int page = 0;
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Page("7", [.. keys.Select(key => key + Interlocked.Increment(ref page))])));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal("ERR the reply would be larger than the proxy allows for KEYS, use SCAN", (await client.CommandAsync("KEYS", "*")).Text);
        Assert.InRange(page, 6000, 7000);
        Assert.Equal("PONG", (await client.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_walk_stops_when_its_client_is_gone()
    {
        var gate = new TaskCompletionSource();
        int asked = 0;
        await using FakeNode node = FakeNode.Start(async request =>
        {
            if (request.Command != "SCAN") return FakeAnswer.Send(request.Command == "HELLO" ? Wire.Bytes("*2\r\n$5\r\nproto\r\n:2\r\n") : Wire.Ok);
            Interlocked.Increment(ref asked);
            await gate.Task;
            return FakeAnswer.Send(Page("7", "cluster1@app1:a"));
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        RespClient vanishing = await proxy.ConnectAsync();
        await vanishing.SendAsync(Wire.Request("DBSIZE"));
        await Eventually.HoldsAsync("the walk has begun", () => Volatile.Read(ref asked) == 1);

        vanishing.Abort();
        await Eventually.HoldsAsync("the client is gone", () => proxy.Server.ReadCounters().Connections == 0);
        gate.SetResult();
        await using RespClient next = await proxy.ConnectAsync();

        // Behind the walk's page on the same connection: when it is answered, the walk has had its reply.
        Assert.Equal("OK", (await next.CommandAsync("SET", "k", "v")).Text);
        Assert.Equal("OK", (await next.CommandAsync("SET", "k", "v")).Text);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task A_scan_under_which_slots_move_asks_for_a_new_start_and_that_finds_every_key()
    {
        string[] keys = [.. Enumerable.Range(0, 3000).Select(i => "k:" + i)];
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(OneReplica);
        await using RunningProxy proxy = await ProxyAsync(cluster);
        await using RespClient client = await proxy.ConnectAsync("app10");
        await KeyspaceScene.FillAsync(client, keys);
        string cursor = (await client.CommandAsync("SCAN", "0")).Items[0].Text;

        // Slots change hands, and the proxy hears of it by a redirect.
        LocalNode from = cluster.Primaries.First(), to = cluster.Primaries.Last();
        string moved = keys.First(key => Owner(key) == 0);
        int slot = SlotOf(moved);
        await cluster.MoveSlotsAsync([slot], from, to);
        Assert.Equal("v", (await client.CommandAsync("GET", moved)).Text);

        Assert.Equal(Restart, (await client.CommandAsync("SCAN", cursor)).Text);
        Assert.Empty(keys.Except(await KeyspaceScene.ScanAsync(client, ["COUNT", "100"])));
        Assert.Equal(keys.Length, (await client.CommandAsync("DBSIZE")).Integer);

        // A replica takes over: its hash table has another order than the primary's.
        cursor = (await client.CommandAsync("SCAN", "0")).Items[0].Text;
        (await cluster.Replicas.Single().CommandAsync("CLUSTER", "FAILOVER")).OrThrow();
        await Eventually.HoldsAsync("the scan asks for a new start", async () => (await client.CommandAsync("SCAN", cursor)) is { IsError: true, Text: Restart });
        Assert.Empty(keys.Except(await KeyspaceScene.ScanAsync(client, ["COUNT", "100"])));

        Assert.Equal("OK", (await client.CommandAsync("FLUSHDB")).Text);
        Assert.Equal(0, (await client.CommandAsync("DBSIZE")).Integer);

        static int SlotOf(string key) => Protocol.Slots.HashSlot.Of(Wire.Bytes("cluster1@app10:" + key));
        static int Owner(string key) => SlotOf(key) / 5462;
    }

    [Theory]
    [InlineData("DBSIZE")]
    [InlineData("FLUSHALL")]
    public async Task A_walk_during_which_slots_move_begins_again(string command)
    {
        // One node whose slots are one fewer from the moment it is asked for its second page on; the other node gets it.
        FakeNode[] nodes = new FakeNode[2];
        int asked = 0;
        bool IsMoved() => Volatile.Read(ref asked) >= 2;
        byte[] Slots() => Wire.ClusterSlots((0, IsMoved() ? 99 : 100, nodes[0]), (IsMoved() ? 100 : 101, 16383, nodes[1]));
        var gate = new TaskCompletionSource();
        await using FakeNode first = nodes[0] = Scene.ClusterNode(Slots, async request =>
        {
            if (request.Command != "SCAN") return FakeAnswer.Send(Wire.Integer(1));
            int turn = Interlocked.Increment(ref asked);
            if (turn == 2) await gate.Task;
            return FakeAnswer.Send(turn == 1 ? Page("7", "cluster1@app10:a") : Page("0", "cluster1@app10:b"));
        });
        await using FakeNode second = nodes[1] = Scene.ClusterNode(Slots, request => FakeAnswer.Send(request.Command == "SCAN" ? Page("0") : Wire.Integer(1)));
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [(first.Host, first.Port)], Fast);
        await using RespClient client = await proxy.ConnectAsync("app10");

        Task<RedisReply> reply = client.CommandAsync(command);
        await Eventually.HoldsAsync("the proxy has the new map", () => proxy.Log.Count(line => line.Contains("slot map", StringComparison.OrdinalIgnoreCase)) >= 2);
        gate.SetResult();

        // The second pass alone counts: one page, one key.
        Assert.Equal(command == "DBSIZE" ? "(integer) 1" : "\"OK\"", (await reply).ToString());
        Assert.Equal(2, second.Requests.Count(request => request.Command == "SCAN"));
    }

    private static Task<RunningProxy> ProxyAsync(LocalRedisCluster cluster) =>
        RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))], Fast);

    private static ProxySnapshot Fast(ProxySnapshot configuration) => KeyspaceScene.WithTenants(configuration) with
    {
        Upstreams = [configuration.Upstreams[0] with { TopologyRefresh = TimeSpan.FromMilliseconds(200) }],
    };

    private static byte[] Page(string cursor, params string[] keys) => Wire.Array(Wire.Bulk(cursor), Wire.Array([.. keys.Select(Wire.Bulk)]));
}
