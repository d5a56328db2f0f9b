using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Slots;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>WAIT and WAITAOF: what they count is the client's own writes, wherever these went.</summary>
public sealed class WaitTests
{
    private const string NotMarked = "-ERR upstream refused the write that marks the place to wait for, nothing was waited for\r\n";

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task WAIT_counts_the_replica_that_has_the_clients_write_and_not_one_that_is_behind(string protocol)
    {
        await using LocalRedis primary = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using LocalRedis replica = await ReplicaOfAsync(primary);
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (primary.Host, primary.Port));
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("HELLO", protocol);

        Assert.Equal(["+OK\r\n", ":1\r\n"], await client.PipelineAsync("SET a 1", "WAIT 1 10000"));
        replica.Suspend();
        Assert.Equal(["+OK\r\n", ":0\r\n"], await client.PipelineAsync("SET a 2", "WAIT 1 100"));
        replica.Resume();
        Assert.Equal([":1\r\n", "$1\r\n2\r\n"], await client.PipelineAsync("WAIT 1 10000", "GET a"));
        Assert.Equal(1, (await primary.CommandAsync("DBSIZE")).Integer);
    }

    [Fact]
    public async Task In_a_cluster_the_primary_with_the_fewest_replicas_decides_and_a_pinned_tenant_asks_its_own_alone()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Cluster,
            [.. cluster.Nodes.Select(node => (node.Host, node.Port))],
            configuration => configuration with { Tenants = [RunningProxy.Tenant("app1"), RunningProxy.Tenant("app2") with { Placement = KeyPlacement.Pinned }] });
        await using RespClient spread = await proxy.ConnectAsync("app1");
        await using RespClient pinned = await proxy.ConnectAsync("app2");
        LocalNode own = await cluster.OwnerAsync(HashSlot.Of("{cluster1@app2}:k"u8));
        LocalNode foreignReplica = await ReplicaAsync(cluster, ofAnotherThan: own);

        Assert.Equal(":1\r\n", (await spread.PipelineAsync("SET a 1", "WAIT 1 10000"))[1]);
        foreignReplica.Suspend();
        try
        {
            Assert.Equal(":0\r\n", (await spread.PipelineAsync("SET a 2", "WAIT 1 200"))[1]);
            Assert.Equal(":1\r\n", (await pinned.PipelineAsync("SET a 2", "WAIT 1 10000"))[1]);
        }
        finally
        {
            foreignReplica.Resume();
        }

        Assert.Equal(":1\r\n", (await spread.PipelineAsync("WAIT 1 10000"))[0]);
        foreach (LocalNode primary in cluster.Primaries.ToArray())
            Assert.DoesNotContain("respproxy:", string.Join(' ', (await primary.CommandAsync("KEYS", "*")).Items.Select(key => key.Text)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_in_WAIT_is_unblocked_with_what_was_counted_so_far_and_one_that_goes_away_takes_its_connection_along()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient waiting = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();
        string id = (await waiting.CommandAsync("CLIENT", "ID")).Integer.ToString(CultureInfo.InvariantCulture);

        await waiting.SendAsync(Scene.Requests("WAIT 5 0", "PING"));
        await BlockedAsync(redis, 1);
        Assert.Equal("OK", (await other.CommandAsync("SET", "held", "up by nobody")).Text);
        Assert.Equal(1, (await other.CommandAsync("CLIENT", "UNBLOCK", id)).Integer);
        Assert.Equal([":0\r\n", "+PONG\r\n"], await waiting.WiresAsync(2));

        await waiting.SendAsync(Scene.Requests("WAIT 5 0"));
        await BlockedAsync(redis, 1);
        await waiting.DisposeAsync();
        await BlockedAsync(redis, 0);
    }

    [Fact]
    public async Task Within_a_transaction_WAIT_does_not_wait_and_promises_nothing()
    {
        await using FakeNode node = Scene.Standalone(Answering([]));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(
            ["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n:0\r\n-ERR timeout is negative\r\n"],
            await client.PipelineAsync("MULTI", "WAIT 5 0", "WAIT 5 -1", "EXEC"));
        Assert.Equal(
            ["+OK\r\n", "-ERR Command not allowed inside a transaction\r\n", "-EXECABORT Transaction discarded because of previous errors.\r\n"],
            await client.PipelineAsync("MULTI", "WAITAOF 1 0 0", "EXEC"));
        Assert.Equal(0, node.CountOf("WAIT"));
    }

    [Fact]
    public async Task The_count_is_asked_for_behind_a_write_on_the_same_connection_that_leaves_nothing()
    {
        await using FakeNode node = Scene.Standalone(Answering([Wire.Integer(3)]));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(":3\r\n", (await client.PipelineAsync("SET k v", "WAIT 2 50"))[1]);

        FakeRequest wait = await node.ReceivedAsync(request => request.Command == "WAIT");
        FakeRequest[] leased = [.. node.Requests.Where(request => request.Connection == wait.Connection && request.Command != "HELLO")];
        string key = leased[1].Argument(1);
        Assert.StartsWith("respproxy:wait:", key, StringComparison.Ordinal);
        Assert.Equal(["MULTI", "SET " + key + " ", "DEL " + key, "EXEC", "WAIT 2 50"], leased.Select(request => request.ToString()));
        Assert.DoesNotContain(node.Requests, request => request.Connection == wait.Connection && request.ToString().Contains(Scene.Prefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_the_write_is_refused_nothing_is_counted()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command switch
        {
            "EXEC" => FakeAnswer.Send(Wire.Error("EXECABORT Transaction discarded because of previous errors.")),
            "WAIT" => FakeAnswer.Send(Wire.Integer(3)),
            _ => Scene.Plain(request),
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([NotMarked, "$1\r\nk\r\n", NotMarked], await client.PipelineAsync("WAIT 1 0", "GET k", "WAIT 1 0"));
    }

    [Fact]
    public async Task WAITAOF_answers_the_least_of_each_number_of_all_primaries()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(
            Answering([Wire.Array(Wire.Integer(1), Wire.Integer(2))]), Answering([Wire.Array(Wire.Integer(0), Wire.Integer(5))]));
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal(["*2\r\n:0\r\n:2\r\n"], await client.PipelineAsync("WAITAOF 1 1 100"));
    }

    [Fact]
    public async Task A_slot_on_its_way_to_another_node_only_delays_the_count()
    {
        int execs = 0;
        await using FakeNode node = Scene.Standalone(request => request.Command switch
        {
            "SET" when request.Argument(1).StartsWith("respproxy:", StringComparison.Ordinal) && execs == 0 => FakeAnswer.Send(Wire.Error("ASK 1 127.0.0.1:1")),
            "EXEC" => execs++ == 0 ? FakeAnswer.Send(Wire.Error("EXECABORT Transaction discarded because of previous errors.")) : FakeAnswer.Send(Wire.Array(Wire.Ok, Wire.Integer(1))),
            "WAIT" => FakeAnswer.Send(Wire.Integer(2)),
            _ => Scene.Plain(request),
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([":2\r\n"], await client.PipelineAsync("WAIT 1 100"));
        Assert.Equal(2, execs);
    }

    [Fact]
    public async Task After_a_node_was_lost_the_next_count_is_zero_since_writes_may_be_lost_with_it()
    {
        await using FakeNode node = Scene.Standalone(Answering([Wire.Integer(2)]));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(["+OK\r\n", ":2\r\n"], await client.PipelineAsync("SET k v", "WAIT 1 100"));

        node.DropConnections();
        await Eventually.HoldsAsync("the proxy has noticed", () => proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost > 0);

        Assert.Equal("$1\r\nk\r\n", (await client.PipelineAsync("GET k"))[0]);
        Assert.Equal([":0\r\n", ":2\r\n"], await client.PipelineAsync("WAIT 1 100", "WAIT 1 100"));
    }

    [Fact]
    public async Task A_node_that_does_not_answer_holds_a_client_no_longer_than_its_timeout_and_the_upstreams()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "WAIT" ? FakeAnswer.Silence : Answering([])(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, Scene.WithShortTimeout);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["-ERR upstream did not answer in time, the outcome of this command is unknown\r\n", "+PONG\r\n"], await client.PipelineAsync("WAIT 1 10", "PING"));
    }

    /// <summary>A node that takes the marks and answers WAIT and WAITAOF with this.</summary>
    private static Func<FakeRequest, FakeAnswer> Answering(byte[][] count) => request => request.Command switch
    {
        "EXEC" => FakeAnswer.Send(Wire.Array(Wire.Ok, Wire.Integer(1))),
        "WAIT" or "WAITAOF" => FakeAnswer.Send(count[0]),
        _ => Scene.Plain(request),
    };

    private static async Task<LocalRedis> ReplicaOfAsync(LocalRedis primary)
    {
        await primary.CommandAsync("CONFIG", "SET", "repl-diskless-sync-delay", "0");
        LocalRedis replica = await LocalRedis.StartAsync(new LocalRedisOptions { ExtraArguments = ["--replicaof", primary.Host, primary.Port.ToString(CultureInfo.InvariantCulture)] });
        await Eventually.HoldsAsync("the replica follows", async () => (await primary.CommandAsync("INFO", "replication")).Text.Contains("state=online", StringComparison.Ordinal));
        return replica;
    }

    private static async Task<LocalNode> ReplicaAsync(LocalRedisCluster cluster, LocalNode ofAnotherThan)
    {
        foreach (LocalNode replica in cluster.Replicas)
        {
            string replication = (await replica.CommandAsync("INFO", "replication")).Text;
            if (!replication.Contains(string.Create(CultureInfo.InvariantCulture, $"master_port:{ofAnotherThan.Port}"), StringComparison.Ordinal)) return replica;
        }

        throw new InvalidOperationException("every replica is of one primary");
    }

    private static Task BlockedAsync(LocalRedis redis, int clients) => Eventually.HoldsAsync(
        "the node has so many blocked clients",
        async () => (await redis.CommandAsync("INFO", "clients")).Text.Contains(string.Create(CultureInfo.InvariantCulture, $"blocked_clients:{clients}"), StringComparison.Ordinal));
}
