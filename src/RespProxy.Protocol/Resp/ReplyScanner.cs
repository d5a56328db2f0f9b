using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Resp;

/// <summary>What scanning for the end of a reply came to.</summary>
public enum ScanStatus
{
    Incomplete,
    Complete,

    /// <summary>Not RESP; the connection is of no more use.</summary>
    Invalid,
}

/// <summary>
/// Finds where a reply ends, in RESP2 and RESP3, without reading what it says.
///
/// <para>How it goes: one counter of elements still owed. A scalar pays one; an aggregate of n pays one and owes n more
/// (a map 2n; an attribute 2n and the value it decorates). The frame ends when nothing is owed, however deep it was: no
/// recursion, no stack, constant memory. Between two calls for the same frame it remembers the counter and the offset,
/// so a reply that arrives in pieces is scanned once.</para>
///
/// <para>A reply too large to be collected is taken away in parts (<see cref="TakePart"/>): the scanner then needs to see again only what was not taken.
/// Within a string that is the number of bytes still to come, its line end among them, which is never divided.</para>
///
/// Source: RESP3 specification (https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md). Streamed
/// strings and aggregates (<c>$?</c>, <c>*?</c>) are in the specification and sent by no server: invalid.
/// </summary>
public struct ReplyScanner
{
    private const int LineEnd = 2;

    private long _owed;
    private int _position;
    private int _payload; // of the string that a part ended in: bytes to come, with its line end; 0 for none

    /// <summary>Bytes of input there must be before calling again makes sense; 0 when not known.</summary>
    public int Needed { get; private set; }

    /// <summary>
    /// Scans the reply at the front of <paramref name="input"/>. When complete, <paramref name="length"/> is its length
    /// and the scanner is ready for the next. While incomplete, offer the same bytes again with more behind them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ScanStatus Scan(ReadOnlySpan<byte> input, out int length)
    {
        // The usual reply is one scalar, whole: no state is touched.
        if (_owed == 0)
        {
            int end = SkipScalar(input, 0);
            if (end > 0)
            {
                length = end;
                return ScanStatus.Complete;
            }
        }

        return ScanSlow(input, out length);
    }

    /// <summary>
    /// Of an incomplete reply, the bytes at the front of <paramref name="input"/> that need not be offered again: the same that <see cref="Scan"/> has just seen. The
    /// caller drops them; perhaps 0.
    /// </summary>
    public int TakePart(ReadOnlySpan<byte> input)
    {
        int taken = _position;
        if (Needed > 0)
        {
            taken = Math.Max(_position, Math.Min(input.Length, Needed - LineEnd));
            _payload = Needed - taken;
            Needed = _payload;
        }

        _position = 0;
        return taken;
    }

    private ScanStatus ScanSlow(ReadOnlySpan<byte> input, out int length)
    {
        length = 0;
        if (input.Length < Needed || input.IsEmpty) return ScanStatus.Incomplete;
        long owed = _owed == 0 ? 1 : _owed;
        int position = _position;
        if (_payload > 0)
        {
            // Needed is the payload here: all of it is there.
            if (input[_payload - LineEnd] != '\r' || input[_payload - 1] != '\n') return ScanStatus.Invalid;
            position = _payload;
            _payload = 0;
            Needed = 0;
            owed--;
        }

        while (owed > 0)
        {
            int end = SkipScalar(input, position);
            if (end > 0)
            {
                owed--;
            }
            else
            {
                if (end == 0) end = SkipAggregateHeader(input, position, ref owed);
                if (end == RespNumber.Invalid) return ScanStatus.Invalid;
                if (end == RespNumber.Incomplete) return Pause(input, owed, position);
            }

            position = end;
        }

        length = position;
        _owed = 0;
        _position = 0;
        Needed = 0;
        return ScanStatus.Complete;
    }

    private ScanStatus Pause(ReadOnlySpan<byte> input, long owed, int position)
    {
        _owed = owed;
        _position = position;
        Needed = 0;
        if (position < input.Length && input[position] is (byte)'$' or (byte)'=' or (byte)'!')
        {
            int payload = RespNumber.ReadLine(input, position + 1, out long size);
            if (payload > 0 && size >= 0 && payload + size + 2 <= Array.MaxLength) Needed = (int)(payload + size + 2);
        }

        return ScanStatus.Incomplete;
    }

    /// <summary>
    /// Returns the offset past the scalar at <paramref name="position"/>; 0 when it is an aggregate;
    /// <see cref="RespNumber.Incomplete"/> or <see cref="RespNumber.Invalid"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int SkipScalar(ReadOnlySpan<byte> input, int position)
    {
        if ((uint)position >= (uint)input.Length) return RespNumber.Incomplete;
        switch (input[position])
        {
            case (byte)'$':
            case (byte)'=':
            case (byte)'!':
                int start = RespNumber.ReadLine(input, position + 1, out long size);
                if (start < 0) return start;
                if (size < 0) return size == -1 ? start : RespNumber.Invalid;
                long end = start + size + 2;
                if (end > input.Length) return end > Array.MaxLength ? RespNumber.Invalid : RespNumber.Incomplete;
                return input[(int)end - 2] == '\r' && input[(int)end - 1] == '\n' ? (int)end : RespNumber.Invalid;
            case (byte)'+':
            case (byte)':':
            case (byte)'-':
            case (byte)'_':
            case (byte)'#':
            case (byte)',':
            case (byte)'(':
                int lineEnd = input[position..].IndexOf((byte)'\n');
                if (lineEnd < 0) return RespNumber.Incomplete;
                return input[position + lineEnd - 1] == '\r' ? position + lineEnd + 1 : RespNumber.Invalid;
            case (byte)'*':
            case (byte)'~':
            case (byte)'%':
            case (byte)'>':
            case (byte)'|':
                return 0;
            default:
                return RespNumber.Invalid;
        }
    }

    private static int SkipAggregateHeader(ReadOnlySpan<byte> input, int position, ref long owed)
    {
        int end = RespNumber.ReadLine(input, position + 1, out long count);
        if (end < 0) return end;
        if (count < 0) count = count == -1 && input[position] == '*' ? 0 : -1;
        if (count < 0 || count > int.MaxValue) return RespNumber.Invalid;
        owed += input[position] switch
        {
            (byte)'%' => (2 * count) - 1,
            (byte)'|' => 2 * count,
            _ => count - 1,
        };
        return end;
    }
}
