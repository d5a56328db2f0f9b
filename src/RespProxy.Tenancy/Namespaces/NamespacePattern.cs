using System.Buffers;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>Glob patterns that match only within a namespace.</summary>
public static class NamespacePattern
{
    /// <summary>What Redis's stringmatchlen gives a meaning to.</summary>
    private static readonly SearchValues<byte> Special = SearchValues.Create("*?[]^\\"u8);

    /// <summary>
    /// The namespace taken literally, then the client's pattern. The literal part comes first and fixes its own length, so nothing in the
    /// client's part can reach back into it.
    /// </summary>
    public static byte[] Of(KeyNamespace ns, ReadOnlySpan<byte> pattern)
    {
        ReadOnlySpan<byte> prefix = ns.Prefix;
        var whole = new byte[(prefix.Length * 2) + pattern.Length];
        int length = 0;
        foreach (byte b in prefix)
        {
            if (Special.Contains(b)) whole[length++] = (byte)'\\';
            whole[length++] = b;
        }

        pattern.CopyTo(whole.AsSpan(length));
        return whole[..(length + pattern.Length)];
    }
}
