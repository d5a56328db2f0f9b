using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RespProxy.Protocol.Slots;

/// <summary>
/// CRC16-XMODEM (polynomial 0x1021, most significant bit first, initial value 0, no final xor), the one of the Redis
/// Cluster specification. Eight bytes a step: table <c>k</c> holds the CRC of each byte value followed by <c>k</c> zero
/// bytes, and a CRC of a sum (xor) is the sum of the CRCs, so eight independent look-ups replace a chain of eight.
/// </summary>
internal static class Crc16
{
    private const int Stride = 8;
    private const int Polynomial = 0x1021;
    private static readonly ushort[] Tables = BuildTables();

    /// <summary>The CRC of what gave <paramref name="crc"/> followed by <paramref name="bytes"/>.</summary>
    public static ushort Append(ushort crc, ReadOnlySpan<byte> bytes)
    {
        ref ushort tables = ref MemoryMarshal.GetArrayDataReference(Tables);
        ref byte next = ref MemoryMarshal.GetReference(bytes);
        int left = bytes.Length;
        uint state = crc;
        while (left >= Stride)
        {
            state = Step(ref tables, state, ref next);
            next = ref Unsafe.Add(ref next, Stride);
            left -= Stride;
        }

        while (left-- > 0)
        {
            state = (state << 8 & 0xFFFF) ^ Unsafe.Add(ref tables, (nint)((state >> 8) ^ next));
            next = ref Unsafe.Add(ref next, 1);
        }

        return (ushort)state;
    }

    // The reference arithmetic stays in bounds: an index is a byte plus k * 256 with k < 8, the tables hold 2,048 entries.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Step(ref ushort tables, uint state, ref byte b) => (uint)(
        Unsafe.Add(ref tables, (nint)(7 * 256 + ((state >> 8) ^ b)))
        ^ Unsafe.Add(ref tables, (nint)(6 * 256 + ((state & 0xFF) ^ Unsafe.Add(ref b, 1))))
        ^ Unsafe.Add(ref tables, 5 * 256 + Unsafe.Add(ref b, 2))
        ^ Unsafe.Add(ref tables, 4 * 256 + Unsafe.Add(ref b, 3))
        ^ Unsafe.Add(ref tables, 3 * 256 + Unsafe.Add(ref b, 4))
        ^ Unsafe.Add(ref tables, 2 * 256 + Unsafe.Add(ref b, 5))
        ^ Unsafe.Add(ref tables, 1 * 256 + Unsafe.Add(ref b, 6))
        ^ Unsafe.Add(ref tables, (nint)Unsafe.Add(ref b, 7)));

    private static ushort[] BuildTables()
    {
        var tables = new ushort[Stride * 256];
        for (int value = 0; value < 256; value++)
        {
            int crc = value << 8;
            for (int bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? Polynomial : 0);
            tables[value] = (ushort)crc;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            int shorter = tables[i - 256];
            tables[i] = (ushort)((shorter << 8) ^ tables[shorter >> 8]);
        }

        return tables;
    }
}
