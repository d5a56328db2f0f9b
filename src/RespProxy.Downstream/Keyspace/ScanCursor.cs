using System.Buffers.Text;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// The cursor that SCAN gives to clients: which primary is being scanned, that node's own cursor, and the fingerprint of the assignment of slots
/// that the scan began with.
///
/// <para>Layout: <c>((nodeCursor * primaries) + ordinal) * 65536 + fingerprint</c>. A node counts its cursor in reversed bits within the size of
/// its hash table, so it stays below that size (times 16,384 in a cluster since Redis 7.4). Kept small on purpose: clients that
/// hold a cursor as a signed 64-bit number or as a double must still give it back as it was. Up to some 40 million keys a node and 1,000
/// primaries it is below 2^53; above 2^63 - 1 it is refused.</para>
///
/// 0 begins and ends a scan, as in Redis; no other position is encoded as 0.
/// </summary>
internal static class ScanCursor
{
    private const int FingerprintBits = 16;

    /// <summary>Reads the client's argument: an unsigned decimal of 64 bits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ulong cursor) =>
        Utf8Parser.TryParse(text, out cursor, out int consumed) && consumed == text.Length && text[0] is >= (byte)'0' and <= (byte)'9';

    /// <summary>False when the node's cursor is too large to be carried.</summary>
    public static bool TryEncode(ScanOrder order, int ordinal, ulong nodeCursor, out ulong cursor)
    {
        UInt128 wide = ((((UInt128)nodeCursor * (uint)order.Nodes.Length) + (uint)ordinal) << FingerprintBits) | order.Fingerprint;
        cursor = (ulong)wide;
        return wide <= long.MaxValue;
    }

    /// <summary>False when the cursor was not made for this assignment of slots.</summary>
    public static bool TryDecode(ulong cursor, ScanOrder order, out int ordinal, out ulong nodeCursor)
    {
        ulong position = cursor >> FingerprintBits;
        ordinal = (int)(position % (uint)order.Nodes.Length);
        nodeCursor = position / (uint)order.Nodes.Length;
        return cursor == 0 || (ushort)cursor == order.Fingerprint;
    }
}
