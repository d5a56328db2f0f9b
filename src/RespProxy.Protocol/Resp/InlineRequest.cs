namespace RespProxy.Protocol.Resp;

/// <summary>
/// An inline command (<c>SET key "a value"</c>, as typed into telnet) re-encoded as a RESP array.
/// Quoting as in Redis's sdssplitargs: double quotes with \n \r \t \b \a \xHH escapes, single quotes with \' only, a
/// closing quote must be followed by a space or the end. A NUL ends the line: Redis works on C strings here (and waits for
/// ever for the end of a line that holds a NUL; the proxy answers it).
/// </summary>
internal sealed class InlineRequest
{
    private byte[] _frame = [];
    private byte[] _argument = [];
    private int _length;

    public ArgumentTable Arguments { get; } = new();

    public ReadOnlySpan<byte> Frame => _frame.AsSpan(0, _length);

    public void Shrink()
    {
        _frame = [];
        _argument = [];
        _length = 0;
        Arguments.Shrink();
    }

    /// <summary>False when quotes are unbalanced. An empty line gives no arguments.</summary>
    public bool TryEncode(ReadOnlySpan<byte> line)
    {
        int nul = line.IndexOf((byte)0);
        if (nul >= 0) line = line[..nul];
        if (_argument.Length < line.Length) _argument = new byte[line.Length];

        // Two passes, because the count stands first: one counts, one writes.
        Arguments.Clear();
        _length = 0;
        int count = 0;
        for (int position = 0; SkipSpaces(line, ref position);)
        {
            if (ReadArgument(line, ref position, out _) < 0) return false;
            count++;
        }

        if (count == 0) return true;
        Span<byte> header = stackalloc byte[16];
        header[0] = (byte)'*';
        int headerLength = 1 + RespNumber.Write(header[1..], count);
        header[headerLength++] = (byte)'\r';
        header[headerLength++] = (byte)'\n';
        Append(header[..headerLength]);
        for (int position = 0; SkipSpaces(line, ref position);)
        {
            ReadArgument(line, ref position, out int length);
            AppendArgument(_argument.AsSpan(0, length));
        }

        return true;
    }

    private void AppendArgument(ReadOnlySpan<byte> argument)
    {
        int headerStart = _length;
        Span<byte> header = stackalloc byte[16];
        header[0] = (byte)'$';
        int headerLength = 1 + RespNumber.Write(header[1..], argument.Length);
        header[headerLength++] = (byte)'\r';
        header[headerLength++] = (byte)'\n';
        Append(header[..headerLength]);
        Arguments.Add(headerStart, _length, argument.Length);
        Append(argument);
        Append("\r\n"u8);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_frame.Length - _length < bytes.Length) Array.Resize(ref _frame, Math.Max(256, (_length + bytes.Length) * 2));
        bytes.CopyTo(_frame.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>C's isspace: what may stand before an argument and after a closing quote.</summary>
    private static bool IsSpace(byte b) => b is (byte)' ' or (>= 9 and <= 13);

    /// <summary>What ends an argument outside quotes; a vertical tab or form feed does not.</summary>
    private static bool EndsArgument(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static bool SkipSpaces(ReadOnlySpan<byte> line, ref int position)
    {
        while (position < line.Length && IsSpace(line[position])) position++;
        return position < line.Length;
    }

    /// <summary>Unquotes one argument into the scratch array. Returns its length, or -1 when a quote is not closed rightly.</summary>
    private int ReadArgument(ReadOnlySpan<byte> line, ref int position, out int length)
    {
        length = 0;
        while (position < line.Length && !EndsArgument(line[position]))
        {
            byte b = line[position];
            if (b is (byte)'"' or (byte)'\'')
            {
                position++;
                if (!ReadQuoted(line, ref position, b, ref length)) return -1;
                bool atEnd = position >= line.Length || IsSpace(line[position]);
                return atEnd ? length : -1;
            }

            _argument[length++] = b;
            position++;
        }

        return length;
    }

    private bool ReadQuoted(ReadOnlySpan<byte> line, ref int position, byte quote, ref int length)
    {
        while (position < line.Length)
        {
            byte b = line[position++];
            if (b == quote) return true;
            if (b == '\\' && position < line.Length)
            {
                if (quote == '"') b = ReadEscape(line, ref position);
                else if (line[position] == '\'') b = line[position++];
            }

            _argument[length++] = b;
        }

        return false;
    }

    private static byte ReadEscape(ReadOnlySpan<byte> line, ref int position)
    {
        byte b = line[position++];
        if (b == 'x' && position + 1 < line.Length && char.IsAsciiHexDigit((char)line[position]) && char.IsAsciiHexDigit((char)line[position + 1]))
        {
            int value = (Hex(line[position]) << 4) | Hex(line[position + 1]);
            position += 2;
            return (byte)value;
        }

        return b switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => 7,
            _ => b,
        };
    }

    private static int Hex(byte b) => b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10;
}
