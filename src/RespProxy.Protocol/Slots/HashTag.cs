namespace RespProxy.Protocol.Slots;

/// <summary>
/// The part of a key that decides its slot, by the rule of the Redis Cluster specification: what stands between the
/// first <c>{</c> and the first <c>}</c> after it, if that is not empty; otherwise the whole key.
/// </summary>
public static class HashTag
{
    /// <summary>
    /// Finds the tag of a key. False when it has none: no <c>{</c>, no <c>}</c> after it, or nothing between the two
    /// (a later pair of braces is not considered then).
    /// </summary>
    public static bool TryFind(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> tag)
    {
        int open = key.IndexOf((byte)'{');
        if (open < 0)
        {
            tag = default;
            return false;
        }

        tag = key[(open + 1)..];
        int length = tag.IndexOf((byte)'}');
        tag = length > 0 ? tag[..length] : default;
        return length > 0;
    }
}
