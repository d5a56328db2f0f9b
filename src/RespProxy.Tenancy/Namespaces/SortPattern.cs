using RespProxy.Protocol.Slots;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// The patterns of SORT's BY and GET: the first <c>*</c> stands for an element, and the result is a key, or after <c>-></c> a field of one
/// (https://redis.io/docs/latest/commands/sort/). In the namespace a pattern is written as a key is, since neither a prefix nor what the placement
/// tagged adds holds a <c>*</c>.
/// </summary>
public static class SortPattern
{
    /// <summary>
    /// False for a pattern whose keys do not all take the pattern's own form upstream: tagged, where the element comes before or into the hash tag, or there is
    /// none, so that an element with braces in it would make another.
    /// </summary>
    public static bool CanBeWritten(ReadOnlySpan<byte> pattern, KeyNamespace ns)
    {
        int star = pattern.IndexOf((byte)'*');
        return ns.IsPlainPrefix || star < 0 || HashTag.TryFind(pattern[..star], out _);
    }
}
