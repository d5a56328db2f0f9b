namespace RespProxy.Protocol.Resp;

/// <summary>
/// Says a RESP3 reply as a RESP2 server would, where the two differ by type bytes alone: null, maps and sets
/// (https://redis.io/docs/latest/develop/reference/protocol-spec/). Pure; allocation-free.
/// </summary>
public static class Resp2Form
{
    /// <summary>Bytes that <see cref="Write"/> may need: a null grows from three to five, a map's count by a digit.</summary>
    public static int MaxLength(int length) => length * 2;

    /// <summary>Writes a whole reply in RESP2. Returns its length; -1 when it holds a type (double, boolean, push ...) that is not said so simply.</summary>
    public static int Write(ReadOnlySpan<byte> reply, Span<byte> destination)
    {
        int written = 0;
        for (int position = 0; position < reply.Length;)
        {
            int end = RespNumber.ReadLine(reply, position + 1, out long number);
            switch (reply[position])
            {
                case (byte)'_':
                    "$-1\r\n"u8.CopyTo(destination[written..]);
                    position += 3;
                    written += 5;
                    break;
                case (byte)'%' when end > 0:
                    written += WriteArray(destination[written..], number * 2);
                    position = end;
                    break;
                case (byte)'~' when end > 0:
                    written += WriteArray(destination[written..], number);
                    position = end;
                    break;
                case (byte)'*' when end > 0:
                    written += Copy(reply[position..end], destination[written..]);
                    position = end;
                    break;
                case (byte)'$' when end > 0:
                    int bulkEnd = number < 0 ? end : checked((int)(end + number + 2));
                    written += Copy(reply[position..bulkEnd], destination[written..]);
                    position = bulkEnd;
                    break;
                case (byte)'+' or (byte)':':
                    int lineEnd = position + reply[position..].IndexOf((byte)'\n') + 1;
                    written += Copy(reply[position..lineEnd], destination[written..]);
                    position = lineEnd;
                    break;
                default:
                    return -1;
            }
        }

        return written;
    }

    private static int WriteArray(Span<byte> destination, long count)
    {
        destination[0] = (byte)'*';
        int length = 1 + RespNumber.Write(destination[1..], checked((int)count));
        "\r\n"u8.CopyTo(destination[length..]);
        return length + 2;
    }

    private static int Copy(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        bytes.CopyTo(destination);
        return bytes.Length;
    }
}
