using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// Glob patterns of keys, found by the literal text they begin with: a radix tree over those texts. A key walks down the tree as far as its own
/// bytes lead; only patterns met on the way can match and are tried. So the cost is the key's length at most and the patterns that
/// begin like the key, however many others there are. Immutable; any thread; allocation-free.
/// </summary>
internal sealed class PatternIndex
{
    private readonly Node _root;

    public PatternIndex(IEnumerable<(byte[] Pattern, KeyRule Rule)> patterns)
    {
        Entry[] entries =
        [
            .. patterns.Select(each => new Entry(LiteralStartOf(each.Pattern), each.Pattern, each.Rule))
                .OrderBy(entry => entry.Start, ByteOrder.Instance),
        ];
        _root = Build(entries, depth: 0, edgeStart: 0);
    }

    /// <summary>The rules whose pattern matches the key.</summary>
    public Matches Find(ReadOnlySpan<byte> key) => new(_root, key);

    /// <summary>False: no pattern begins like the key.</summary>
    public bool MayMatch(ReadOnlySpan<byte> key)
    {
        Node node = _root;
        while (node.Patterns.Length == 0)
        {
            int branch = key.IsEmpty ? -1 : node.Labels.AsSpan().IndexOf(key[0]);
            if (branch < 0) return false;
            node = node.Children[branch];
            if (!key[1..].StartsWith(node.Edge)) return false;
            key = key[(1 + node.Edge.Length)..];
        }

        return true;
    }

    /// <summary>The pattern up to its first <c>*</c>, <c>?</c> or <c>[</c>, with what is escaped taken literally.</summary>
    internal static byte[] LiteralStartOf(ReadOnlySpan<byte> pattern)
    {
        var start = new List<byte>(pattern.Length);
        for (int i = 0; i < pattern.Length && pattern[i] is not ((byte)'*' or (byte)'?' or (byte)'['); i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length) i++;
            start.Add(pattern[i]);
        }

        return [.. start];
    }

    /// <summary>The node of sorted entries that agree in their first <paramref name="depth"/> bytes, of which those from <paramref name="edgeStart"/> lead here.</summary>
    private static Node Build(ReadOnlySpan<Entry> entries, int depth, int edgeStart)
    {
        if (entries.Length > 0)
        {
            // Sorted: what the first and the last share, all share.
            depth += entries[0].Start.AsSpan(depth).CommonPrefixLength(entries[^1].Start.AsSpan(depth));
        }

        // No edge into the root: it is where a key starts.
        if (edgeStart == 0) depth = 0;
        int here = 0;
        while (here < entries.Length && entries[here].Start.Length == depth) here++;
        var labels = new List<byte>();
        var children = new List<Node>();
        for (int from = here; from < entries.Length;)
        {
            byte label = entries[from].Start[depth];
            int to = from + 1;
            while (to < entries.Length && entries[to].Start[depth] == label) to++;
            labels.Add(label);
            children.Add(Build(entries[from..to], depth + 1, depth + 1));
            from = to;
        }

        byte[] edge = entries.Length == 0 ? [] : entries[0].Start[edgeStart..depth];
        return new Node(edge, entries[..here].ToArray(), [.. labels], [.. children]);
    }

    /// <summary>One key's walk.</summary>
    public ref struct Matches
    {
        private readonly ReadOnlySpan<byte> _key;
        private Node _node;
        private int _depth;
        private int _next;

        internal Matches(Node root, ReadOnlySpan<byte> key)
        {
            _node = root;
            _key = key;
        }

        public KeyRule Current { get; private set; } = null!;

        /// <summary>Patterns tried and branches taken so far: what the walk costs.</summary>
        public int Steps { get; private set; }

        public bool MoveNext()
        {
            do
            {
                while (_next < _node.Patterns.Length)
                {
                    ref readonly Entry entry = ref _node.Patterns[_next++];
                    Steps++;
                    if (!GlobPattern.Matches(entry.Pattern, _key)) continue;
                    Current = entry.Rule;
                    return true;
                }
            }
            while (TryDescend());
            return false;
        }

        private bool TryDescend()
        {
            if (_depth == _key.Length) return false;
            Steps++;
            int branch = _node.Labels.AsSpan().IndexOf(_key[_depth]);
            if (branch < 0) return false;
            Node child = _node.Children[branch];
            if (!_key[(_depth + 1)..].StartsWith(child.Edge)) return false;
            _depth += 1 + child.Edge.Length;
            _node = child;
            _next = 0;
            return true;
        }
    }

    /// <param name="Edge">The bytes that must follow the branch's label.</param>
    /// <param name="Patterns">Those whose literal start ends here.</param>
    /// <param name="Labels">The first byte of each branch, in the order of <paramref name="Children"/>.</param>
    /// <param name="Children">The branches.</param>
    internal sealed record Node(byte[] Edge, Entry[] Patterns, byte[] Labels, Node[] Children);

    internal readonly record struct Entry(byte[] Start, byte[] Pattern, KeyRule Rule);

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? left, byte[]? right) => left.AsSpan().SequenceCompareTo(right);
    }
}
