namespace RespProxy.Protocol.Resp;

/// <summary>
/// Steps through a whole reply that <see cref="ReplyScanner"/> has found. The bytes are known to be well formed;
/// bytes that are not throw <see cref="FormatException"/>.
/// </summary>
public ref struct ReplyCursor
{
    private readonly ReadOnlySpan<byte> _reply;

    public ReplyCursor(ReadOnlySpan<byte> reply)
    {
        _reply = reply;
        Position = 0;
    }

    /// <summary>Offset of the next element.</summary>
    public int Position { get; private set; }

    public readonly bool AtEnd => Position >= _reply.Length;

    /// <summary>First byte of the next element: its RESP type.</summary>
    public readonly byte Kind
    {
        get
        {
            if (AtEnd) Malformed();
            return _reply[Position];
        }
    }

    /// <summary>True for the nulls of RESP2 (<c>$-1</c>, <c>*-1</c>) and RESP3 (<c>_</c>).</summary>
    public readonly bool IsNull => Kind == '_' || _reply[Position..].StartsWith("$-1"u8) || _reply[Position..].StartsWith("*-1"u8);

    /// <summary>The bytes from <paramref name="start"/> to the next element.</summary>
    public readonly ReadOnlySpan<byte> Since(int start) => _reply[start..Position];

    /// <summary>Steps over an aggregate's header; -1 for a null array.</summary>
    public long ReadAggregateHeader()
    {
        int end = RespNumber.ReadLine(_reply, Position + 1, out long count);
        if (end < 0) Malformed();
        Position = end;
        return count;
    }

    /// <summary>Steps over a bulk string (<c>$</c>) and gives its payload; false, without moving, when the element is something else or null.</summary>
    public bool TryReadBulk(out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (AtEnd || Kind != '$') return false;
        int start = RespNumber.ReadLine(_reply, Position + 1, out long size);
        if (start < 0 || size < 0) return false;
        if (start + size + 2 > _reply.Length) Malformed();
        payload = _reply.Slice(start, (int)size);
        Position = start + (int)size + 2;
        return true;
    }

    /// <summary>Steps over the next element, whatever it holds, and gives its bytes.</summary>
    public ReadOnlySpan<byte> Skip()
    {
        var scanner = default(ReplyScanner);
        int start = Position;
        if (scanner.Scan(_reply[start..], out int length) != ScanStatus.Complete) Malformed();
        Position = start + length;
        return _reply.Slice(start, length);
    }

    /// <summary>Reads an integer reply (<c>:</c>).</summary>
    public static bool TryReadInteger(ReadOnlySpan<byte> reply, out long value)
    {
        value = 0;
        return reply.Length > 3 && reply[0] == ':' && RespNumber.TryParse(reply[1..^2], out value);
    }

    private static void Malformed() => throw new FormatException("Reply ends within an element");
}
