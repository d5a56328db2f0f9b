using RespProxy.Configuration;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// Takes the namespace out of the text of an error, in every form that <see cref="KeyNamespace"/> and channels give it, of any database.
///
/// <para>What the client sees: of <c>c@a:key</c>, <c>c@a/3:key</c>, <c>{c@a}:key</c> and <c>{c@a}/3:key</c> the key. Of a tagged name between
/// apostrophes, as Redis quotes keys, the key, if it holds no apostrophe itself. Of any other tagged name <c>{c@a:t}p{}s</c> the parts in the order
/// they have upstream, <c>t}p{}s</c>: where it ends cannot be told.</para>
/// </summary>
internal static class ErrorText
{
    /// <summary>Returns the bytes written, never more than the text's.</summary>
    public static int CopyWithoutNamespace(ReadOnlySpan<byte> text, KeyNamespace ns, Span<byte> destination)
    {
        ReadOnlySpan<byte> name = ns.NameBytes;
        int written = 0;
        for (int at = text.IndexOf(name); at >= 0; at = text.IndexOf(name))
        {
            bool inBraces = at > 0 && text[at - 1] == '{';
            int end = at + name.Length;
            int prefix = PrefixAfter(text[end..], inBraces);
            // Just the letters of the name, not a form of the namespace: the client's own text, or another name that begins or ends alike.
            int start = prefix == 0 ? end : inBraces && IsBraced(text[end..], ns) ? at - 1 : at;
            text[..start].CopyTo(destination[written..]);
            written += start;
            bool isQuoted = prefix > 0 && start > 0 && text[start - 1] == '\'';
            ReadOnlySpan<byte> whole = text[start..];
            text = text[(end + prefix)..];
            if (isQuoted && start < at) CopyQuoted(whole, ns, ref text, destination, ref written);
        }

        text.CopyTo(destination[written..]);
        return written + text.Length;
    }

    /// <summary>Length of what follows the name in a key: <c>:</c>, <c>/3:</c>, and <c>}:</c> or <c>}/3:</c> behind a brace; 0 when it is none of these.</summary>
    private static int PrefixAfter(ReadOnlySpan<byte> rest, bool inBraces)
    {
        int length = inBraces && rest.StartsWith((byte)'}') ? 1 : 0;
        if (rest[length..].StartsWith((byte)'/'))
        {
            int digits = rest[(length + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits <= 0) return 0;
            length += 1 + digits;
        }

        return rest[length..].StartsWith((byte)':') ? length + 1 : 0;
    }

    /// <summary>The brace before the name is the placement's; otherwise it is the client's own.</summary>
    private static bool IsBraced(ReadOnlySpan<byte> rest, KeyNamespace ns) =>
        (ns.Placement == KeyPlacement.Pinned && rest[0] == '}') || (ns.Placement == KeyPlacement.Tagged && rest[0] == ':');

    /// <summary>Writes the key that is quoted, if it is a tagged one of this database.</summary>
    private static void CopyQuoted(ReadOnlySpan<byte> whole, KeyNamespace ns, ref ReadOnlySpan<byte> text, Span<byte> destination, ref int written)
    {
        int close = whole.IndexOf((byte)'\'');
        if (ns.IsPlainPrefix || close < 0) return;
        int length = ns.Decode(whole[..close], destination[written..]);
        if (length < 0) return;
        written += length;
        text = whole[close..];
    }
}
