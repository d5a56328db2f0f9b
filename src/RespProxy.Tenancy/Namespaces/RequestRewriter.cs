using System.Runtime.CompilerServices;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// Writes a request as the node shall see it: each key as it is called upstream and its length adjusted, all
/// else copied in runs as it came. Pure; allocation-free; one pass.
/// </summary>
public static class RequestRewriter
{
    /// <summary>A key that grows by up to 999 bytes lengthens its length header by at most this many digits.</summary>
    private const int HeaderGrowth = 4;

    /// <summary>Bytes that <see cref="Write"/> may need for a request of <paramref name="frameLength"/> bytes with these keys.</summary>
    public static int MaxLength(int frameLength, KeyIndexes keys, KeyNamespace ns) =>
        checked(frameLength + ((keys.Count + (keys.HasMore ? keys.Patterns.Count : 0)) * (ns.Growth + HeaderGrowth)));

    /// <summary>Writes the whole request with its keys, and the patterns of keys of a SORT, in the namespace. Returns the bytes written.</summary>
    /// <exception cref="InvalidOperationException">
    /// The request names a key of another database, or a pattern that cannot be written in this placement (<see cref="SortPattern"/>): it is not the caller's to send.
    /// </exception>
    public static int Write(in RequestView request, KeyIndexes keys, KeyNamespace ns, Span<byte> destination)
    {
        if (keys.HasMore) return WriteWithPatterns(request, keys, ns, destination);
        int written = 0;
        int copied = 0;
        for (int i = 0; i < keys.Count; i++) WriteUpTo(request, keys[i], ns, destination, ref copied, ref written);
        return WriteRest(request, copied, destination, written);
    }

    private static int WriteWithPatterns(in RequestView request, KeyIndexes keys, KeyNamespace ns, Span<byte> destination)
    {
        if (keys.DatabaseArgument != 0) throw new InvalidOperationException("A request that names another database is to be written by DatabaseRewriter.");
        int written = 0;
        int copied = 0;
        int key = 0;
        foreach (int pattern in keys.Patterns)
        {
            while (key < keys.Count && keys[key] < pattern) WriteUpTo(request, keys[key++], ns, destination, ref copied, ref written);
            if (!SortPattern.CanBeWritten(request[pattern], ns)) throw new InvalidOperationException("This pattern has no form in the tenant's placement.");
            // Where it can be written at all, a pattern is written as a key is.
            WriteUpTo(request, pattern, ns, destination, ref copied, ref written);
        }

        while (key < keys.Count) WriteUpTo(request, keys[key++], ns, destination, ref copied, ref written);
        return WriteRest(request, copied, destination, written);
    }

    /// <summary>Copies what stands before an argument that is a key, and writes the key or at least its beginning.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteUpTo(in RequestView request, int key, KeyNamespace ns, Span<byte> destination, ref int copied, ref int written)
    {
        ArgumentSlot slot = request.SlotOf(key);
        ReadOnlySpan<byte> before = request.Frame[copied..slot.HeaderStart];
        before.CopyTo(destination[written..]);
        written += before.Length;
        written += WriteKeyStart(request.Frame.Slice(slot.Start, slot.Length), ns, destination[written..], out int taken);
        copied = slot.Start + taken;
    }

    private static int WriteRest(in RequestView request, int copied, Span<byte> destination, int written)
    {
        ReadOnlySpan<byte> rest = request.Frame[copied..];
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
            size = checked(size + ns.Growth + HeaderGrowth + request.SlotOf(key + stride - 1).End - request.SlotOf(key).HeaderStart);
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
            written += WriteKeyStart(request.Frame.Slice(slot.Start, slot.Length), ns, destination[written..], out int taken);
            ReadOnlySpan<byte> run = request.Frame[(slot.Start + taken)..request.SlotOf(key + stride - 1).End];
            run.CopyTo(destination[written..]);
            written += run.Length;
        }

        return written;
    }

    /// <summary>
    /// Writes a key's header and its name upstream as far as that differs from the client's: after the prefix a key is copied in one run with what
    /// follows it.
    /// </summary>
    /// <param name="key">As the client knows it.</param>
    /// <param name="ns">Where it is.</param>
    /// <param name="destination">Written to.</param>
    /// <param name="taken">Bytes of the key that are written already.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteKeyStart(ReadOnlySpan<byte> key, KeyNamespace ns, Span<byte> destination, out int taken)
    {
        destination[0] = (byte)'$';
        int written = 1 + RespNumber.Write(destination[1..], key.Length + ns.Growth);
        destination[written] = (byte)'\r';
        destination[written + 1] = (byte)'\n';
        written += 2;
        if (ns.IsPlainPrefix)
        {
            ns.Prefix.CopyTo(destination[written..]);
            taken = 0;
            return written + ns.Growth;
        }

        taken = key.Length;
        return written + ns.Encode(key, destination[written..]);
    }
}
