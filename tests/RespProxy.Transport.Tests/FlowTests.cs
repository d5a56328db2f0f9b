using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace RespProxy.Transport.Tests;

public class FlowTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Thousands_of_writes_of_a_turn_go_out_in_order_in_one_send(TransportFlavor flavor)
    {
        LoopConnection? served = null;
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler { Readable = connection => served = connection });
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        await Peers.Eventually(() => Volatile.Read(ref served) is not null, "served");
        var loop = group.Loops[0];
        var expected = new StringBuilder();
        for (int i = 0; i < 5000; i++)
            expected.Append(CultureInfo.InvariantCulture, $"{i}\r\n");

        long before = loop.Counters.Sends;
        await loop.RunAsync(() =>
        {
            foreach (string line in expected.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
            {
                int count = Encoding.ASCII.GetBytes(line + "\r\n", served!.Output.GetSpan(16));
                served.Output.Advance(count);
                served.Output.Flush();
            }
        });
        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(client.ReceiveExactly(expected.Length)));
        Assert.Equal(before + 1, loop.Counters.Sends);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task What_turn_ending_writes_leaves_in_the_same_turn(TransportFlavor flavor)
    {
        LoopConnection? served = null;
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler
        {
            Readable = connection =>
            {
                served = connection;
                connection.Input.Consume(connection.Input.Unread.Length);
            },
        });
        var loop = group.Loops[0];
        await loop.RunAsync(() => loop.TurnEnding = () =>
        {
            if (served is null)
                return;
            "e"u8.CopyTo(served.Output.GetSpan(1));
            served.Output.Advance(1);
            served.Output.Flush();
            served = null;
        });
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        Assert.Equal("e"u8.ToArray(), client.ReceiveExactly(1));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_paused_connection_takes_little_and_gives_all_when_resumed(TransportFlavor flavor)
    {
        const int Total = 20_000_000;
        LoopConnection? served = null;
        long seen = 0;
        var server = new TestHandler
        {
            Readable = connection =>
            {
                if (served is null)
                {
                    connection.PauseReading();
                    Volatile.Write(ref served, connection);
                    return;
                }

                Interlocked.Add(ref seen, connection.Input.Unread.Length);
                connection.Input.Consume(connection.Input.Unread.Length);
            },
        };
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        var sending = Task.Run(() => client.Send(new byte[Total]), Cancel);
        await Peers.Eventually(() => Volatile.Read(ref served) is not null, "first bytes");
        var loop = group.Loops[0];
        await WaitOnLoop(loop, TimeSpan.FromMilliseconds(50));
        Assert.Equal(0, Interlocked.Read(ref seen));
        Assert.InRange(loop.Counters.BytesReceived, 1, 1_000_000);
        Assert.False(sending.IsCompleted);

        await loop.RunAsync(served!.ResumeReading);
        Assert.Equal(Total, await sending.WaitAsync(Peers.Bound, Cancel));
        await Peers.Eventually(() => Interlocked.Read(ref seen) == Total, "all bytes seen");
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Resuming_offers_the_leftover_without_new_bytes(TransportFlavor flavor)
    {
        var offered = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        LoopConnection? served = null;
        int calls = 0;
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler
        {
            Readable = connection =>
            {
                if (++calls == 1)
                    connection.PauseReading();
                else
                    offered.TrySetResult(connection.Input.Unread.Length);
                Volatile.Write(ref served, connection);
            },
        });
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("abc"u8);
        await Peers.Eventually(() => Volatile.Read(ref served) is not null, "first offer");
        await group.Loops[0].RunAsync(() =>
        {
            served!.ResumeReading();
            Assert.False(offered.Task.IsCompleted); // never from within the call
        });
        Assert.Equal(3, await offered.Task.WaitAsync(Peers.Bound, Cancel));
    }

    [Fact]
    public async Task A_paused_connection_whose_peer_finished_does_not_spin_and_is_closed_when_reset()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        var server = new TestHandler { Readable = connection => connection.PauseReading() };
        using var group = LoopGroup.Start(TransportFlavor.Epoll, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => server);
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("abc"u8);
        client.Shutdown(SocketShutdown.Send);
        var loop = group.Loops[0];
        await Peers.Eventually(() => loop.Counters.BytesReceived == 3, "bytes in");
        long before = loop.Counters.Turns;
        await WaitOnLoop(loop, TimeSpan.FromMilliseconds(50));
        Assert.InRange(loop.Counters.Turns - before, 1, 10);
        Assert.False(server.Closed.IsCompleted);

        client.LingerState = new LingerOption(true, 0);
        client.Close();
        Assert.NotEqual(CloseReason.Local, await server.Closed.WaitAsync(Peers.Bound, Cancel));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Drained_is_called_when_a_slow_peer_has_taken_all(TransportFlavor flavor)
    {
        const int Total = 10_000_000;
        var drained = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler
        {
            Readable = connection =>
            {
                connection.Input.Consume(connection.Input.Unread.Length);
                connection.Output.GetSpan(Total)[..Total].Clear();
                connection.Output.Advance(Total);
                connection.Output.Flush();
            },
            Drained = connection => drained.TrySetResult(connection.Output.Unsent),
        });
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        client.ReceiveExactly(1);
        Assert.False(drained.Task.IsCompleted);
        client.ReceiveExactly(Total - 1);
        Assert.Equal(0, await drained.Task.WaitAsync(Peers.Bound, Cancel));
        Assert.Equal(Total, group.Loops[0].Counters.BytesSent);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Code_written_against_pipes_works_unchanged(TransportFlavor flavor)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => new PipeEcho(done));
        using var client = Peers.Dial(listener.LocalEndPoint);
        byte[] payload = Peers.RandomBytes(1_000_000, seed: 3);
        var sending = Task.Run(
            () =>
            {
                client.Send(payload);
                client.Shutdown(SocketShutdown.Send);
            },
            Cancel);
        byte[] echoed = client.ReceiveToEnd();
        await sending;
        Assert.True(payload.AsSpan().SequenceEqual(echoed));
        await done.Task.WaitAsync(Peers.Bound, Cancel);
    }

    private static async Task WaitOnLoop(EventLoop loop, TimeSpan time)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await loop.RunAsync(() => loop.Schedule(time, fired.SetResult));
        await fired.Task.WaitAsync(Peers.Bound, Cancel);
    }

    /// <summary>Echoes in lots of 1,000 bytes by an async loop over the pipes.</summary>
    private sealed class PipeEcho(TaskCompletionSource done) : ConnectionHandler
    {
        private bool _isRunning;

        public override void OnReadable(LoopConnection connection)
        {
            Assert.False(_isRunning); // once it waits, its read is completed instead
            _isRunning = true;
            _ = EchoAsync(connection);
        }

        public override void OnPeerFinished(LoopConnection connection)
        {
        }

        public override void OnClosed(LoopConnection connection, CloseReason reason) => done.TrySetResult();

        private static async Task EchoAsync(LoopConnection connection)
        {
            while (true)
            {
                var result = await connection.Input.ReadAsync();
                var bytes = result.Buffer;
                long whole = result.IsCompleted ? bytes.Length : bytes.Length / 1000 * 1000;
                foreach (var segment in bytes.Slice(0, whole))
                    await connection.Output.WriteAsync(segment);
                connection.Input.AdvanceTo(bytes.GetPosition(whole), bytes.End);
                if (result.IsCompleted)
                    break;
            }

            await connection.Output.CompleteAsync();
        }
    }
}
