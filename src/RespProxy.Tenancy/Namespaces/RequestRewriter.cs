using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// Writes a request as the node shall see it: each key with the tenant's prefix before it and its length adjusted, all
/// else copied in runs as it came. Pure; allocation-free; one pass.
/// </summary>
public static class RequestRewriter
{
    /// <summary>A prefix of up to 999 bytes lengthens a length header by at most this many digits.</summary>
    private const int HeaderGrowth = 4;

    /// <summary>Bytes that <see cref="Write"/> may need for a request of <paramref name="frameLength"/> bytes with so many keys.</summary>
    public static int MaxLength(int frameLength, int keyCount, KeyNamespace ns) =>
        checked(frameLength + (keyCount * (ns.PrefixLength + HeaderGrowth)));

    /// <summary>Writes the whole request; <paramref name="keys"/> are the indexes of its keys, ascending. Returns the bytes written.</summary>
    public static int Write(in RequestView request, KeyIndexes keys, KeyNamespace ns, Span<byte> destination)
    {
        ReadOnlySpan<byte> frame = request.Frame;
        int written = 0;
        int copied = 0;
        for (int i = 0; i < keys.Count; i++)
        {
            ArgumentSlot slot = request.SlotOf(keys[i]);
            ReadOnlySpan<byte> before = frame[copied..slot.HeaderStart];
            before.CopyTo(destination[written..]);
            written += before.Length;
            written += WritePrefix(slot.Length, ns, destination[written..]);
            copied = slot.Start;
        }

        ReadOnlySpan<byte> rest = frame[copied..];
        rest.CopyTo(destination[written..]);
        return written + rest.Length;
    }

    /// <summary>Bytes that <see cref="WritePart"/> may need.</summary>
    public static int MaxPartLength(in RequestView request, ReadOnlySpan<int> keys, int stride, KeyNamespace ns)
    {
        ArgumentSlot name = request.SlotOf(0);
        int size = 16 + (name.End - name.HeaderStart);
        foreach (int key in keys)
        {
            size = checked(size + ns.PrefixLength + HeaderGrowth + request.SlotOf(key + stride - 1).End - request.SlotOf(key).HeaderStart);
        }

        return size;
    }

    /// <summary>
    /// Writes the part of a split request that one slot answers: the command's name and the given keys, each with the
    /// <paramref name="stride"/> - 1 arguments that follow it (1 for MGET, 2 for MSET).
    /// </summary>
    public static int WritePart(in RequestView request, ReadOnlySpan<int> keys, int stride, KeyNamespace ns, Span<byte> destination)
    {
        destination[0] = (byte)'*';
        int written = 1 + RespNumber.Write(destination[1..], 1 + (keys.Length * stride));
        "\r\n"u8.CopyTo(destination[written..]);
        written += 2;
        ArgumentSlot name = request.SlotOf(0);
        ReadOnlySpan<byte> nameBytes = request.Frame[name.HeaderStart..name.End];
        nameBytes.CopyTo(destination[written..]);
        written += nameBytes.Length;
        foreach (int key in keys)
        {
            ArgumentSlot slot = request.SlotOf(key);
            written += WritePrefix(slot.Length, ns, destination[written..]);
            ReadOnlySpan<byte> run = request.Frame[slot.Start..request.SlotOf(key + stride - 1).End];
            run.CopyTo(destination[written..]);
            written += run.Length;
        }

        return written;
    }

    private static int WritePrefix(int keyLength, KeyNamespace ns, Span<byte> destination)
    {
        destination[0] = (byte)'$';
        int written = 1 + RespNumber.Write(destination[1..], keyLength + ns.PrefixLength);
        destination[written] = (byte)'\r';
        destination[written + 1] = (byte)'\n';
        written += 2;
        ns.Prefix.CopyTo(destination[written..]);
        return written + ns.PrefixLength;
    }
}
