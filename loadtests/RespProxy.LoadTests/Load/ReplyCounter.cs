using System.Text;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// Counts whole replies (RESP2 and RESP3) in a byte stream cut anywhere. It keeps the position inside the
/// current frame instead of the bytes: the line being read, the bytes of a bulk still to come, and how many
/// elements the current top-level reply still owes.
/// </summary>
internal sealed class ReplyCounter
{
    private const int MaxErrorText = 256;

    private readonly StringBuilder _line = new(MaxErrorText);
    private long _bodyLeft;
    private long _elementsOwed = 1;

    /// <summary>Takes the next bytes and tells how many top-level replies ended in them.</summary>
    /// <exception cref="LoadFailedException">A reply is an error, or the bytes are not RESP.</exception>
    public int Feed(ReadOnlySpan<byte> bytes)
    {
        int replies = 0;
        while (!bytes.IsEmpty)
        {
            bytes = _bodyLeft > 0 ? SkipBody(bytes, ref replies) : ReadLine(bytes, ref replies);
        }
        return replies;
    }

    private ReadOnlySpan<byte> SkipBody(ReadOnlySpan<byte> bytes, scoped ref int replies)
    {
        int taken = (int)Math.Min(_bodyLeft, bytes.Length);
        _bodyLeft -= taken;
        if (_bodyLeft == 0)
            EndElement(0, ref replies);
        return bytes[taken..];
    }

    private ReadOnlySpan<byte> ReadLine(ReadOnlySpan<byte> bytes, scoped ref int replies)
    {
        int end = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
        foreach (byte b in part[..Math.Min(part.Length, Math.Max(0, MaxErrorText - _line.Length))])
            _line.Append((char)b);
        if (end < 0)
            return [];
        EndLine(ref replies);
        _line.Clear();
        return bytes[(end + 1)..];
    }

    private void EndLine(ref int replies)
    {
        switch (_line.Length > 0 ? _line[0] : '\0')
        {
            case '+' or ':' or ',' or '#' or '_' or '(':
                EndElement(0, ref replies);
                break;
            case '$' or '=' when Length() is var length:
                if (length < 0)
                    EndElement(0, ref replies);
                else
                    _bodyLeft = length + 2; // the body's own CR LF
                break;
            case '*' or '~' or '>':
                EndElement(Math.Max(0, Length()), ref replies);
                break;
            case '%':
                EndElement(2 * Length(), ref replies);
                break;
            case '-':
                throw new LoadFailedException($"error reply: {_line.ToString(1, _line.Length - 1).TrimEnd()}");
            default:
                throw new LoadFailedException("the reply is not RESP");
        }
    }

    private void EndElement(long newElements, ref int replies)
    {
        _elementsOwed += newElements - 1;
        if (_elementsOwed > 0)
            return;
        _elementsOwed = 1;
        replies++;
    }

    private long Length()
    {
        long value = 0;
        bool negative = false;
        for (int i = 1; i < _line.Length && _line[i] != '\r'; i++)
        {
            if (_line[i] == '-' && i == 1)
                negative = true;
            else if (char.IsAsciiDigit(_line[i]))
                value = value * 10 + (_line[i] - '0');
            else
                throw new LoadFailedException("the reply has a length that is not a number");
        }
        return negative ? -value : value;
    }
}
