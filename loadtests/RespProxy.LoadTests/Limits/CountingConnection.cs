using System.Buffers.Text;
using System.Net.Sockets;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Limits;

/// <summary>
/// A client that sends INCRs of a key of its own, so many at a time, and reads its replies: a number is a command that ran, and must be
/// one more than the last (in the order sent, none lost, none twice); an error must be the limit's.
/// </summary>
internal sealed class CountingConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _batch;
    private readonly int _pipeline;
    private readonly byte[] _line = new byte[256];
    private int _lineLength;
    private int _sent;
    private int _owed;
    private long _last = -1;

    public CountingConnection(ServerEndpoint endpoint, string tenant, string key, int pipeline)
    {
        _pipeline = pipeline;
        _batch = [.. Enumerable.Repeat(RespClient.Encode("INCR", key), pipeline).SelectMany(request => request)];
        _socket = endpoint.Connect();
        LogIn(tenant);
        _socket.Blocking = false;
    }

    public int Descriptor => (int)_socket.Handle;

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    /// <summary>True: nothing of the batch is left to send.</summary>
    public bool IsSent => _sent == _batch.Length;

    /// <summary>Begins the next batch.</summary>
    public void Begin()
    {
        _sent = 0;
        _owed = _pipeline;
        Send();
    }

    /// <summary>Sends what the socket takes of the batch.</summary>
    public void Send()
    {
        int sent = _socket.Send(_batch.AsSpan(_sent), SocketFlags.None, out SocketError error);
        if (error == SocketError.Success) _sent += sent;
        else if (error != SocketError.WouldBlock) throw new LoadFailedException($"send failed: {error}");
    }

    /// <summary>Receives once. True when the whole batch has been answered.</summary>
    public bool Receive(Span<byte> scratch)
    {
        int received = _socket.Receive(scratch, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock) return false;
        if (error != SocketError.Success || received == 0) throw new LoadFailedException($"the connection was closed ({error})");
        ReadOnlySpan<byte> bytes = scratch[..received];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            part[..Math.Min(part.Length, _line.Length - _lineLength)].CopyTo(_line.AsSpan(_lineLength));
            _lineLength = Math.Min(_line.Length, _lineLength + part.Length);
            if (end < 0) break;
            Count(_line.AsSpan(0, _lineLength));
            _lineLength = 0;
            bytes = bytes[(end + 1)..];
        }

        return _owed == 0;
    }

    public void Dispose() => _socket.Dispose();

    private void LogIn(string tenant)
    {
        _socket.ReceiveTimeout = 5_000;
        _ = _socket.Send(RespClient.Encode("AUTH", tenant, tenant));
        Span<byte> reply = stackalloc byte[64];
        int received = _socket.Receive(reply);
        if (!reply[..received].SequenceEqual("+OK\r\n"u8)) throw new LoadFailedException($"{tenant} is not let in");
    }

    private void Count(ReadOnlySpan<byte> line)
    {
        _owed--;
        if (line.StartsWith("-ERR LIMIT "u8))
        {
            Refused++;
            return;
        }

        if (line.IsEmpty || line[0] != ':' || !Utf8Parser.TryParse(line[1..], out long value, out _))
            throw new LoadFailedException($"an unexpected reply: {System.Text.Encoding.Latin1.GetString(line)}");
        if (_last >= 0 && value != _last + 1)
            throw new LoadFailedException($"out of order: {value} came after {_last}");
        _last = value;
        Accepted++;
    }
}
