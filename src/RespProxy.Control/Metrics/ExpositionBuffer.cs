using System.Buffers;
using System.Globalization;
using System.Text;

namespace RespProxy.Control.Metrics;

/// <summary>Text on its way out, as UTF-8 in one pooled array: filled, given to the stream, and filled again. One thread; dispose.</summary>
internal sealed class ExpositionBuffer : IDisposable
{
    /// <summary>Two of the server's segments of 4 KB eight times over: few writes, and far from the large object heap.</summary>
    private const int Capacity = 64 * 1024;

    /// <summary>Longest number: a double's 24 characters, or 20 digits.</summary>
    private const int NumberLength = 32;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Capacity);

    /// <summary>Bytes written and not cleared.</summary>
    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Time to give it to the stream.</summary>
    public bool IsFull => Length >= Capacity * 3 / 4;

    public void Clear() => Length = 0;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
    }

    public void Add(byte character)
    {
        Room(1)[0] = character;
        Length++;
    }

    public void Add(string text) => Length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));

    /// <summary>Backslash and newline are escaped, the quote where it is wanted.</summary>
    public void AddEscaped(string text, bool escapesQuote)
    {
        if (text.AsSpan().IndexOfAny('\\', '\n', '"') >= 0)
        {
            text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            if (escapesQuote) text = text.Replace("\"", "\\\"", StringComparison.Ordinal);
        }

        Add(text);
    }

    /// <summary>A number as <see cref="PrometheusText.Number"/> says.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value))
        {
            Add(PrometheusText.Number(value));
            return;
        }

        Span<byte> room = Room(NumberLength);
        int written;
        _ = PrometheusText.IsWhole(value)
            ? ((long)value).TryFormat(room, out written, default, CultureInfo.InvariantCulture)
            : value.TryFormat(room, out written, "r", CultureInfo.InvariantCulture);
        Length += written;
    }

    /// <summary>Once more what was added from <paramref name="start"/> on, so many bytes.</summary>
    public void Repeat(int start, int length)
    {
        Span<byte> room = Room(length);
        _bytes.AsSpan(start, length).CopyTo(room);
        Length += length;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + count));
            Written.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(Length);
    }
}
