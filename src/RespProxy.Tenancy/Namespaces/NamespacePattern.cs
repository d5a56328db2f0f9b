using System.Buffers;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>Glob patterns that match only within a namespace.</summary>
public static class NamespacePattern
{
    /// <summary>What Redis's stringmatchlen gives a meaning to.</summary>
    private static readonly SearchValues<byte> Special = SearchValues.Create("*?[]^\\"u8);

    /// <summary>
    /// What a node is to match keys, or channels, with: the namespace taken literally, then the client's pattern. The literal part comes first and fixes
    /// its own length, so nothing in the client's part can reach back into it.
    /// <para>
    /// Tagged, a pattern cannot follow the key's parts into their other order: this one then lets every key of the database through, and some of other
    /// databases of the same tenant. Whoever reads what it matched decodes it and, where <see cref="IsExact"/> is false, matches again.
    /// </para>
    /// </summary>
    public static byte[] Of(KeyNamespace ns, ReadOnlySpan<byte> pattern)
    {
        byte[] literal = Escape(ns.Prefix);
        if (ns.IsPlainPrefix) return [.. literal, .. pattern];
        return ns.Database == 0 ? [.. literal, .. "*"u8] : [.. literal, .. "*"u8, .. ns.DatabaseMark, .. "*"u8];
    }

    /// <summary>What the node has matched by <see cref="Of"/> is what the client's pattern matches.</summary>
    public static bool IsExact(KeyNamespace ns) => ns.IsPlainPrefix;

    /// <summary>One pattern, as SCAN and ACLs take it, that matches every key of every database of a namespace, and none of another's.</summary>
    public static byte[] OfAllDatabases(string name, KeyPlacement placement)
    {
        byte[] literal = Escape(Encoding.UTF8.GetBytes(name));
        return placement switch
        {
            KeyPlacement.Tagged => [.. "{"u8, .. literal, .. ":*"u8],
            KeyPlacement.Pinned => [.. "{"u8, .. literal, .. "}[:/]*"u8],
            _ => [.. literal, .. "[:/]*"u8],
        };
    }

    private static byte[] Escape(ReadOnlySpan<byte> text)
    {
        var escaped = new byte[text.Length * 2];
        int length = 0;
        foreach (byte b in text)
        {
            if (Special.Contains(b)) escaped[length++] = (byte)'\\';
            escaped[length++] = b;
        }

        return escaped[..length];
    }
}
