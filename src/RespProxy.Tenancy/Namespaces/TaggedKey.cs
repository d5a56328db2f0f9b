using RespProxy.Protocol.Slots;

namespace RespProxy.Tenancy.Namespaces;

/// <summary>
/// A key in the parts that the placement <c>tagged</c> puts in another order; see <see cref="KeyNamespace"/>. Stands on the bytes it was made from.
///
/// <para>Three kinds. A key <c>p{t}s</c> with a tag: upstream, after <c>{c@a:</c>, <c>t}</c>, the database, <c>p{}s</c>. A key without a tag and
/// without <c>}</c>: <c>key}</c>, the database. A key without a tag that holds a <c>}</c>, which would end the braces too early: <c>}</c>, the
/// database, the key; all such keys are in one slot.</para>
/// </summary>
internal readonly ref struct TaggedKey
{
    private readonly ReadOnlySpan<byte> _before;
    private readonly ReadOnlySpan<byte> _after;
    private readonly bool _hasTag;

    private TaggedKey(ReadOnlySpan<byte> before, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> after, bool hasTag)
    {
        _before = before;
        Tag = tag;
        _after = after;
        _hasTag = hasTag;
    }

    /// <summary>What goes into the braces: the key's tag, the whole key where it has none, nothing where it cannot go there.</summary>
    public ReadOnlySpan<byte> Tag { get; }

    /// <summary>The parts of a key as the client knows it.</summary>
    public static TaggedKey Split(ReadOnlySpan<byte> key)
    {
        if (HashTag.TryFind(key, out ReadOnlySpan<byte> tag))
        {
            int open = key.IndexOf((byte)'{');
            return new TaggedKey(key[..open], tag, key[(open + tag.Length + 2)..], hasTag: true);
        }

        return key.Contains((byte)'}')
            ? new TaggedKey(default, default, key, hasTag: false)
            : new TaggedKey(default, key, default, hasTag: false);
    }

    /// <summary>The parts of a key as it is called upstream; false for what <see cref="Encode"/> does not write.</summary>
    /// <param name="text">What follows <c>{c@a:</c>.</param>
    /// <param name="database"><c>{n}</c>, or empty for database 0.</param>
    /// <param name="key">Its parts.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, ReadOnlySpan<byte> database, out TaggedKey key)
    {
        key = default;
        int close = text.IndexOf((byte)'}');
        if (close < 0 || !text[(close + 1)..].StartsWith(database)) return false;
        ReadOnlySpan<byte> tag = text[..close];
        ReadOnlySpan<byte> rest = text[(close + 1 + database.Length)..];
        if (rest.IsEmpty)
        {
            key = new TaggedKey(default, tag, default, hasTag: false);
            return true;
        }

        if (tag.IsEmpty)
        {
            key = new TaggedKey(default, default, rest, hasTag: false);
            return rest.Contains((byte)'}') && !HashTag.TryFind(rest, out _);
        }

        int open = rest.IndexOf((byte)'{');
        if (open < 0 || !rest[(open + 1)..].StartsWith((byte)'}')) return false;
        key = new TaggedKey(rest[..open], tag, rest[(open + 2)..], hasTag: true);
        return true;
    }

    /// <summary>Writes what follows <c>{c@a:</c>.</summary>
    public void Encode(ReadOnlySpan<byte> database, Span<byte> destination)
    {
        var output = new Output(destination);
        output.Add(Tag);
        output.Add("}"u8);
        output.Add(database);
        output.Add(_before);
        if (_hasTag) output.Add("{}"u8);
        output.Add(_after);
    }

    /// <summary>Writes the key as the client knows it.</summary>
    public void Decode(Span<byte> destination)
    {
        var output = new Output(destination);
        output.Add(_before);
        if (_hasTag) output.Add("{"u8);
        output.Add(Tag);
        if (_hasTag) output.Add("}"u8);
        output.Add(_after);
    }

    private ref struct Output(Span<byte> destination)
    {
        private Span<byte> _left = destination;

        public void Add(scoped ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_left);
            _left = _left[bytes.Length..];
        }
    }
}
