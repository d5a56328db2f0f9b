namespace RespProxy.Protocol.Resp;

/// <summary>What reading a request came to.</summary>
public enum ReadStatus
{
    /// <summary>More bytes are needed; nothing was consumed. <see cref="RequestReader.Needed"/> says how many at least.</summary>
    Incomplete,

    /// <summary>A whole request.</summary>
    Request,

    /// <summary>Bytes that ask for nothing (an empty line, an empty array) and are to be dropped.</summary>
    Nothing,

    /// <summary>Not RESP; see <see cref="RequestReader.Error"/>.</summary>
    Invalid,
}

/// <summary>
/// Reads requests, arrays and inline commands alike, from the front of a connection's input.
///
/// <para>How it goes: the header gives the argument count; then, for each argument, its header gives the length and the
/// payload is stepped over. Between two calls for the same frame the reader remembers the arguments found and the
/// offset it stopped at, so that a frame that trickles in byte by byte is read once, not once a byte. Offsets are from
/// the start of the frame: the caller keeps an incomplete frame at the front of the input and offers it again, longer.</para>
///
/// <para>It is stricter than Redis: every CRLF is checked, because what follows is forwarded, and proxy and node must never
/// disagree on where a request ends. <see cref="ProtocolErrors"/> lists the differences.</para>
///
/// One event loop's; not thread-safe; allocates only while its argument table or inline buffer grows.
/// Source: RESP specification (https://redis.io/docs/latest/develop/reference/protocol-spec/), Redis networking.c.
/// </summary>
public sealed class RequestReader
{
    private readonly ArgumentTable _arguments = new();
    private readonly InlineRequest _inline = new();
    private int _expected = -1;
    private int _position;
    private bool _isInline;

    /// <summary>Bytes of input there must be before calling again makes sense; at least one more than there were.</summary>
    public int Needed { get; private set; }

    public ProtocolError Error { get; private set; }

    /// <summary>The byte that stood where <c>$</c> was expected.</summary>
    public byte ErrorByte { get; private set; }

    /// <summary>True while a frame is half read.</summary>
    public bool IsInsideFrame => _position > 0;

    /// <summary>The request last read, over the same input.</summary>
    public RequestView View(ReadOnlySpan<byte> input, int length) =>
        _isInline ? new RequestView(_inline.Frame, _inline.Arguments) : new RequestView(input[..length], _arguments);

    /// <summary>Forgets a half-read frame and unusual memory.</summary>
    public void Reset()
    {
        _arguments.Shrink();
        _inline.Shrink();
        _expected = -1;
        _position = 0;
        Needed = 0;
        Error = ProtocolError.None;
    }

    /// <summary>
    /// Reads one request from the front of <paramref name="input"/>; <paramref name="consumed"/> is the length of what was
    /// read, 0 while incomplete or invalid.
    /// </summary>
    public ReadStatus Read(ReadOnlySpan<byte> input, RequestLimits limits, out int consumed)
    {
        consumed = 0;
        if (input.Length < Needed || input.IsEmpty) return ReadStatus.Incomplete;
        if (_expected < 0)
        {
            if (input[0] != '*') return ReadInline(input, out consumed);
            ReadStatus header = ReadCount(input, limits, out consumed);
            if (header != ReadStatus.Request) return header;
        }

        return ReadArguments(input, limits, out consumed);
    }

    private ReadStatus ReadCount(ReadOnlySpan<byte> input, RequestLimits limits, out int consumed)
    {
        consumed = 0;
        int next = RespNumber.ReadLine(input, 1, out long count);
        if (next == RespNumber.Incomplete) return NeedMore(input.Length + 1);
        if (next == RespNumber.Invalid || count > int.MaxValue) return Refuse(ProtocolError.InvalidMultibulkLength);
        if (count > limits.MaxArguments)
            return Refuse(limits.IsAuthenticated ? ProtocolError.InvalidMultibulkLength : ProtocolError.UnauthenticatedMultibulkLength);

        _isInline = false;
        if (count <= 0)
        {
            Needed = 0;
            consumed = next;
            return ReadStatus.Nothing;
        }

        _arguments.Clear();
        _expected = (int)count;
        _position = next;
        return ReadStatus.Request;
    }

    private ReadStatus ReadArguments(ReadOnlySpan<byte> input, RequestLimits limits, out int consumed)
    {
        consumed = 0;
        int position = _position;
        for (int remaining = _expected - _arguments.Count; remaining > 0; remaining--)
        {
            if (position >= input.Length) return Pause(position, position + 1);
            if (input[position] != '$')
            {
                ErrorByte = input[position];
                return Refuse(ProtocolError.ExpectedDollar);
            }

            int start = RespNumber.ReadLine(input, position + 1, out long length);
            if (start == RespNumber.Incomplete) return Pause(position, input.Length + 1);
            if (start == RespNumber.Invalid || length < 0) return Refuse(ProtocolError.InvalidBulkLength);
            if (length > limits.MaxBulkLength) return Refuse(TooLong(length, limits));

            long end = start + length + 2;
            if (end > Array.MaxLength) return Refuse(ProtocolError.InvalidBulkLength);
            if (end > input.Length) return Pause(position, (int)end);
            if (input[(int)end - 2] != '\r' || input[(int)end - 1] != '\n') return Refuse(ProtocolError.MissingLineEnd);
            _arguments.Add(position, start, (int)length);
            position = (int)end;
        }

        _expected = -1;
        _position = 0;
        Needed = 0;
        consumed = position;
        return ReadStatus.Request;
    }

    private ReadStatus ReadInline(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        int end = input[_position..].IndexOf((byte)'\n');
        if (end < 0)
        {
            if (input.Length > RequestLimits.MaxInlineLength) return Refuse(ProtocolError.TooBigInlineRequest);
            return Pause(input.Length, input.Length + 1);
        }

        end += _position;
        if (end > RequestLimits.MaxInlineLength) return Refuse(ProtocolError.TooBigInlineRequest);
        ReadOnlySpan<byte> line = input[..end];
        if (line.EndsWith("\r"u8)) line = line[..^1];
        if (!_inline.TryEncode(line)) return Refuse(ProtocolError.UnbalancedQuotes);
        _isInline = true;
        _position = 0;
        Needed = 0;
        consumed = end + 1;
        return _inline.Arguments.Count == 0 ? ReadStatus.Nothing : ReadStatus.Request;
    }

    // What nobody may send is not blamed on the missing authentication, as in Redis.
    private static ProtocolError TooLong(long length, RequestLimits limits) =>
        limits.IsAuthenticated || length > RequestLimits.Default.MaxBulkLength ? ProtocolError.InvalidBulkLength : ProtocolError.UnauthenticatedBulkLength;

    private ReadStatus Pause(int position, int needed)
    {
        _position = position;
        return NeedMore(needed);
    }

    private ReadStatus NeedMore(int needed)
    {
        Needed = needed;
        return ReadStatus.Incomplete;
    }

    private ReadStatus Refuse(ProtocolError error)
    {
        Error = error;
        return ReadStatus.Invalid;
    }
}
