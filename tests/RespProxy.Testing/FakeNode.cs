using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RespProxy.Testing;

/// <summary>
/// A server that speaks RESP and does what a test tells it: it records requests and asks a delegate for each answer.
/// The delegate may await (a gate the test opens later); requests of one connection are answered one by one, in
/// order; connections don't wait for each other. What the delegate throws comes out of DisposeAsync.
/// </summary>
public sealed class FakeNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<int, Socket> _connections = [];
    private readonly ConcurrentQueue<FakeRequest> _requests = [];
    private readonly ConcurrentBag<Task> _work = [];
    private readonly Func<FakeRequest, ValueTask<FakeAnswer>> _answer;
    private int _accepted;

    private FakeNode(Func<FakeRequest, ValueTask<FakeAnswer>> answer)
    {
        _answer = answer;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        Id = Port.ToString("x40", CultureInfo.InvariantCulture);
        _work.Add(AcceptAsync());
    }

    public string Host { get; } = "127.0.0.1";

    public int Port { get; }

    /// <summary>A node id in the cluster's format.</summary>
    public string Id { get; }

    /// <summary>What arrived so far, over all connections, in order of arrival.</summary>
    public IReadOnlyList<FakeRequest> Requests => [.. _requests];

    /// <summary>Connections accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Connections that neither side has ended.</summary>
    public int Open => _connections.Count;

    public static FakeNode Start(Func<FakeRequest, ValueTask<FakeAnswer>> answer) => new(answer);

    public static FakeNode Start(Func<FakeRequest, FakeAnswer> answer) => new(request => ValueTask.FromResult(answer(request)));

    /// <summary>Answers every request with these bytes.</summary>
    public static FakeNode Start(byte[] answer) => Start(_ => FakeAnswer.Send(answer));

    /// <summary>Waits for the first request that matches.</summary>
    public async Task<FakeRequest> ReceivedAsync(Func<FakeRequest, bool> match)
    {
        await Eventually.HoldsAsync("the expected request arrives", () => _requests.Any(match));
        return _requests.First(match);
    }

    /// <summary>Sends bytes nobody asked for (a push, garbage) on every open connection.</summary>
    public async Task SendToAllAsync(byte[] bytes)
    {
        foreach (Socket socket in _connections.Values)
            await socket.SendAsync(bytes, SocketFlags.None, _stopping.Token);
    }

    /// <summary>Sends bytes on one connection, <see cref="FakeRequest.Connection"/>: the rest of a reply, say.</summary>
    public async Task SendToAsync(int connection, ReadOnlyMemory<byte> bytes) =>
        await new NetworkStream(_connections[connection]).WriteAsync(bytes, _stopping.Token);

    /// <summary>Resets every open connection; new ones are still accepted.</summary>
    public void DropConnections()
    {
        foreach (Socket socket in _connections.Values)
            Drop(socket);
    }

    /// <summary>Refuses new connections from now on; those open stay.</summary>
    public void StopListening() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        DropConnections();
        await Task.WhenAll(_work);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private static void Drop(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
            socket.Dispose();
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Its client went away in this moment: the connection is closed already.
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stopping.Token);
                socket.NoDelay = true;
                int number = Interlocked.Increment(ref _accepted);
                _connections[number] = socket;
                _work.Add(Task.Run(() => ServeAsync(number, socket)));
            }
        }
        catch (Exception e) when (IsEnd(e) || e is InvalidOperationException)
        {
            // StopListening (InvalidOperationException) or disposal.
        }
    }

    private async Task ServeAsync(int number, Socket socket)
    {
        var reader = new FakeRequestReader(socket);
        try
        {
            while (await reader.ReadAsync(_stopping.Token) is { } arguments)
            {
                var request = new FakeRequest(number, arguments);
                _requests.Enqueue(request);
                FakeAnswer answer = await _answer(request).AsTask().WaitAsync(_stopping.Token);
                if (!answer.Bytes.IsEmpty)
                    await new NetworkStream(socket).WriteAsync(answer.Bytes, _stopping.Token);
                if (answer.ThenDrop)
                    break;
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The client went away, or the test dropped the connection.
        }
        finally
        {
            _connections.TryRemove(number, out _);
            socket.Dispose();
        }
    }

    private static bool IsEnd(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException;
}
