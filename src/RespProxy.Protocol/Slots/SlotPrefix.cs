namespace RespProxy.Protocol.Slots;

/// <summary>
/// What <see cref="HashSlot.Of(SlotPrefix, ReadOnlySpan{byte})"/> has to know of a key prefix: its CRC so far. Two bytes,
/// made once per tenant. The default value is the empty prefix.
/// </summary>
public readonly struct SlotPrefix
{
    /// <exception cref="ArgumentException">
    /// The prefix holds a brace. It could then begin or end a hash tag, and the slot would not follow from the CRC alone.
    /// </exception>
    public SlotPrefix(ReadOnlySpan<byte> prefix)
    {
        if (prefix.IndexOfAny((byte)'{', (byte)'}') >= 0)
            throw new ArgumentException("A key prefix may not hold '{' or '}'.", nameof(prefix));
        Crc = Crc16.Append(0, prefix);
    }

    internal ushort Crc { get; }
}
