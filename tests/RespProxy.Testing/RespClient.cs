using System.Net;
using System.Net.Sockets;
using RespProxy.LocalCluster;

namespace RespProxy.Testing;

/// <summary>A reply as it stood on the wire, and as a tree.</summary>
public sealed record RawReply(ReadOnlyMemory<byte> Bytes, RedisReply Tree)
{
    /// <summary>The wire bytes, one char per byte.</summary>
    public string Wire => Testing.Wire.Text(Bytes.Span);
}

/// <summary>
/// A client that sends exactly the bytes it is told to and shows exactly the bytes it gets, over TCP or a Unix socket.
/// Every wait is bounded. One sender and one reader at a time.
/// </summary>
public sealed class RespClient : IAsyncDisposable
{
    private readonly Socket _socket;
    private byte[] _input = new byte[64 * 1024];
    private int _start;
    private int _end;

    private RespClient(Socket socket) => _socket = socket;

    /// <summary>How long one connect, send or read may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The port that the server knows this client by.</summary>
    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public static Task<RespClient> ConnectAsync(string host, int port) =>
        ConnectAsync(new DnsEndPoint(host, port), new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    public static Task<RespClient> ConnectUnixAsync(string path) =>
        ConnectAsync(new UnixDomainSocketEndPoint(path), new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified));

    /// <summary>Sends one command and reads one reply.</summary>
    public async Task<RedisReply> CommandAsync(params string[] arguments)
    {
        await SendAsync(Wire.Request(arguments));
        return (await ReadReplyAsync()).Tree;
    }

    /// <summary>Sends bytes as they are.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var bound = new CancellationTokenSource(Timeout);
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, bound.Token)..];
    }

    /// <summary>Reads one whole reply (or push).</summary>
    /// <exception cref="EndOfStreamException">The peer closed the connection first.</exception>
    /// <exception cref="OperationCanceledException">It didn't come within <see cref="Timeout"/>.</exception>
    public async Task<RawReply> ReadReplyAsync()
    {
        using var bound = new CancellationTokenSource(Timeout);
        while (true)
        {
            ReadOnlyMemory<byte> waiting = _input.AsMemory(_start.._end);
            if (RedisReplyParser.TryParse(waiting.Span, out RedisReply tree, out int consumed))
            {
                _start += consumed;
                return new RawReply(waiting[..consumed].ToArray(), tree);
            }

            if (await FillAsync(bound.Token) == 0)
                throw new EndOfStreamException($"the connection was closed with {waiting.Length} bytes of a reply received: {Wire.Text(waiting.Span)}");
        }
    }

    /// <summary>Reads <paramref name="count"/> replies.</summary>
    public async Task<IReadOnlyList<RawReply>> ReadRepliesAsync(int count)
    {
        var replies = new List<RawReply>(count);
        while (replies.Count < count)
            replies.Add(await ReadReplyAsync());
        return replies;
    }

    /// <summary>Reads until the peer closes, and returns everything that was not yet read as a reply.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var bound = new CancellationTokenSource(Timeout);
        try
        {
            while (await FillAsync(bound.Token) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // A reset ends the stream as well; what came before it counts.
        }

        return _input[_start.._end];
    }

    /// <summary>Ends our half of the connection; replies can still be read.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Vanishes: the peer sees a reset.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<RespClient> ConnectAsync(EndPoint endpoint, Socket socket)
    {
        var client = new RespClient(socket);
        using var bound = new CancellationTokenSource(client.Timeout);
        await socket.ConnectAsync(endpoint, bound.Token);
        return client;
    }

    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
            _start = _end = 0;
        if (_end == _input.Length)
            MakeRoom();
        int read = await _socket.ReceiveAsync(_input.AsMemory(_end), cancellationToken);
        _end += read;
        return read;
    }

    private void MakeRoom()
    {
        byte[] target = _start > 0 ? _input : new byte[2 * _input.Length];
        _input.AsSpan(_start.._end).CopyTo(target);
        _end -= _start;
        _start = 0;
        _input = target;
    }
}
