using System.Buffers.Text;
using System.Text;

namespace RespProxy.Protocol.Resp;

/// <summary>
/// Builds the replies that the proxy gives itself, in the client's protocol version. A reused scratch buffer: take
/// <see cref="Written"/> before the next <see cref="Start"/>. One event loop's; not thread-safe.
/// </summary>
public sealed class ReplyBuilder
{
    private byte[] _bytes = new byte[512];
    private int _length;
    private bool _resp3;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public ReplyBuilder Start(bool resp3)
    {
        if (_bytes.Length > 64 * 1024) _bytes = new byte[512];
        _length = 0;
        _resp3 = resp3;
        return this;
    }

    public ReplyBuilder Simple(ReadOnlySpan<byte> text) => Line((byte)'+', text);

    /// <summary>An error; line breaks within it become spaces, as in Redis, so that a text cannot forge a second reply.</summary>
    public ReplyBuilder Error(ReadOnlySpan<byte> text)
    {
        int start = _length + 1;
        Line((byte)'-', text);
        Span<byte> written = _bytes.AsSpan(start, text.Length);
        written.Replace((byte)'\r', (byte)' ');
        written.Replace((byte)'\n', (byte)' ');
        return this;
    }

    public ReplyBuilder Error(string text)
    {
        int size = Encoding.UTF8.GetByteCount(text);
        Span<byte> bytes = size <= 512 ? stackalloc byte[512] : new byte[size];
        return Error(bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    public ReplyBuilder Integer(long value) => Header((byte)':', value);

    public ReplyBuilder Bulk(ReadOnlySpan<byte> payload)
    {
        Header((byte)'$', payload.Length);
        Raw(payload);
        return Raw("\r\n"u8);
    }

    public ReplyBuilder Bulk(string text)
    {
        int size = Encoding.UTF8.GetByteCount(text);
        Header((byte)'$', size);
        Encoding.UTF8.GetBytes(text, Reserve(size));
        _length += size;
        return Raw("\r\n"u8);
    }

    /// <summary>A text for people: a verbatim string in RESP3, a bulk string in RESP2, as Redis does for INFO and CLIENT LIST.</summary>
    public ReplyBuilder Text(string text)
    {
        if (!_resp3) return Bulk(text);
        int size = Encoding.UTF8.GetByteCount(text);
        Header((byte)'=', size + 4);
        Raw("txt:"u8);
        Encoding.UTF8.GetBytes(text, Reserve(size));
        _length += size;
        return Raw("\r\n"u8);
    }

    public ReplyBuilder Null() => Raw(_resp3 ? "_\r\n"u8 : "$-1\r\n"u8);

    public ReplyBuilder NullArray() => Raw(_resp3 ? "_\r\n"u8 : "*-1\r\n"u8);

    public ReplyBuilder Array(int count) => Header((byte)'*', count);

    /// <summary>Something sent unasked, or the confirmation of a subscription: a push; in RESP2 an array.</summary>
    public ReplyBuilder Push(int count) => Header(_resp3 ? (byte)'>' : (byte)'*', count);

    /// <summary>A map of <paramref name="pairs"/> pairs; in RESP2 the flat array.</summary>
    public ReplyBuilder Map(int pairs) => _resp3 ? Header((byte)'%', pairs) : Header((byte)'*', pairs * 2);

    /// <summary>A set; in RESP2 an array.</summary>
    public ReplyBuilder Set(int count) => Header(_resp3 ? (byte)'~' : (byte)'*', count);

    public ReplyBuilder Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _length += bytes.Length;
        return this;
    }

    private ReplyBuilder Line(byte kind, ReadOnlySpan<byte> text)
    {
        Span<byte> span = Reserve(text.Length + 3);
        span[0] = kind;
        text.CopyTo(span[1..]);
        "\r\n"u8.CopyTo(span[(1 + text.Length)..]);
        _length += text.Length + 3;
        return this;
    }

    private ReplyBuilder Header(byte kind, long value)
    {
        Span<byte> span = Reserve(24);
        span[0] = kind;
        Utf8Formatter.TryFormat(value, span[1..], out int digits);
        "\r\n"u8.CopyTo(span[(1 + digits)..]);
        _length += digits + 3;
        return this;
    }

    private Span<byte> Reserve(int size)
    {
        if (_bytes.Length - _length < size) System.Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + size));
        return _bytes.AsSpan(_length);
    }
}
