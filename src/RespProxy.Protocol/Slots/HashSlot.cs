namespace RespProxy.Protocol.Slots;

/// <summary>The hash slot of a key: CRC16-XMODEM of its hash tag, or of all of it, modulo 16,384. Allocation-free; any thread.</summary>
public static class HashSlot
{
    /// <summary>Number of slots of a cluster (Redis Cluster specification).</summary>
    public const int Count = 16384;

    // Count is a power of two: the remainder is a mask.
    private const int Mask = Count - 1;

    /// <summary>Slot of a key as the nodes see it, 0 to 16,383.</summary>
    public static ushort Of(ReadOnlySpan<byte> key) => HashTag.TryFind(key, out ReadOnlySpan<byte> tag)
        ? OfWhole(0, tag)
        : OfWhole(0, key);

    /// <summary>Slot of <paramref name="prefix"/> followed by <paramref name="key"/>, without joining the two.</summary>
    public static ushort Of(SlotPrefix prefix, ReadOnlySpan<byte> key) => HashTag.TryFind(key, out ReadOnlySpan<byte> tag)
        ? OfWhole(0, tag)
        : OfWhole(prefix.Crc, key);

    /// <summary>Slot of <paramref name="prefix"/> followed by <paramref name="rest"/> when the two are all of a hash tag, whatever braces are in it.</summary>
    public static ushort OfWhole(SlotPrefix prefix, ReadOnlySpan<byte> rest) => OfWhole(prefix.Crc, rest);

    private static ushort OfWhole(ushort crc, ReadOnlySpan<byte> bytes) => (ushort)(Crc16.Append(crc, bytes) & Mask);
}
