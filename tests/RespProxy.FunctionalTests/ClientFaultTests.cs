using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Clients that vanish, never read or ask too much: bounded memory, and nothing of it shows to the others.</summary>
public sealed class ClientFaultTests
{
    [Theory]
    [InlineData("GET {a}")]
    [InlineData("MGET {a} {b}")]
    [InlineData("GET {a}|GET {b}|PING")]
    public async Task A_client_that_vanishes_takes_nothing_down_and_its_replies_answer_nobody(string requests)
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: request => gate.Then(Scene.Plain(request)));
        await using RespClient other = await nodes.ConnectAsync();
        string[] asked = requests.Replace("{a}", nodes.KeyOfA, StringComparison.Ordinal).Replace("{b}", nodes.KeyOfB, StringComparison.Ordinal).Split('|');

        RespClient vanishing = await nodes.ConnectAsync();
        await vanishing.SendAsync(Scene.Requests(asked));
        await Eventually.HoldsAsync("a request reaches A", () => RedirectTests.TenantCommands(nodes.A).Any());
        vanishing.Abort();
        await Eventually.HoldsAsync("the client is forgotten", () => Clients(nodes.Proxy) == 1);
        await other.SendAsync(Scene.Requests($"GET {nodes.KeysOfA[1]}", $"MGET {nodes.KeysOfB[1]} {nodes.KeysOfA[2]}"));
        gate.Open();

        Assert.Equal(
            [Wire.Text(Wire.Bulk(nodes.KeysOfA[1])), Wire.Text(Wire.Array(Wire.Bulk(nodes.KeysOfB[1]), Wire.Bulk(nodes.KeysOfA[2])))],
            await other.WiresAsync(2));
        Assert.Equal(0, nodes.Proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost);
        Assert.DoesNotContain(nodes.Proxy.Log, line => line.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_vanishes_while_it_is_not_read_is_forgotten_too()
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: request => gate.Then(Scene.Plain(request)));
        await using RespClient other = await nodes.ConnectAsync();

        // AUTH waits until the INCR is answered, and no more is read meanwhile.
        RespClient vanishing = await nodes.ConnectAsync();
        await vanishing.SendAsync(Scene.Requests($"INCR {nodes.KeyOfA}", "AUTH app2 app2-secret", $"GET {nodes.KeyOfB}"));
        await nodes.A.ReceivedAsync("INCR", 1);
        vanishing.Abort();
        await other.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}"));
        gate.Open();

        Assert.Equal([Wire.Text(Wire.Bulk(nodes.KeyOfA))], await other.WiresAsync(1));
        await Eventually.HoldsAsync("the client is forgotten", () => Clients(nodes.Proxy) == 1);
        Assert.Equal(0, nodes.Proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost);
    }

    [Fact]
    public async Task A_client_may_vanish_at_any_byte_of_a_request()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync();
        byte[] request = Scene.Requests($"MGET {nodes.KeyOfA} {nodes.KeyOfB}");

        foreach (ReadOnlyMemory<byte> prefix in PayloadSplitter.Prefixes(request))
        {
            RespClient vanishing = await nodes.ConnectAsync();
            await vanishing.SendAsync(prefix);
            vanishing.Abort();
        }

        await Eventually.HoldsAsync("all are forgotten", () => Clients(nodes.Proxy) == 0);
        await using RespClient client = await nodes.ConnectAsync();
        Assert.Equal(["+PONG\r\n", Wire.Text(Wire.Bulk(nodes.KeyOfA))], await client.PipelineAsync("PING", $"GET {nodes.KeyOfA}"));
        Assert.DoesNotContain(nodes.Proxy.Log, line => line.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_never_reads_is_not_read_from_either()
    {
        byte[] value = Wire.Bulk(new string('x', 100_000));
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(value));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient silent = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();

        // One request at a time: what is asked for before the replies pile up is not held back.
        int asked = 0;
        await Eventually.HoldsAsync("requests are left unread", async () =>
        {
            await silent.SendAsync(Scene.Requests("GET k"));
            asked++;
            Assert.Equal(["+PONG\r\n", "+PONG\r\n"], [(await other.PipelineAsync("PING"))[0], (await other.PipelineAsync("PING"))[0]]);
            return node.CountOf("GET") < asked - 50;
        });

        int taken = node.CountOf("GET");
        Assert.Equal([Wire.Text(value)], await other.PipelineAsync("GET k"));
        Assert.InRange(taken, 5, 400);

        Assert.All(await silent.WiresAsync(asked), reply => Assert.Equal(value.Length, reply.Length));
    }

    [Fact]
    public async Task A_client_that_leaves_more_unread_than_allowed_is_closed_and_the_log_says_why_once()
    {
        const int Limit = 2_000_000;
        byte[] value = Wire.Bulk(new string('x', 1_000_000));
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(value));
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { ClientOutputBuffer = Limit });
        await using RespClient silent = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();

        await Eventually.HoldsAsync("both are in", () => Clients(proxy) == 2);
        await silent.SendAsync(Scene.Requests([.. Enumerable.Repeat("GET k", 100)]));
        await Eventually.HoldsAsync("it is closed", () => Clients(proxy) == 1);

        Assert.Single(proxy.Log, line => line.Contains("of replies unread", StringComparison.Ordinal));
        Assert.Equal(["+PONG\r\n", Wire.Text(value)], await other.PipelineAsync("PING", "GET k"));
    }

    [Fact]
    public async Task Replies_kept_behind_a_slow_one_count_as_unread()
    {
        var gate = new Gate();
        byte[] value = Wire.Bulk(new string('x', 1_000_000));
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(
            onA: request => gate.Then(Scene.Plain(request)), onB: _ => ValueTask.FromResult(FakeAnswer.Send(value)));
        await using RespClient client = await nodes.ConnectAsync();

        await client.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}"));
        await nodes.A.ReceivedAsync("GET", 1);
        int asked = 0;
        await Eventually.HoldsAsync("no more is asked of B", async () =>
        {
            await client.SendAsync(Scene.Requests($"GET {nodes.KeyOfB}"));
            return nodes.B.CountOf("GET") < ++asked - 20;
        });
        Assert.InRange(nodes.B.CountOf("GET"), 1, 40);

        gate.Open();
        string[] replies = await client.WiresAsync(1 + asked);
        Assert.Equal(Wire.Text(Wire.Bulk(nodes.KeyOfA)), replies[0]);
        Assert.All(replies.Skip(1), reply => Assert.Equal(value.Length, reply.Length));
    }

    [Fact]
    public async Task A_pipeline_of_two_hundred_thousand_gets_every_reply_in_order()
    {
        const int Count = 200_000;
        await using LocalCluster.LocalRedis redis = await LocalCluster.LocalRedis.StartAsync(new LocalCluster.LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();

        Task sending = client.SendAsync(Scene.Requests([.. Enumerable.Repeat("INCR counter", Count)]));
        for (int i = 1; i <= Count; i++)
        {
            RawReply reply = await client.ReadReplyAsync();
            if (reply.Wire != string.Create(CultureInfo.InvariantCulture, $":{i}\r\n")) Assert.Fail($"reply {i} is {reply.Wire}");
        }

        await sending;
    }

    [Fact]
    public async Task No_more_requests_than_allowed_are_in_flight_for_one_client()
    {
        const int Allowed = 100;
        var gate = new Gate();
        await using FakeNode node = Scene.Standalone(request => gate.Then(Scene.Plain(request)));
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { ClientPendingRequests = Allowed });
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();

        await client.SendAsync(Scene.Requests([.. Enumerable.Repeat("GET k", 1000)]));
        await Eventually.HoldsAsync("it is paused", () => proxy.Server.ReadCounters().Commands >= Allowed);
        Assert.Equal(["+PONG\r\n"], await other.PipelineAsync("PING"));
        Assert.InRange(proxy.Server.ReadCounters().Commands, Allowed, Allowed + 2);

        gate.Open();
        Assert.All(await client.WiresAsync(1000), reply => Assert.Equal("$1\r\nk\r\n", reply));
    }

    [Fact]
    public async Task Small_requests_with_large_answers_of_the_proxys_own_do_not_pile_up()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { ClientOutputBuffer = 4_000_000 });
        await using RespClient client = await proxy.ConnectAsync();
        const int Count = 2_000;

        Task sending = client.SendAsync(Scene.Requests([.. Enumerable.Repeat("COMMAND", Count)]));
        string[] first = await client.WiresAsync(1);
        for (int i = 1; i < Count; i++) Assert.Equal(first[0].Length, (await client.ReadReplyAsync()).Bytes.Length);
        await sending;
        Assert.DoesNotContain(proxy.Log, line => line.Contains("unread", StringComparison.Ordinal));
    }

    internal static long Clients(RunningProxy proxy) => proxy.Server.ReadCounters().Connections;
}
