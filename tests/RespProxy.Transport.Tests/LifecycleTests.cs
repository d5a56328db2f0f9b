using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

public class LifecycleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_refused_connect_is_reported_with_the_systems_words(TransportFlavor flavor)
    {
        EndPoint nobody;
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(Peers.AnyPort);
            nobody = socket.LocalEndPoint!;
        }

        using var group = LoopGroup.Start(flavor, 1);
        var handler = new TestHandler();
        var connection = await group.Loops[0].RunAsync(() => group.Loops[0].Connect(nobody, Peers.Bound, handler));
        Assert.Equal(CloseReason.ConnectFailed, await handler.Closed.WaitAsync(Peers.Bound, Cancel));
        Assert.Contains("refused", connection.Error, StringComparison.OrdinalIgnoreCase);
        Assert.False(handler.WhenConnected.IsCompleted);
        Assert.Equal(0, group.Loops[0].ConnectionCount);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_connect_that_nobody_answers_ends_with_its_timeout(TransportFlavor flavor)
    {
        // The system answers no more connects once the backlog of a listener that never accepts is full.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(Peers.AnyPort);
        full.Listen(1);
        using var group = LoopGroup.Start(flavor, 1);
        var loop = group.Loops[0];
        var handlers = Enumerable.Range(0, 6).Select(_ => new TestHandler()).ToArray();
        var timeout = TimeSpan.FromMilliseconds(250);
        var connections = await loop.RunAsync(() => handlers.Select(handler => loop.Connect(full.LocalEndPoint!, timeout, handler)).ToArray());
        Assert.Equal(CloseReason.ConnectFailed, await handlers[^1].Closed.WaitAsync(Peers.Bound, Cancel));
        Assert.Contains("250 ms", connections[^1].Error, StringComparison.Ordinal);
        Assert.True(handlers[0].WhenConnected.IsCompleted);
        Assert.False(handlers[0].Closed.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Close_when_sent_delivers_everything_to_a_slow_reader(TransportFlavor flavor)
    {
        byte[] payload = Peers.RandomBytes(8_000_000, seed: 1);
        var server = new TestHandler
        {
            Readable = connection =>
            {
                payload.CopyTo(connection.Output.GetSpan(payload.Length));
                connection.Output.Advance(payload.Length);
                connection.CloseWhenSent();
            },
        };
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("go"u8);
        byte[] first = client.ReceiveExactly(1000);
        Assert.False(server.Closed.IsCompleted);
        byte[] rest = client.ReceiveToEnd();
        Assert.True(payload.AsSpan().SequenceEqual([.. first, .. rest]));
        Assert.Equal(CloseReason.Local, await server.Closed.WaitAsync(Peers.Bound, Cancel));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task The_last_reply_arrives_though_input_is_left_unread(TransportFlavor flavor)
    {
        var server = new TestHandler
        {
            Readable = connection =>
            {
                "bye"u8.CopyTo(connection.Output.GetSpan(3));
                connection.Output.Advance(3);
                connection.CloseWhenSent();
            },
        };
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send(new byte[600_000]);
        Assert.Equal("bye"u8.ToArray(), client.ReceiveToEnd());
        Assert.Equal(CloseReason.Local, await server.Closed.WaitAsync(Peers.Bound, Cancel));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_client_that_finished_sending_still_gets_its_reply(TransportFlavor flavor)
    {
        var server = new TestHandler { PeerFinished = ReplyThenClose };
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("PING"u8);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("PING"u8.ToArray(), client.ReceiveToEnd());
        Assert.Equal(CloseReason.Local, await server.Closed.WaitAsync(Peers.Bound, Cancel));

        static void ReplyThenClose(LoopConnection connection)
        {
            Peers.Echo(connection);
            connection.CloseWhenSent();
        }
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_handler_that_ignores_half_closes_hears_that_the_peer_closed(TransportFlavor flavor)
    {
        var server = new TestHandler();
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(CloseReason.PeerClosed, await server.Closed.WaitAsync(Peers.Bound, Cancel));
        Assert.Empty(client.ReceiveToEnd());
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Abort_in_a_callback_closes_once_after_the_callback(TransportFlavor flavor)
    {
        bool inCallback = false, closedInCallback = false;
        var server = new TestHandler
        {
            Readable = connection =>
            {
                inCallback = true;
                connection.Abort();
                connection.Abort();
                connection.CloseWhenSent();
                connection.ResumeReading();
                connection.Output.Flush();
                Assert.True(connection.IsClosed);
                inCallback = false;
            },
            ClosedCallback = (_, _) => closedInCallback = inCallback,
        };
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        Assert.Equal(CloseReason.Local, await server.Closed.WaitAsync(Peers.Bound, Cancel));
        await group.Loops[0].RunAsync(() => { });
        await group.Loops[0].RunAsync(() => { });
        Assert.Equal(1, server.ClosedCalls);
        Assert.False(closedInCallback);
        Assert.Empty(server.Violations);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_handlers_exception_closes_its_own_connection_only(TransportFlavor flavor)
    {
        var thrown = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thrower = new TestHandler { Readable = _ => throw new InvalidOperationException("a bug") };
        var handlers = new Queue<TestHandler>([thrower, Peers.Echo()]);
        using var group = LoopGroup.Start(flavor, 1);
        group.UnhandledException = e => thrown.TrySetResult(e);
        using var listener = group.Listen(Peers.AnyPort, _ => handlers.Dequeue());
        using var first = Peers.Dial(listener.LocalEndPoint);
        using var second = Peers.Dial(listener.LocalEndPoint);
        first.Send("x"u8);
        Assert.Equal(CloseReason.Local, await thrower.Closed.WaitAsync(Peers.Bound, Cancel));
        Assert.Equal("a bug", (await thrown.Task.WaitAsync(Peers.Bound, Cancel)).Message);
        second.Send("y"u8);
        Assert.Equal("y"u8.ToArray(), second.ReceiveExactly(1));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Exceptions_of_posted_work_timers_and_closing_are_reported_and_survived(TransportFlavor flavor)
    {
        var messages = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var group = LoopGroup.Start(flavor, 1);
        group.UnhandledException = e => messages.Enqueue(e.Message);
        var handler = new TestHandler
        {
            Connected = _ => throw new InvalidOperationException("connected"),
            ClosedCallback = (_, _) => throw new InvalidOperationException("closed"),
        };
        using var listener = group.Listen(Peers.AnyPort, _ => throw new InvalidOperationException("accept"));
        var loop = group.Loops[0];
        loop.Post(() => throw new InvalidOperationException("posted"));
        loop.Post(() => loop.Schedule(TimeSpan.Zero, () => throw new InvalidOperationException("timer")));
        loop.Post(() => loop.Connect(listener.LocalEndPoint, Peers.Bound, handler));
        string[] expected = ["accept", "closed", "connected", "posted", "timer"];
        await Peers.Eventually(() => messages.Count >= expected.Length, "all exceptions reported");
        Assert.Equal(expected, messages.Order(StringComparer.Ordinal));
        await loop.RunAsync(() => { });
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Disposing_the_group_closes_every_connection_and_refuses_work(TransportFlavor flavor)
    {
        var server = Peers.Echo();
        var outgoing = new TestHandler();
        var group = LoopGroup.Start(flavor, 2);
        var listener = group.Listen(Peers.AnyPort, _ => server);
        var loop = group.Loops[0]; // the accepting end is there too: neither sees the other close first
        await loop.RunAsync(() => loop.Connect(listener.LocalEndPoint, Peers.Bound, outgoing));
        await outgoing.WhenConnected.WaitAsync(Peers.Bound, Cancel);
        await Peers.Eventually(() => group.Loops.Sum(one => one.ConnectionCount) == 2, "both ends open");
        group.Dispose();
        Assert.Equal(CloseReason.Local, await outgoing.Closed.WaitAsync(Peers.Bound, Cancel));
        Assert.True(server.Closed.IsCompleted);
        Assert.False(loop.Post(() => { }));
        Assert.Throws<SocketException>(() => Peers.Dial(listener.LocalEndPoint));
        Assert.Throws<ObjectDisposedException>(() => group.Listen(Peers.AnyPort, _ => null));
    }
}
