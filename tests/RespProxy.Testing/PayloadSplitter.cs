namespace RespProxy.Testing;

/// <summary>
/// The ways a payload can arrive: a parser must see the same frames in each. Every test of framing goes through here.
/// </summary>
public static class PayloadSplitter
{
    /// <summary>The payload whole, cut in two at every place, and byte by byte.</summary>
    public static IEnumerable<IReadOnlyList<ReadOnlyMemory<byte>>> Splits(ReadOnlyMemory<byte> payload)
    {
        yield return [payload];
        for (int cut = 1; cut < payload.Length; cut++)
            yield return [payload[..cut], payload[cut..]];
        yield return [.. Enumerable.Range(0, payload.Length).Select(i => payload.Slice(i, 1))];
    }

    /// <summary>Every strict prefix, the empty one first: what a peer that vanished may have left.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Prefixes(ReadOnlyMemory<byte> payload)
    {
        for (int length = 0; length < payload.Length; length++)
            yield return payload[..length];
    }
}
