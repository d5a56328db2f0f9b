using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Replies too large to be collected pass through in parts, and nobody can tell by what they get.</summary>
public sealed class LargeReplyTests
{
    private const int Large = 3_000_000;

    /// <summary>Holds everything that might be taken for the beginning of another reply.</summary>
    private static readonly byte[] Reply = Wire.Bulk(string.Concat(Enumerable.Repeat("\r\n>3\r\n-ERR x\r\n$2\r\n", Large / 20)));

    private static readonly int Half = Reply.Length / 2;

    [Fact]
    public async Task A_large_reply_reaches_its_client_before_the_node_has_sent_all_of_it_and_later_replies_wait_behind_it()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync();
        using Socket client = Connect(proxy);
        await using RespClient other = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("GET large", "PING", "GET small"));

        byte[] first = await ReadAsync(client, Half);
        await other.SendAsync(Scene.Requests("GET other"));
        await node.SendRestAsync();

        byte[] expectedRest = [.. Reply[Half..], .. Wire.Bytes("+PONG\r\n$5\r\nsmall\r\n")];
        byte[] rest = await ReadAsync(client, expectedRest.Length);
        Assert.True(Reply.AsSpan(0, Half).SequenceEqual(first));
        Assert.True(expectedRest.AsSpan().SequenceEqual(rest));
        Assert.Equal(["$5\r\nother\r\n"], await other.WiresAsync(1));
    }

    [Fact]
    public async Task What_is_published_in_the_middle_of_a_large_reply_comes_behind_it()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync();
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("HELLO", "3");
        await client.PipelineAsync("SUBSCRIBE news");
        await client.SendAsync(Scene.Requests("GET large"));
        FakeRequest subscription = await node.Node.ReceivedAsync(request => request.Command == "SUBSCRIBE");
        await Eventually.HoldsAsync("half of the reply is with the client", () => proxy.Server.ReadCounters().Loops.Sum(loop => loop.Counters.BytesSent) >= Half);

        long published = Pushes(proxy);
        await node.Node.SendToAsync(subscription.Connection, Push("message", "cluster1@app1:news", "hi"));
        await Eventually.HoldsAsync("the proxy has got what was published", () => Pushes(proxy) > published);
        await node.SendRestAsync();

        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(2);
        AssertSame(Reply, replies[0]);
        Assert.Equal(Wire.Text(Push("message", "news", "hi")), replies[1].Wire);
    }

    [Fact]
    public async Task A_client_whose_node_is_lost_in_the_middle_of_a_large_reply_is_closed_and_everybody_else_is_answered()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync();
        using Socket client = Connect(proxy);
        await using RespClient other = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("GET large", "GET small"));
        byte[] first = await ReadAsync(client, Half);
        await other.SendAsync(Scene.Requests("GET other"));
        await Eventually.HoldsAsync("the other client's request is sent", () => proxy.Server.ReadCounters().Commands >= 3);

        node.Node.DropConnections();

        Assert.True(Reply.AsSpan(0, Half).SequenceEqual(first));
        Assert.Equal(0, await ReadToEndAsync(client));
        Assert.Equal(["$5\r\nother\r\n"], await other.WiresAsync(1));
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_a_large_reply_takes_nothing_from_the_next_in_line()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync();
        await using RespClient other = await proxy.ConnectAsync();
        using (Socket client = Connect(proxy))
        {
            await client.SendAsync(Scene.Requests("GET large"));
            await ReadAsync(client, Half);
            await other.SendAsync(Scene.Requests("GET other"));
            client.LingerState = new LingerOption(true, 0);
        }

        await Eventually.HoldsAsync("the proxy has seen the client off", () => proxy.Server.ReadCounters().Connections == 1);
        await node.SendRestAsync();

        Assert.Equal(["$5\r\nother\r\n"], await other.WiresAsync(1));
    }

    [Fact]
    public async Task A_large_reply_whose_turn_has_not_come_waits_for_the_one_before_it()
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: request => gate.Then(Scene.Plain(request)), onB: _ => ValueTask.FromResult(FakeAnswer.Send(Reply)));
        await using RespClient client = await nodes.ConnectAsync();
        await using RespClient second = await nodes.ConnectAsync();
        await client.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}", $"GET {nodes.KeyOfB}", "PING"));
        await second.SendAsync(Scene.Requests($"GET {nodes.KeyOfB}"));
        AssertSame(Reply, await second.ReadReplyAsync());
        gate.Open();

        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(3);
        Assert.Equal(Wire.Text(Wire.Bulk(nodes.KeyOfA)), replies[0].Wire);
        AssertSame(Reply, replies[1]);
        Assert.Equal("+PONG\r\n", replies[2].Wire);
    }

    [Fact]
    public async Task A_large_reply_may_take_longer_than_the_request_timeout_as_long_as_it_comes()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync(Scene.WithShortTimeout);
        using Socket client = Connect(proxy);
        await client.SendAsync(Scene.Requests("GET large"));
        List<byte> received = [.. await ReadAsync(client, Half)];

        // One byte after the other until its time would be over three times, then the rest.
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < 3 * Scene.ShortTimeout && received.Count < Reply.Length - 10)
        {
            await node.SendAsync(Reply.AsMemory(received.Count, 1));
            received.AddRange(await ReadAsync(client, 1));
        }

        await node.SendAsync(Reply.AsMemory(received.Count));
        received.AddRange(await ReadAsync(client, Reply.Length - received.Count));
        Assert.True(Reply.AsSpan().SequenceEqual(received.ToArray()));
    }

    [Fact]
    public async Task A_node_that_stops_in_the_middle_of_a_large_reply_is_given_up_and_its_client_closed()
    {
        await using var node = new HalfwayNode();
        await using RunningProxy proxy = await node.ProxyAsync(Scene.WithShortTimeout);
        using Socket client = Connect(proxy);
        await client.SendAsync(Scene.Requests("GET large"));
        await ReadAsync(client, Half);

        Assert.Equal(0, await ReadToEndAsync(client));
        await using RespClient other = await proxy.ConnectAsync();
        Assert.Equal(["$5\r\nother\r\n"], await other.PipelineAsync("GET other"));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task Large_values_of_every_kind_are_read_through_the_proxy_as_they_are(string protocol)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone, [(redis.Host, redis.Port)], configuration => configuration with { HotKeys = new HotKeysSnapshot { Sample = 1 } });
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(redis.Host, redis.Port);
        await client.CommandAsync("HELLO", protocol);
        await direct.CommandAsync("HELLO", protocol);
        string element = new('e', 200);
        await client.CommandAsync("SET", "string", new string('s', 40_000_000));
        for (int from = 0; from < 60_000; from += 1_000)
        {
            string[] numbers = [.. Enumerable.Range(from, 1_000).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
            await client.CommandAsync(["RPUSH", "list", .. numbers.Select(i => i + element)]);
            await client.CommandAsync(["HSET", "hash", .. numbers.SelectMany(i => new[] { i, i + element })]);
        }

        foreach ((string command, string key) in ((string, string)[])[("GET {0}", "string"), ("LRANGE {0} 0 -1", "list"), ("HGETALL {0}", "hash")])
        {
            await direct.SendAsync(Scene.Requests(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, Scene.Prefix + key)));
            await client.SendAsync(Scene.Requests(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, key), "PING"));
            RawReply expected = await direct.ReadReplyAsync();
            Assert.True(expected.Bytes.Length > Large);
            AssertSame(expected.Bytes, await client.ReadReplyAsync());
            Assert.Equal("+PONG\r\n", (await client.ReadReplyAsync()).Wire);
        }

        Dictionary<string, RedisReply>[] big = await client.BigKeysAsync();
        Assert.Equal(
            [("hash", 60_000, "hgetall"), ("list", 60_000, "lrange"), ("string", 0, "get")],
            big.OrderBy(row => row["key"].Text, StringComparer.Ordinal).Select(row => (row["key"].Text, row["elements"].Integer, row["command"].Text)));
        Assert.Contains(big, row => row["key"].Text == "string" && row["bytes"].Integer is >= 40_000_000 and < 40_000_100);
    }

    private static byte[] Push(string kind, string channel, object last) =>
        [.. ">3\r\n"u8, .. Wire.Bulk(kind), .. Wire.Bulk(channel), .. last is string text ? Wire.Bulk(text) : Wire.Integer((int)last)];

    private static long Pushes(RunningProxy proxy) => proxy.Server.ReadCounters().Loops.Sum(loop => loop.Counters.Receives);

    /// <summary>Not as texts: the message would be millions of characters.</summary>
    private static void AssertSame(ReadOnlyMemory<byte> expected, RawReply reply) =>
        Assert.True(expected.Span.SequenceEqual(reply.Bytes.Span), $"{reply.Bytes.Length} bytes, not the {expected.Length} expected");

    private static Socket Connect(RunningProxy proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(new IPEndPoint(IPAddress.Loopback, proxy.PortOf("app1")));
        return socket;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        await new NetworkStream(socket).ReadExactlyAsync(bytes).AsTask().WaitAsync(Eventually.DefaultBound);
        return bytes;
    }

    /// <summary>Bytes until the peer ends the connection, in order or by resetting it.</summary>
    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        int total = 0;
        byte[] scratch = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(scratch).WaitAsync(Eventually.DefaultBound) is > 0 and int count) total += count;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed with unread input.
        }

        return total;
    }

    /// <summary>A standalone node that answers GET large with half of the reply, and on that connection with nothing more until it is told to.</summary>
    private sealed class HalfwayNode : IAsyncDisposable
    {
        private readonly Gate _restIsSent = new();
        private int _connection;

        public HalfwayNode() => Node = Scene.Standalone(AnswerAsync);

        public FakeNode Node { get; }

        public async Task<RunningProxy> ProxyAsync(Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null)
        {
            RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, Node, upstream);
            await proxy.ConnectedAsync(nodes: 1);
            return proxy;
        }

        /// <summary>Sends more of the reply.</summary>
        public Task SendAsync(ReadOnlyMemory<byte> bytes) => Node.SendToAsync(Volatile.Read(ref _connection), bytes);

        /// <summary>Sends the other half, and answers what came meanwhile.</summary>
        public async Task SendRestAsync()
        {
            await Eventually.HoldsAsync("the node was asked for the large value", () => Volatile.Read(ref _connection) != 0);
            await SendAsync(Reply.AsMemory(Half));
            _restIsSent.Open();
        }

        public ValueTask DisposeAsync() => Node.DisposeAsync();

        private async ValueTask<FakeAnswer> AnswerAsync(FakeRequest request)
        {
            if (request.Command == "SUBSCRIBE") return FakeAnswer.Send(Push("subscribe", request.Argument(1), 1));
            if (request.Command != "GET" || Scene.KeyOf(request, 1) != "large") return Scene.Plain(request);
            await Node.SendToAsync(request.Connection, Reply.AsMemory(0, Half));
            Volatile.Write(ref _connection, request.Connection);
            return await _restIsSent.Then(FakeAnswer.Silence);
        }
    }
}
