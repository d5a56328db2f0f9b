using System.Buffers.Text;
using System.Collections.Immutable;

namespace RespProxy.Upstream.Topology;

/// <summary>Reads RESP2 replies from a stream into trees. One reader per stream, one read at a time.</summary>
/// <param name="stream">Where the replies come from; not owned.</param>
/// <param name="maxReplyBytes">Longest reply, everything counted.</param>
/// <param name="maxElements">Most elements of a reply at all depths: one that takes three bytes on the wire takes thirty times that as a tree.</param>
internal sealed class ReplyNodeReader(Stream stream, int maxReplyBytes, int maxElements = 1_000_000)
{
    // What is kept from one reply to the next.
    private const int UsualBuffer = 16 * 1024;

    // CLUSTER SHARDS nests five deep; nothing else of the control commands goes deeper.
    private const int MaxDepth = 16;

    // Status lines, errors and lengths. Redis's error texts stay far below.
    private const int MaxLine = 16 * 1024;

    // The least an element of an array takes: "+\r\n".
    private const int MinElement = 3;

    private byte[] _buffer = new byte[UsualBuffer];
    private int _start;
    private int _end;
    private int _left;
    private int _elementsLeft;

    /// <summary>Bytes have come that belong to no reply read so far.</summary>
    public bool HasMore => _end > _start;

    /// <exception cref="InvalidDataException">The bytes are no RESP2 reply, or longer than allowed.</exception>
    /// <exception cref="EndOfStreamException">The stream ended before the reply did.</exception>
    public Task<ReplyNode> ReadAsync(CancellationToken cancellation)
    {
        _left = maxReplyBytes;
        _elementsLeft = maxElements;
        if (_start == _end && _buffer.Length > UsualBuffer) (_buffer, _start, _end) = (new byte[UsualBuffer], 0, 0);
        return ReadNodeAsync(0, cancellation);
    }

    private async Task<ReplyNode> ReadNodeAsync(int depth, CancellationToken cancellation)
    {
        byte[] line = await ReadLineAsync(cancellation).ConfigureAwait(false);
        ReadOnlyMemory<byte> rest = line.AsMemory(Math.Min(1, line.Length));
        return (line.Length == 0 ? (byte)0 : line[0]) switch
        {
            (byte)'+' => ReplyNode.OfText(ReplyKind.Simple, rest),
            (byte)'-' => ReplyNode.OfText(ReplyKind.Error, rest),
            (byte)':' => ReplyNode.OfInteger(Number(rest.Span)),
            (byte)'$' => await ReadBulkAsync(Number(rest.Span), cancellation).ConfigureAwait(false),
            (byte)'*' => await ReadArrayAsync(Number(rest.Span), depth + 1, cancellation).ConfigureAwait(false),
            _ => throw new InvalidDataException("The reply is not RESP2."),
        };
    }

    private async Task<ReplyNode> ReadBulkAsync(long length, CancellationToken cancellation)
    {
        if (length == -1) return ReplyNode.Null;
        if (length < 0 || length > _left - 2) throw TooLong();
        await FillAsync((int)length + 2, cancellation).ConfigureAwait(false);
        byte[] bytes = _buffer.AsSpan(_start, (int)length).ToArray();
        if (_buffer[_start + length] != '\r' || _buffer[_start + length + 1] != '\n')
            throw new InvalidDataException("A bulk string does not end where its length says.");
        Consume((int)length + 2);
        return ReplyNode.OfText(ReplyKind.Bulk, bytes);
    }

    private async Task<ReplyNode> ReadArrayAsync(long count, int depth, CancellationToken cancellation)
    {
        if (count == -1) return ReplyNode.Null;
        if (count < 0 || depth > MaxDepth || count > _left / MinElement || count > _elementsLeft) throw TooLong();
        _elementsLeft -= (int)count;
        ImmutableArray<ReplyNode>.Builder items = ImmutableArray.CreateBuilder<ReplyNode>();
        for (long i = 0; i < count; i++) items.Add(await ReadNodeAsync(depth, cancellation).ConfigureAwait(false));
        return ReplyNode.OfItems(items.ToImmutable());
    }

    private async Task<byte[]> ReadLineAsync(CancellationToken cancellation)
    {
        int scanned = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                byte[] line = _buffer.AsSpan(_start, scanned + at).ToArray();
                Consume(line.Length + 2);
                return line;
            }

            // A CR that ends the buffer is looked at again with what follows it.
            int have = _end - _start;
            scanned = Math.Max(0, have - 1);
            if (have > MaxLine || have > _left) throw TooLong();
            await FillAsync(have + 1, cancellation).ConfigureAwait(false);
        }
    }

    private void Consume(int count)
    {
        _start += count;
        _left -= count;
        if (_left < 0) throw TooLong();
    }

    private async ValueTask FillAsync(int wanted, CancellationToken cancellation)
    {
        if (_start + wanted > _buffer.Length) MakeRoom(wanted);
        while (_end - _start < wanted)
        {
            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation).ConfigureAwait(false);
            if (read == 0) throw new EndOfStreamException("The node closed the connection.");
            _end += read;
        }
    }

    private void MakeRoom(int wanted)
    {
        byte[] target = wanted <= _buffer.Length ? _buffer : new byte[Math.Max(wanted, _buffer.Length * 2)];
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        _buffer = target;
        _end -= _start;
        _start = 0;
    }

    private static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long value, out int used) && used == digits.Length
            ? value
            : throw new InvalidDataException("A number of the reply is malformed.");

    private static InvalidDataException TooLong() => new("The reply is longer or deeper than allowed.");
}
