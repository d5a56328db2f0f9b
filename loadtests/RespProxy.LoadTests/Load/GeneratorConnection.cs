using System.Net.Sockets;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// One client connection of a generator: requests wait in its output until <see cref="Flush"/>, and the time
/// each latency counts from waits in a queue until its reply is whole. Replies come in the order of requests.
/// </summary>
internal sealed class GeneratorConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly Queue<long> _startedAt = new(64);
    private readonly ReplyCounter _replies = new();
    private byte[] _output = new byte[4096];
    private int _outputLength;

    public GeneratorConnection(ServerEndpoint endpoint)
    {
        _socket = endpoint.Connect();
        _socket.Blocking = false;
    }

    public int Descriptor => (int)_socket.Handle;

    public bool HasOutput => _outputLength > 0;

    /// <summary>Queues a request; its latency counts from <paramref name="startedAt"/> (monotonic nanoseconds).</summary>
    public void Enqueue(ReadOnlySpan<byte> request, long startedAt)
    {
        if (_outputLength + request.Length > _output.Length)
            Array.Resize(ref _output, Math.Max(2 * _output.Length, _outputLength + request.Length));
        request.CopyTo(_output.AsSpan(_outputLength));
        _outputLength += request.Length;
        _startedAt.Enqueue(startedAt);
    }

    /// <summary>Sends what the socket takes; the rest stays for the next call.</summary>
    public void Flush()
    {
        int sent = _socket.Send(_output.AsSpan(0, _outputLength), SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
            return;
        if (error != SocketError.Success)
            throw new LoadFailedException($"send failed: {error}");
        _output.AsSpan(sent, _outputLength - sent).CopyTo(_output);
        _outputLength -= sent;
    }

    /// <summary>Receives once, records the latency of each whole reply, and returns how many there were.</summary>
    public int Receive(Span<byte> scratch, LatencyHistogram latencies)
    {
        int received = _socket.Receive(scratch, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
            return 0;
        if (error != SocketError.Success || received == 0)
            throw new LoadFailedException($"the connection was closed ({error})");
        int replies = _replies.Feed(scratch[..received]);
        long now = MonotonicClock.Nanoseconds;
        for (int i = 0; i < replies; i++)
        {
            if (!_startedAt.TryDequeue(out long startedAt))
                throw new LoadFailedException("a reply came that nobody asked for");
            latencies.Record(now - startedAt);
        }
        return replies;
    }

    public void Dispose() => _socket.Dispose();
}
