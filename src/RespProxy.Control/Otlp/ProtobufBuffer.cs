using System.Buffers.Binary;
using System.Text;

namespace RespProxy.Control.Otlp;

/// <summary>
/// A protocol buffers message as it grows (https://protobuf.dev/programming-guides/encoding/). The length of a message within it is known when it ends: four bytes are left for it
/// and filled then, a varint that is longer than it must be, which every reader takes. One thread.
/// </summary>
internal sealed class ProtobufBuffer
{
    private const int LengthBytes = 4;
    private const int VarintWire = 0, Fixed64Wire = 1, LengthWire = 2;
    private const int MostOfVarint = 10;

    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Begins a message; its end is told to <see cref="Close"/> with what this returns.</summary>
    public int Open(int field)
    {
        Tag(field, LengthWire);
        _ = Room(LengthBytes);
        Length += LengthBytes;
        return Length;
    }

    public void Close(int opened)
    {
        int length = Length - opened;
        Span<byte> place = _bytes.AsSpan(opened - LengthBytes, LengthBytes);
        for (int i = 0; i < LengthBytes; i++) place[i] = (byte)(((length >> (7 * i)) & 0x7F) | (i < LengthBytes - 1 ? 0x80 : 0));
    }

    public void Text(int field, string text)
    {
        Tag(field, LengthWire);
        Varint((ulong)Encoding.UTF8.GetByteCount(text));
        Length += Encoding.UTF8.GetBytes(text, Room(Encoding.UTF8.GetMaxByteCount(text.Length)));
    }

    public void Number(int field, ulong value)
    {
        Tag(field, VarintWire);
        Varint(value);
    }

    public void Fixed(int field, ulong value)
    {
        Tag(field, Fixed64Wire);
        Fixed(value);
    }

    public void Double(int field, double value) => Fixed(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Many numbers of eight bytes, packed.</summary>
    public void Packed(int field, int count)
    {
        Tag(field, LengthWire);
        Varint((ulong)count * sizeof(ulong));
    }

    /// <summary>One of the numbers that were announced by <see cref="Packed"/>.</summary>
    public void Fixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);
        Length += sizeof(ulong);
    }

    private void Tag(int field, int wire) => Varint(((ulong)field << 3) | (uint)wire);

    private void Varint(ulong value)
    {
        Span<byte> room = Room(MostOfVarint);
        int count = 0;
        for (; value >= 0x80; value >>= 7) room[count++] = (byte)(value | 0x80);
        room[count++] = (byte)value;
        Length += count;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length);
    }
}
