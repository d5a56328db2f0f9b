using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Control.ControlRedis;
using RespProxy.Testing;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.Tests;

public class ControlRedisClientTests
{
    [Fact]
    public async Task Many_callers_at_once_get_their_own_replies()
    {
        await using FakeNode node = FakeNode.Start(Echo);
        await using ControlRedisClient client = Client(node.Port);
        string[] asked = [.. Enumerable.Range(0, 500).Select(i => $"request {i}")];

        ReplyNode[] replies = await Task.WhenAll(asked.Select(text => Task.Run(() => client.AskAsync(["ECHO", text]))));

        Assert.Equal(asked, replies.Select(reply => reply.Text));
        Assert.True(client.IsConnected);
        Assert.Equal(1, node.Accepted);
    }

    [Fact]
    public async Task It_logs_in_first_and_tells_of_refused_credentials_without_the_password()
    {
        await using FakeNode node = FakeNode.Start(request => FakeAnswer.Send(request.Command == "AUTH" ? Wire.Error("WRONGPASS no") : Wire.Ok));
        await using ControlRedisClient client = new(Server(node.Port) with { Username = "fleet", Password = "hidden" }, TimeProvider.System, NullLogger.Instance);

        ControlRedisException refused = await Assert.ThrowsAsync<ControlRedisException>(() => client.AskAsync(["GET", "a"]));

        Assert.Contains("WRONGPASS", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.Ordinal);
        Assert.All(node.Requests, request => Assert.Equal("AUTH fleet hidden", request.ToString()));
        Assert.False(client.IsConnected);
    }

    [Fact]
    public async Task A_script_is_sent_whole_only_to_a_server_that_does_not_know_it()
    {
        bool known = false;
        await using FakeNode node = FakeNode.Start(request =>
        {
            bool before = known;
            known |= request.Command == "EVAL";
            return FakeAnswer.Send(request.Command switch
            {
                "EVAL" => Wire.Integer(1),
                "EVALSHA" => before ? Wire.Integer(2) : Wire.Error("NOSCRIPT No matching script."),
                _ => Wire.Ok,
            });
        });
        await using ControlRedisClient client = Client(node.Port);
        var script = new ControlScript("return 1");

        Assert.Equal(1, (await client.RunAsync(script, ["k"], ["a", 7])).Integer);
        Assert.Equal(2, (await client.RunAsync(script, ["k"], ["a", 7])).Integer);

        // The digest is Redis's: printf 'return 1' | sha1sum.
        Assert.Equal(
            ["EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 k a 7", "EVAL return 1 1 k a 7", "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 1 k a 7"],
            Asked(node));
    }

    [Fact]
    public async Task Addresses_are_tried_in_turn_until_one_answers()
    {
        await using FakeNode gone = FakeNode.Start(Wire.Ok);
        gone.StopListening();
        await using FakeNode refusing = FakeNode.Start(Wire.Error("LOADING Redis is loading the dataset in memory"));
        await using FakeNode good = FakeNode.Start(Echo);
        await using ControlRedisClient client = Client(gone.Port, refusing.Port, good.Port);

        Assert.Equal("x", (await client.AskAsync(["ECHO", "x"])).Text);
        Assert.True(refusing.Accepted > 0);
    }

    [Fact]
    public async Task A_server_that_cannot_be_written_to_is_left_for_the_next()
    {
        await using FakeNode replica = FakeNode.Start(request => FakeAnswer.Send(request.Command == "PING" ? Wire.Ok : Wire.Error("READONLY You can't write against a read only replica.")));
        await using FakeNode primary = FakeNode.Start(Wire.Ok);
        await using ControlRedisClient client = Client(replica.Port, primary.Port);

        Assert.True((await client.AskAsync(["SET", "a", "1"])).IsError);
        await Eventually.HoldsAsync("the primary takes it", async () => !(await TryAsync(client, "SET", "a", "1"))?.IsError ?? false);
    }

    [Fact]
    public async Task While_the_server_is_away_commands_fail_at_once_and_say_why()
    {
        await using FakeNode node = FakeNode.Start(Echo);
        TcpRelay relay = TcpRelay.Start(node.Host, node.Port);
        int port = relay.Port;
        await using ControlRedisClient client = Client(port);
        Assert.Equal("x", (await client.AskAsync(["ECHO", "x"])).Text);

        await relay.DisposeAsync();
        await Eventually.HoldsAsync("the loss is noticed", async () => await TryAsync(client, "ECHO", "x") is null && client.Away is not null);
        Assert.False(client.IsConnected);
        Task<ReplyNode> asking = client.AskAsync(["ECHO", "x"]);
        Assert.True(asking.IsFaulted);
        Assert.Contains($"127.0.0.1:{port}", asking.Exception.InnerException!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_connection_that_the_server_ends_costs_no_command()
    {
        await using FakeNode node = FakeNode.Start(Echo);
        await using ControlRedisClient client = Client(node.Port);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("x", (await client.AskAsync(["ECHO", "x"])).Text);
            node.DropConnections();
            await Eventually.HoldsAsync("the end has come", () => node.Open == 0);
        }
    }

    [Fact]
    public async Task A_server_that_falls_silent_costs_no_caller_more_than_the_timeout()
    {
        await using FakeNode node = FakeNode.Start(request => request.Command == "PING" ? FakeAnswer.Ok : FakeAnswer.Silence);
        await using ControlRedisClient client = new(Server(node.Port) with { Timeout = TimeSpan.FromMilliseconds(300) }, TimeProvider.System, NullLogger.Instance);

        Task<ReplyNode>[] asking = [.. Enumerable.Range(0, ControlRedisClient.MaxWaiting + 200).Select(_ => client.AskAsync(["GET", "a"]))];
        Assert.Contains(asking, each => each.IsFaulted && each.Exception.InnerException!.Message.Contains("does not keep up", StringComparison.Ordinal));
        foreach (Task<ReplyNode> each in asking) await Assert.ThrowsAsync<ControlRedisException>(() => each.WaitAsync(Eventually.DefaultBound));
    }

    [Theory]
    [InlineData("$999999999\r\n")]
    [InlineData("*10001\r\n")]
    [InlineData("*3\r\n*5000\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    public async Task A_reply_that_is_too_large_or_no_reply_fails_the_command_and_no_later_one(string hostile)
    {
        await using FakeNode node = FakeNode.Start(request => request.Command == "GET" ? FakeAnswer.Send(Wire.Bytes(hostile)) : Echo(request));
        await using ControlRedisClient client = new(Server(node.Port) with { Timeout = TimeSpan.FromMilliseconds(500) }, TimeProvider.System, NullLogger.Instance);

        await Assert.ThrowsAsync<ControlRedisException>(() => client.AskAsync(["GET", "a"]));
        await Eventually.HoldsAsync("it answers again", async () => (await TryAsync(client, "ECHO", "x"))?.Text == "x");
    }

    [Fact]
    public async Task What_a_server_sends_unasked_is_never_taken_for_a_reply()
    {
        await using FakeNode node = FakeNode.Start(request => FakeAnswer.Send(request.Command == "GET" ? [.. Wire.Simple("one"), .. Wire.Simple("two")] : Echo(request).Bytes.ToArray()));
        await using ControlRedisClient client = Client(node.Port);
        Assert.Equal("one", (await client.AskAsync(["GET", "a"])).Text);
        Assert.Equal("x", (await client.AskAsync(["ECHO", "x"])).Text);
    }

    [Fact]
    public async Task A_subscriber_hears_in_order_is_told_when_it_stands_again_and_survives_its_own_callback()
    {
        await using FakeNode node = FakeNode.Start(request => FakeAnswer.Send(
            request.Command == "SUBSCRIBE" ? Wire.Array(Wire.Bulk("subscribe"), Wire.Bulk(request.Argument(1)), Wire.Integer(1)) : Wire.Ok));
        int stood = 0;
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var subscription = new ControlRedisSubscription(
            Server(node.Port),
            "news",
            () => Interlocked.Increment(ref stood),
            payload =>
            {
                heard.Enqueue(Wire.Text(payload.Span));
                if (heard.Count == 1) throw new InvalidOperationException("callback");
            },
            TimeProvider.System,
            NullLogger.Instance);
        await Eventually.HoldsAsync("it stands", () => Volatile.Read(ref stood) == 1 && subscription.IsConnected);

        await node.SendToAllAsync([.. Publication("a"), .. Publication("b")]);
        await Eventually.HoldsAsync("both are heard", () => heard.SequenceEqual(["a", "b"]));
        node.DropConnections();
        await Eventually.HoldsAsync("it stands again", () => Volatile.Read(ref stood) == 2 && subscription.IsConnected);
        await node.SendToAllAsync(Publication("c"));
        await Eventually.HoldsAsync("the third is heard", () => heard.SequenceEqual(["a", "b", "c"]));
    }

    private static byte[] Publication(string payload) => Wire.Array(Wire.Bulk("message"), Wire.Bulk("news"), Wire.Bulk(payload));

    private static FakeAnswer Echo(FakeRequest request) => FakeAnswer.Send(request.Command == "ECHO" ? Wire.Bulk(request.Arguments[1]) : Wire.Ok);

    private static string[] Asked(FakeNode node) => [.. node.Requests.Select(request => request.ToString()).Where(request => request != "PING")];

    private static async Task<ReplyNode?> TryAsync(ControlRedisClient client, params string[] arguments)
    {
        try
        {
            return await client.AskAsync([.. arguments.Select(ControlArgument.FromString)]);
        }
        catch (ControlRedisException)
        {
            return null;
        }
    }

    private static ControlRedisClient Client(params int[] ports) => new(Server(ports), TimeProvider.System, NullLogger.Instance);

    private static ControlRedisSnapshot Server(params int[] ports) =>
        new() { Addresses = [.. ports.Select(port => new NodeAddress("127.0.0.1", port))], Timeout = TimeSpan.FromSeconds(5) };
}
