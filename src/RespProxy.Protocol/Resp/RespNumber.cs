using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Resp;

/// <summary>Decimal lengths of RESP headers, read as strictly as Redis does (string2ll): no sign but '-', no leading zeros.</summary>
public static class RespNumber
{
    /// <summary>Nothing wrong yet, but the line has not ended.</summary>
    public const int Incomplete = -1;

    public const int Invalid = -2;

    /// <summary>Digits of a length, at most. All that fit in a long whatever they are, and far above any limit.</summary>
    private const int MaxLengthDigits = 18;

    /// <summary>Characters of the longest signed 64-bit decimal.</summary>
    private const int MaxCharacters = 20;

    /// <summary>
    /// Reads <c>digits CRLF</c> at <paramref name="offset"/>. Returns the offset past the CRLF, or
    /// <see cref="Incomplete"/>, or <see cref="Invalid"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadLine(ReadOnlySpan<byte> bytes, int offset, out long value)
    {
        // Nine in ten headers are one or two digits: keep that path free of loops.
        if (bytes.Length - offset >= 4)
        {
            uint first = (uint)(bytes[offset] - '0');
            if (first <= 9)
            {
                if (bytes[offset + 1] == '\r' && bytes[offset + 2] == '\n')
                {
                    value = first;
                    return offset + 3;
                }

                uint second = (uint)(bytes[offset + 1] - '0');
                if (second <= 9 && first != 0 && bytes[offset + 2] == '\r' && bytes[offset + 3] == '\n')
                {
                    value = (first * 10) + second;
                    return offset + 4;
                }
            }
        }

        return ReadLineSlow(bytes, offset, out value);
    }

    private static int ReadLineSlow(ReadOnlySpan<byte> bytes, int offset, out long value)
    {
        value = 0;
        int position = offset;
        bool negative = position < bytes.Length && bytes[position] == '-';
        if (negative) position++;
        int digits = position;
        while (position < bytes.Length)
        {
            uint digit = (uint)(bytes[position] - '0');
            if (digit > 9) break;
            if (position - digits >= MaxLengthDigits) return Invalid;
            value = (value * 10) + digit;
            position++;
        }

        if (position == bytes.Length) return Incomplete;
        int count = position - digits;
        if (count == 0 || (bytes[digits] == '0' && (count > 1 || negative)) || bytes[position] != '\r') return Invalid;
        if (position + 1 == bytes.Length) return Incomplete;
        if (bytes[position + 1] != '\n') return Invalid;
        if (negative) value = -value;
        return position + 2;
    }

    /// <summary>Reads a whole argument as a signed decimal, as Redis's getLongFromObject does. False when it is not one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > MaxCharacters) return false;
        bool negative = text[0] == '-';
        ReadOnlySpan<byte> digits = negative ? text[1..] : text;
        if (digits.IsEmpty || (digits[0] == '0' && (digits.Length > 1 || negative))) return false;
        ulong magnitude = 0;
        foreach (byte b in digits)
        {
            uint digit = (uint)(b - '0');
            if (digit > 9 || magnitude > (ulong.MaxValue - digit) / 10) return false;
            magnitude = (magnitude * 10) + digit;
        }

        if (magnitude > (negative ? (ulong)long.MaxValue + 1 : long.MaxValue)) return false;
        value = negative ? unchecked(-(long)magnitude) : (long)magnitude;
        return true;
    }

    /// <summary>Digits that <paramref name="value"/> (not negative) takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DigitCount(int value)
    {
        if (value < 10) return 1;
        if (value < 100) return 2;
        if (value < 1000) return 3;
        int count = 4;
        for (long bound = 10_000; value >= bound; bound *= 10) count++;
        return count;
    }

    /// <summary>Writes <paramref name="value"/> (not negative) and returns how many bytes it took.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> destination, int value)
    {
        if (value < 10)
        {
            destination[0] = (byte)('0' + value);
            return 1;
        }

        if (value < 100)
        {
            destination[1] = (byte)('0' + (value % 10));
            destination[0] = (byte)('0' + (value / 10));
            return 2;
        }

        return WriteLong(destination, value);
    }

    private static int WriteLong(Span<byte> destination, int value)
    {
        int count = DigitCount(value);
        for (int i = count - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }

        return count;
    }
}
