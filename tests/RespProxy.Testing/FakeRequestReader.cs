using System.Net.Sockets;
using RespProxy.LocalCluster;

namespace RespProxy.Testing;

/// <summary>Takes requests (arrays of bulk strings) off a socket.</summary>
internal sealed class FakeRequestReader(Socket socket)
{
    private byte[] _input = new byte[16 * 1024];
    private int _filled;

    /// <returns>The next request's arguments; null when the peer is done.</returns>
    /// <exception cref="IOException">The bytes are no request.</exception>
    public async Task<IReadOnlyList<byte[]>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake() is { } arguments)
                return arguments;
            if (_filled == _input.Length)
                Array.Resize(ref _input, 2 * _input.Length);
            int read = await socket.ReceiveAsync(_input.AsMemory(_filled), cancellationToken);
            if (read == 0)
                return null;
            _filled += read;
        }
    }

    private byte[][]? TryTake()
    {
        // A request is framed like a reply that is an array of bulk strings, so the same parser reads it.
        if (!RedisReplyParser.TryParse(_input.AsSpan(0, _filled), out RedisReply frame, out int consumed))
            return null;
        if (frame.Kind != RedisReplyKind.Array || frame.Items.Any(item => item.Kind != RedisReplyKind.BulkString))
            throw new IOException($"not a request: {frame}");
        _input.AsSpan(consumed, _filled - consumed).CopyTo(_input);
        _filled -= consumed;
        return [.. frame.Items.Select(item => item.Bytes.ToArray())];
    }
}
