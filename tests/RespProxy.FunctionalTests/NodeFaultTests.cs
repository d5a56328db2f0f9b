using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Nodes that die, hang or talk nonsense: nothing is sent twice that may have run, and nobody gets another's reply.</summary>
public sealed class NodeFaultTests
{
    private const string Unknown = "-ERR upstream connection lost, the outcome of this command is unknown\r\n";
    private const string TimedOut = "-ERR upstream did not answer in time, the outcome of this command is unknown\r\n";
    private const string NotExecuted = "-ERR upstream unavailable, the command was not executed, try again later\r\n";

    [Fact]
    public async Task A_write_whose_connection_is_lost_has_an_unknown_outcome_and_is_sent_once()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "INCR" ? FakeAnswer.Drop : Scene.Plain(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([Unknown, "$1\r\nk\r\n"], await client.PipelineAsync("INCR counter", "GET k"));
        Assert.Equal(1, node.CountOf("INCR"));
    }

    [Fact]
    public async Task A_read_whose_connection_is_lost_is_sent_again()
    {
        int lost = 0;
        await using FakeNode node = Scene.Standalone(request => lost++ < 2 ? FakeAnswer.Drop : Scene.Plain(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["$1\r\nk\r\n", "+PONG\r\n"], await client.PipelineAsync("GET k", "PING"));
        Assert.Equal(3, node.CountOf("GET"));
    }

    [Fact]
    public async Task A_write_that_certainly_had_not_left_is_sent_again()
    {
        // The node reads nothing while it owes the first reply, so that most of the value is still here when the connection goes.
        const int Value = 30_000_000;
        var gate = new Gate();
        await using FakeNode node = Scene.Standalone(request => request is { Connection: 1, Command: "GET" } ? gate.Then(FakeAnswer.Drop) : ValueTask.FromResult(Scene.Plain(request)));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient client = await proxy.ConnectAsync();

        byte[] requests = [.. Scene.Requests("GET k"), .. Wire.Request("SET", "large", new string('x', Value)), .. Scene.Requests("PING")];
        await client.SendAsync(requests);
        await node.ReceivedAsync("GET", 1);
        gate.Open();

        Assert.Equal(["$1\r\nk\r\n", "+OK\r\n", "+PONG\r\n"], await client.WiresAsync(3));
        Assert.Equal(Value, node.Requests.Single(request => request.Command == "SET").Arguments[2].Length);
    }

    [Theory]
    [InlineData("GET k", "$1\r\nk\r\n")]
    [InlineData("INCR k", Unknown)]
    public async Task Half_a_reply_is_no_reply(string request, string expected)
    {
        int drops = 0;
        await using FakeNode node = Scene.Standalone(received => drops++ == 0 ? FakeAnswer.SendPart(Wire.Bulk("a value"), 6) : Scene.Plain(received));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([expected, "$1\r\nx\r\n"], await client.PipelineAsync(request, "GET x"));
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("$-7\r\n")]
    [InlineData("$3\r\nlonger\r\n")]
    [InlineData("*99999999999999\r\n")]
    [InlineData("\r\n")]
    public async Task A_node_that_sends_garbage_loses_its_connection_and_the_client_gets_none_of_it(string garbage)
    {
        int answers = 0;
        await using FakeNode node = Scene.Standalone(request => answers++ == 0 ? FakeAnswer.Send(Wire.Bytes(garbage)) : Scene.Plain(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        string[] replies = await client.PipelineAsync("INCR k", "GET x", "PING");

        Assert.Equal([Unknown, "$1\r\nx\r\n", "+PONG\r\n"], replies);
        Assert.True(node.Accepted > 1, "the connection was used again");
    }

    [Fact]
    public async Task A_reply_that_nobody_asked_for_ends_the_connection_before_it_can_answer_another_request()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(["$1\r\na\r\n"], await client.PipelineAsync("GET a"));

        await node.SendToAllAsync(Wire.Bulk("not yours"));
        await Eventually.HoldsAsync("the connection is given up", () => proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost > 0);

        Assert.Equal(["$1\r\nb\r\n", "$1\r\nc\r\n"], await client.PipelineAsync("GET b", "GET c"));
    }

    [Fact]
    public async Task A_push_that_nobody_asked_for_answers_no_request()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send([.. Wire.Bytes(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"), .. Scene.Plain(request).Bytes.Span]));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        (await client.CommandAsync("HELLO", "3")).OrThrow();

        Assert.Equal(["$1\r\na\r\n", "$1\r\nb\r\n"], await client.PipelineAsync("GET a", "GET b"));
    }

    [Fact]
    public async Task A_reply_split_at_any_byte_is_passed_the_same()
    {
        const string Reply = "*4\r\n$5\r\nva\r\nl\r\n$-1\r\n:-12\r\n*1\r\n+OK\r\n";
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Silence);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        int asked = 0;
        foreach (IReadOnlyList<ReadOnlyMemory<byte>> parts in PayloadSplitter.Splits(Wire.Bytes(Reply)))
        {
            await client.SendAsync(Scene.Requests("LRANGE k 0 -1"));
            await node.ReceivedAsync("LRANGE", ++asked);
            foreach (ReadOnlyMemory<byte> part in parts) await node.SendToAllAsync(part.ToArray());
            Assert.Equal(Reply, (await client.ReadReplyAsync()).Wire);
        }
    }

    [Theory]
    [InlineData("GET k")]
    [InlineData("INCR k")]
    [InlineData("MGET a b c d e f")]
    public async Task A_silent_node_is_a_timeout_and_its_late_reply_answers_nobody(string request)
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(
            onA: request => request.Connection < 4 ? gate.Then(FakeAnswer.Send(Wire.Bulk("late"))) : ValueTask.FromResult(Scene.Plain(request)),
            upstream: Scene.WithShortTimeout);
        await using RespClient client = await nodes.ConnectAsync();
        string key = nodes.KeyOfA;

        long started = Stopwatch.GetTimestamp();
        string[] replies = await client.PipelineAsync(request.Replace(" k", " " + key, StringComparison.Ordinal), "PING");
        Assert.True(Stopwatch.GetElapsedTime(started) >= Scene.ShortTimeout, "it was not waited for");
        Assert.Equal([TimedOut, "+PONG\r\n"], replies);

        gate.Open();
        await Eventually.HoldsAsync("the node is back", async () => (await client.PipelineAsync($"GET {key}"))[0] == Wire.Text(Wire.Bulk(key)));
        Assert.All(await client.PipelineAsync([.. Enumerable.Repeat($"GET {key}", 20)]), reply => Assert.Equal(Wire.Text(Wire.Bulk(key)), reply));
    }

    [Fact]
    public async Task One_silent_node_does_not_hold_up_the_requests_to_another()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Silence, upstream: upstream => upstream with { RequestTimeout = TimeSpan.FromSeconds(30) });
        await using RespClient waiting = await nodes.ConnectAsync();
        await using RespClient other = await nodes.ConnectAsync();

        await waiting.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}"));
        await nodes.A.ReceivedAsync("GET", 1);

        for (int i = 0; i < 200; i++) Assert.Equal([Wire.Text(Wire.Bulk(nodes.KeyOfB))], await other.PipelineAsync($"GET {nodes.KeyOfB}"));
        Assert.Equal(1, nodes.Proxy.Server.ReadCounters().Upstreams[0].ConnectionsMade / 2 / nodes.Proxy.Configuration.Loops);
    }

    [Fact]
    public async Task A_request_that_was_tried_for_long_does_not_end_the_connection_of_a_node_that_is_well()
    {
        var gate = new Gate();
        long firstTry = 0;
        TimeSpan timeout = TimeSpan.FromSeconds(1);
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(
            onA: request =>
            {
                // Refused for most of its time, then accepted and answered a little too late.
                if (firstTry == 0) firstTry = Stopwatch.GetTimestamp();
                return request.Command != "SET" || Stopwatch.GetElapsedTime(firstTry) > timeout * 0.8
                    ? gate.Then(Scene.Plain(request))
                    : ValueTask.FromResult(FakeAnswer.Send(Wire.Error("TRYAGAIN later")));
            },
            upstream: upstream => upstream with { RequestTimeout = timeout });
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([TimedOut], await client.PipelineAsync($"SET {nodes.KeyOfA} v"));
        gate.Open();

        Assert.Equal([Wire.Text(Wire.Bulk(nodes.KeyOfA))], await client.PipelineAsync($"GET {nodes.KeyOfA}"));
        Assert.Equal(0, nodes.Proxy.Server.ReadCounters().Upstreams[0].ConnectionsLost);
    }

    [Theory]
    [InlineData("HELLO")]
    [InlineData("GET")]
    public async Task A_node_that_drops_every_connection_is_not_dialled_in_a_storm(string droppedAt)
    {
        await using FakeNode node = FakeNode.Start(request => request.Command == droppedAt ? FakeAnswer.Drop : Scene.Hello(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => upstream with { RequestTimeout = TimeSpan.FromSeconds(1.5) });
        RespClient[] clients = [.. await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.ConnectAsync()))];

        string[][] replies = await Task.WhenAll(clients.Select(client => client.PipelineAsync("GET k")));

        // 50, 100, 200, 400, 800 ms, each shortened by half at the most: no more than this fits into 1.5 s.
        Assert.All(replies, reply => Assert.Equal([NotExecuted], reply));
        Assert.InRange(node.Accepted, 2, 8 * proxy.Configuration.Loops);
        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_comes_back_is_found_again()
    {
        bool isBack = false;
        await using FakeNode node = FakeNode.Start(request =>
            !Volatile.Read(ref isBack) ? FakeAnswer.Drop : request.Command == "HELLO" ? Scene.Hello(request) : Scene.Plain(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        await client.SendAsync(Scene.Requests("INCR k", "GET k"));
        await Eventually.HoldsAsync("it was tried", () => node.Accepted > 1);
        Volatile.Write(ref isBack, true);

        Assert.Equal([":1\r\n", "$1\r\nk\r\n"], await client.WiresAsync(2));
        Assert.Equal(1, node.CountOf("INCR"));
    }
}
