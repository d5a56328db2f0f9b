using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// Takes the namespace off again where a reply names keys, and out of error texts wherever they quote it.
/// A key without the tenant's prefix where one must be is an isolation fault: the reply is withheld. Pure.
/// </summary>
public static class ReplyRewriter
{
    /// <summary>What the client gets in place of a reply that named a key outside its namespace.</summary>
    public static ReadOnlySpan<byte> Withheld => "-ERR reply withheld, it named a key outside the tenant's namespace\r\n"u8;

    /// <summary>
    /// Writes the reply as the client shall see it and returns its length, never more than the reply's own;
    /// -1 when it names a key outside the namespace (nothing of the destination is to be used then).
    /// </summary>
    /// <param name="reply">One whole reply, well formed.</param>
    /// <param name="rule">The command's reply rule.</param>
    /// <param name="ns">The namespace the request ran in.</param>
    /// <param name="destination">At least as long as the reply.</param>
    public static int Write(ReadOnlySpan<byte> reply, ReplyRule rule, KeyNamespace ns, Span<byte> destination)
    {
        var output = new Output(destination, ns);
        var cursor = new ReplyCursor(reply);
        bool kept = reply[0] switch
        {
            (byte)'-' when rule == ReplyRule.Moved && reply.SequenceEqual("-ERR no such key\r\n"u8) => output.Copy(":0\r\n"u8),
            (byte)'-' => output.CopyWithoutNamespace(reply),
            (byte)'!' => output.StripBlobError(cursor.Skip()),
            _ when rule == ReplyRule.StripFirstElement => StripFirstElement(ref cursor, ref output),
            _ when rule == ReplyRule.StripStreams => StripStreams(ref cursor, ref output),
            _ when rule == ReplyRule.StripStrings => StripStrings(ref cursor, ref output),
            _ => true,
        };
        if (!kept) return -1;
        if (reply[0] != '-') output.Copy(reply[cursor.Position..]);
        return output.Length;
    }

    /// <summary>True when an error reply may quote the namespace, in whatever form, and so must go through <see cref="Write"/>.</summary>
    public static bool QuotesNamespace(ReadOnlySpan<byte> reply, KeyNamespace ns) =>
        reply.IndexOf(ns.NameBytes) >= 0 || reply.IndexOf(ns.FunctionPrefix) >= 0;

    /// <summary>LMPOP, ZMPOP: <c>[key, elements]</c>, or null.</summary>
    private static bool StripFirstElement(ref ReplyCursor cursor, ref Output output)
    {
        if (cursor.Kind != '*') return NamesNoKey(cursor);
        int start = cursor.Position;
        long count = cursor.ReadAggregateHeader();
        output.CopyRange(cursor, start);
        return count <= 0 || output.StripKey(ref cursor);
    }

    /// <summary>XREAD: <c>[[key, entries], ...]</c> in RESP2, <c>{key: entries, ...}</c> in RESP3, or null.</summary>
    private static bool StripStreams(ref ReplyCursor cursor, ref Output output)
    {
        if (cursor.Kind is not ((byte)'*' or (byte)'%')) return NamesNoKey(cursor);
        bool isMap = cursor.Kind == '%';
        int start = cursor.Position;
        long streams = cursor.ReadAggregateHeader();
        output.CopyRange(cursor, start);
        for (long i = 0; i < streams; i++)
        {
            if (!isMap)
            {
                start = cursor.Position;
                if (cursor.Kind != '*') return false;
                if (cursor.ReadAggregateHeader() != 2) return false;
                output.CopyRange(cursor, start);
            }

            if (!output.StripKey(ref cursor)) return false;
            output.Copy(cursor.Skip());
        }

        return true;
    }

    /// <summary>
    /// What Lua returned, element by element however nested: a string that is a key's name upstream becomes the key, an error loses the namespace wherever
    /// it stands. A script gets its KEYS with the namespace; it may hand them back, and what it says of other keys the node has refused.
    /// </summary>
    private static bool StripStrings(ref ReplyCursor cursor, ref Output output)
    {
        while (!cursor.AtEnd)
        {
            int start = cursor.Position;
            switch (cursor.Kind)
            {
                case (byte)'*' or (byte)'%' or (byte)'~' or (byte)'>' or (byte)'|':
                    cursor.ReadAggregateHeader();
                    output.CopyRange(cursor, start);
                    break;
                case (byte)'-':
                    output.CopyWithoutNamespace(cursor.Skip());
                    break;
                case (byte)'!':
                    output.StripBlobError(cursor.Skip());
                    break;
                case (byte)'+':
                    output.StripSimple(cursor.Skip());
                    break;
                case (byte)'$' when !cursor.IsNull:
                    output.StripIfKey(ref cursor);
                    break;
                default:
                    output.Copy(cursor.Skip());
                    break;
            }
        }

        return true;
    }

    /// <summary>Besides its aggregate a command answers null, or a simple string (QUEUED); anything else may hold keys where nobody looks.</summary>
    private static bool NamesNoKey(in ReplyCursor cursor) => cursor.Kind == '+' || cursor.IsNull;

    private ref struct Output(Span<byte> destination, KeyNamespace ns)
    {
        private readonly Span<byte> _destination = destination;

        public int Length { get; private set; }

        public bool Copy(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_destination[Length..]);
            Length += bytes.Length;
            return true;
        }

        public void CopyRange(in ReplyCursor cursor, int start) => Copy(cursor.Since(start));

        public bool StripKey(ref ReplyCursor cursor)
        {
            if (!cursor.TryReadBulk(out ReadOnlySpan<byte> key) || !ns.Owns(key)) return false;
            _destination[Length++] = (byte)'$';
            Length += RespNumber.Write(_destination[Length..], key.Length - ns.Growth);
            Copy("\r\n"u8);
            Length += ns.Decode(key, _destination[Length..]);
            return Copy("\r\n"u8);
        }

        public void StripIfKey(ref ReplyCursor cursor)
        {
            ReplyCursor before = cursor;
            if (StripKey(ref cursor)) return;
            cursor = before;
            Copy(cursor.Skip());
        }

        public void StripSimple(ReadOnlySpan<byte> line)
        {
            ReadOnlySpan<byte> text = line[1..^2];
            if (!ns.Owns(text))
            {
                Copy(line);
                return;
            }

            _destination[Length++] = (byte)'+';
            Length += ns.Decode(text, _destination[Length..]);
            Copy("\r\n"u8);
        }

        /// <summary>An error of RESP3 that says how long it is (<c>!</c>).</summary>
        public bool StripBlobError(ReadOnlySpan<byte> element)
        {
            int header = RespNumber.ReadLine(element, 1, out long size);
            if (size < 0) return Copy(element);
            int at = Length;
            // The text is never longer than it was, and so is its length in digits.
            Length += header;
            CopyWithoutNamespace(element.Slice(header, (int)size));
            int length = Length - at - header;
            Length = at;
            _destination[Length++] = (byte)'!';
            Length += RespNumber.Write(_destination[Length..], length);
            Copy("\r\n"u8);
            _destination.Slice(at + header, length).CopyTo(_destination[Length..]);
            Length += length;
            return Copy("\r\n"u8);
        }

        public bool CopyWithoutNamespace(ReadOnlySpan<byte> text)
        {
            for (int at = text.IndexOf(ns.FunctionPrefix); at >= 0; at = text.IndexOf(ns.FunctionPrefix))
            {
                Length += ErrorText.CopyWithoutNamespace(text[..at], ns, _destination[Length..]);
                text = text[(at + ns.FunctionPrefix.Length)..];
            }

            Length += ErrorText.CopyWithoutNamespace(text, ns, _destination[Length..]);
            return true;
        }
    }
}
