using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

/// <summary>The flavors a test of behaviour runs against.</summary>
public static class Flavors
{
    public static TheoryData<TransportFlavor> All { get; } =
        OperatingSystem.IsLinux() ? [TransportFlavor.Epoll, TransportFlavor.Sockets] : [TransportFlavor.Sockets];
}

/// <summary>A handler made of delegates, which records how the connection ended.</summary>
internal sealed class TestHandler : ConnectionHandler
{
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<LoopConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _closedCalls;

    public Action<LoopConnection>? Connected { get; init; }

    public Action<LoopConnection>? Readable { get; init; }

    public Action<LoopConnection>? Drained { get; init; }

    public Action<LoopConnection>? PeerFinished { get; init; }

    public Action<LoopConnection, CloseReason>? ClosedCallback { get; init; }

    /// <summary>Completes with the first OnClosed.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    public Task<LoopConnection> WhenConnected => _connected.Task;

    public int ClosedCalls => Volatile.Read(ref _closedCalls);

    /// <summary>Calls that came after OnClosed, or on another thread than the loop's.</summary>
    public ConcurrentQueue<string> Violations { get; } = new();

    public override void OnConnected(LoopConnection connection)
    {
        Check(connection, nameof(OnConnected));
        _connected.TrySetResult(connection);
        Connected?.Invoke(connection);
    }

    public override void OnReadable(LoopConnection connection)
    {
        Check(connection, nameof(OnReadable));
        Readable?.Invoke(connection);
    }

    public override void OnDrained(LoopConnection connection)
    {
        Check(connection, nameof(OnDrained));
        Drained?.Invoke(connection);
    }

    public override void OnPeerFinished(LoopConnection connection)
    {
        Check(connection, nameof(OnPeerFinished));
        if (PeerFinished is null)
            base.OnPeerFinished(connection);
        else
            PeerFinished(connection);
    }

    public override void OnClosed(LoopConnection connection, CloseReason reason)
    {
        Check(connection, nameof(OnClosed));
        Interlocked.Increment(ref _closedCalls);
        _closed.TrySetResult(reason);
        ClosedCallback?.Invoke(connection, reason);
    }

    private void Check(LoopConnection connection, string call)
    {
        if (ClosedCalls > 0 || !connection.Loop.IsCurrent)
            Violations.Enqueue(call);
    }
}

internal static class Peers
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    public static IPEndPoint AnyPort { get; } = new(IPAddress.Loopback, 0);

    /// <summary>Writes back what comes.</summary>
    public static TestHandler Echo() => new()
    {
        Readable = Echo,
        PeerFinished = connection => connection.CloseWhenSent(),
    };

    public static void Echo(LoopConnection connection)
    {
        var unread = connection.Input.Unread;
        unread.CopyTo(connection.Output.GetSpan(unread.Length));
        connection.Output.Advance(unread.Length);
        connection.Input.Consume(unread.Length);
        connection.Output.Flush();
    }

    /// <summary>A blocking client, which fails rather than waits for ever.</summary>
    public static Socket Dial(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Bound.TotalMilliseconds,
            SendTimeout = (int)Bound.TotalMilliseconds,
        };
        if (endPoint.AddressFamily != AddressFamily.Unix)
            socket.NoDelay = true;
        socket.Connect(endPoint);
        return socket;
    }

    public static byte[] ReceiveExactly(this Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count;)
        {
            int n = socket.Receive(bytes, done, count - done, SocketFlags.None);
            if (n == 0)
                throw new EndOfStreamException($"{done} of {count} bytes came.");
            done += n;
        }

        return bytes;
    }

    /// <summary>Everything until the peer closes.</summary>
    public static byte[] ReceiveToEnd(this Socket socket)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int n;
        while ((n = socket.Receive(buffer)) > 0)
            all.Write(buffer, 0, n);
        return all.ToArray();
    }

    public static byte[] RandomBytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Runs on the loop and waits for the result.</summary>
    public static async Task<T> RunAsync<T>(this EventLoop loop, Func<T> work)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(loop.Post(() =>
        {
            try
            {
                result.SetResult(work());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        }));
        return await result.Task.WaitAsync(Bound);
    }

    public static Task RunAsync(this EventLoop loop, Action work) => loop.RunAsync(() =>
    {
        work();
        return true;
    });

    /// <summary>Waits until something observable from outside holds; bounded.</summary>
    public static async Task Eventually(Func<bool> holds, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed < Bound, "Not within the bound: " + what);
            await Task.Delay(5);
        }
    }
}
