using System.Buffers.Text;

namespace RespProxy.LocalCluster;

/// <summary>
/// Reads one whole reply of RESP2 or RESP3 from the head of a buffer. Written independently of the proxy's own
/// scanner on purpose: tests compare the two.
/// </summary>
public static class RedisReplyParser
{
    /// <summary>Takes one reply off the head of <paramref name="input"/>.</summary>
    /// <returns>False when the reply isn't whole yet; nothing is consumed then.</returns>
    /// <exception cref="FormatException">The bytes are no reply.</exception>
    public static bool TryParse(ReadOnlySpan<byte> input, out RedisReply reply, out int consumed)
    {
        consumed = 0;
        reply = null!;
        if (!TryReadLine(input, out ReadOnlySpan<byte> line, out int position))
            return false;
        if (line.IsEmpty)
            throw new FormatException("an empty line where a reply should start");

        ReadOnlySpan<byte> rest = line[1..];
        switch ((char)line[0])
        {
            case '+': return Scalar(RedisReplyKind.SimpleString, rest, position, out reply, out consumed);
            case '-': return Scalar(RedisReplyKind.Error, rest, position, out reply, out consumed);
            case ':': return Scalar(RedisReplyKind.Integer, rest, position, out reply, out consumed);
            case ',': return Scalar(RedisReplyKind.Double, rest, position, out reply, out consumed);
            case '#': return Scalar(RedisReplyKind.Boolean, rest, position, out reply, out consumed);
            case '(': return Scalar(RedisReplyKind.BigNumber, rest, position, out reply, out consumed);
            case '_': return Scalar(RedisReplyKind.Null, rest, position, out reply, out consumed);
            case '$': return Blob(RedisReplyKind.BulkString, Length(rest), input, position, out reply, out consumed);
            case '!': return Blob(RedisReplyKind.BlobError, Length(rest), input, position, out reply, out consumed);
            case '=': return Blob(RedisReplyKind.VerbatimString, Length(rest), input, position, out reply, out consumed);
            case '*': return Aggregate(RedisReplyKind.Array, Length(rest), input, position, out reply, out consumed);
            case '~': return Aggregate(RedisReplyKind.Set, Length(rest), input, position, out reply, out consumed);
            case '>': return Aggregate(RedisReplyKind.Push, Length(rest), input, position, out reply, out consumed);
            case '%': return Aggregate(RedisReplyKind.Map, 2 * Length(rest), input, position, out reply, out consumed);
            case '|': return Aggregate(RedisReplyKind.Attribute, 2 * Length(rest), input, position, out reply, out consumed);
            default: throw new FormatException($"no reply starts with byte 0x{line[0]:x2}");
        }
    }

    private static bool Scalar(RedisReplyKind kind, ReadOnlySpan<byte> value, int end, out RedisReply reply, out int consumed)
    {
        reply = new RedisReply(kind, value.ToArray(), []);
        consumed = end;
        return true;
    }

    private static bool Blob(
        RedisReplyKind kind, int length, ReadOnlySpan<byte> input, int position, out RedisReply reply, out int consumed)
    {
        if (length < 0)
            return Scalar(RedisReplyKind.Null, default, position, out reply, out consumed);

        reply = null!;
        consumed = 0;
        if (input.Length < position + length + 2)
            return false;
        if (!input.Slice(position + length, 2).SequenceEqual("\r\n"u8))
            throw new FormatException("a bulk string is not followed by a line end");
        return Scalar(kind, input.Slice(position, length), position + length + 2, out reply, out consumed);
    }

    private static bool Aggregate(
        RedisReplyKind kind, int count, ReadOnlySpan<byte> input, int position, out RedisReply reply, out int consumed)
    {
        if (count < 0)
            return Scalar(RedisReplyKind.Null, default, position, out reply, out consumed);

        reply = null!;
        consumed = 0;
        var items = new List<RedisReply>(Math.Min(count, 1024));
        while (items.Count < count)
        {
            if (!TryParse(input[position..], out RedisReply item, out int length))
                return false;
            items.Add(item);
            position += length;
        }

        reply = new RedisReply(kind, default, items);
        consumed = position;
        return true;
    }

    private static bool TryReadLine(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> line, out int next)
    {
        int end = input.IndexOf("\r\n"u8);
        line = end < 0 ? default : input[..end];
        next = end + 2;
        return end >= 0;
    }

    private static int Length(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out int length, out int used) && used == digits.Length && length >= -1
            ? length
            : throw new FormatException("a length that is no number from -1 up");
}
