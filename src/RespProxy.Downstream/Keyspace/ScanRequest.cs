using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace RespProxy.Downstream.Keyspace;

/// <summary>SCAN requests to nodes that differ in their cursor alone. One task's; not thread-safe.</summary>
internal sealed class ScanRequest
{
    /// <summary>Digits of the largest 64-bit number.</summary>
    private const int CursorDigits = 20;

    private readonly byte[] _options;
    private readonly int _arguments;
    private byte[] _frame;

    /// <param name="pattern">As the node shall match it.</param>
    /// <param name="count">Buckets to look at in one request.</param>
    /// <param name="type">Null for keys of any type.</param>
    public ScanRequest(ReadOnlySpan<byte> pattern, int count, byte[]? type = null)
    {
        var options = new ArrayBufferWriter<byte>(pattern.Length + 64);
        Append(options, "MATCH"u8);
        Append(options, pattern);
        Append(options, "COUNT"u8);
        Append(options, Encoding.ASCII.GetBytes(count.ToString(CultureInfo.InvariantCulture)));
        if (type is not null)
        {
            Append(options, "TYPE"u8);
            Append(options, type);
        }

        _options = options.WrittenSpan.ToArray();
        _arguments = type is null ? 6 : 8;
        _frame = new byte[_options.Length + CursorDigits + 32];
    }

    /// <summary>The whole request; valid until the next call.</summary>
    public ReadOnlySpan<byte> From(ulong cursor)
    {
        Span<byte> digits = stackalloc byte[CursorDigits];
        Utf8Formatter.TryFormat(cursor, digits, out int count);
        int length = Encoding.ASCII.GetBytes($"*{_arguments}\r\n$4\r\nSCAN\r\n${count}\r\n", _frame);
        digits[..count].CopyTo(_frame.AsSpan(length));
        length += count;
        "\r\n"u8.CopyTo(_frame.AsSpan(length));
        length += 2;
        _options.CopyTo(_frame.AsSpan(length));
        return _frame.AsSpan(0, length + _options.Length);
    }

    /// <summary>Appends one argument of a request.</summary>
    public static void Append(ArrayBufferWriter<byte> request, ReadOnlySpan<byte> argument)
    {
        Span<byte> header = request.GetSpan(16);
        header[0] = (byte)'$';
        Utf8Formatter.TryFormat(argument.Length, header[1..], out int digits);
        "\r\n"u8.CopyTo(header[(1 + digits)..]);
        request.Advance(digits + 3);
        request.Write(argument);
        request.Write("\r\n"u8);
    }
}
