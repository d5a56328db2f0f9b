using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// Glob patterns of keys, found by the literal text they begin with: a radix tree over those texts. A key walks down the tree as far as its own
/// bytes lead; only patterns met on the way can match and are tried. So the cost is the key's length at most and the patterns that
/// begin like the key, however many others there are. Immutable; any thread; allocation-free.
///
/// <para>The tree is three arrays, not objects: with thousands of patterns it is in no near cache, and what a step waits for is memory, twice: the node, and its
/// text. Most keys need not walk at all: of what all patterns' starts have, so many bytes as the shortest is long, the hashes are known.</para>
/// </summary>
internal sealed class PatternIndex
{
    /// <summary>The root first; the branches of a node side by side, in the order of its labels.</summary>
    private readonly Node[] _nodes;

    /// <summary>For each node the bytes that lead to it, and behind them its labels.</summary>
    private readonly byte[] _text;

    /// <summary>By their starts, so that those of one node are side by side.</summary>
    private readonly Entry[] _entries;

    /// <summary>The length of the shortest start; without patterns longer than any key.</summary>
    private readonly int _shortest;

    /// <summary>What the starts begin with, in that length.</summary>
    private readonly HashBits _beginnings;

    public PatternIndex(IEnumerable<(byte[] Pattern, KeyRule Rule)> patterns)
    {
        _entries =
        [
            .. patterns.Select(each => new Entry(LiteralStartOf(each.Pattern), each.Pattern, each.Rule))
                .OrderBy(entry => entry.Start, ByteOrder.Instance),
        ];
        (_nodes, _text) = new Builder(_entries).Build();
        _shortest = _entries.Select(entry => entry.Start.Length).DefaultIfEmpty(int.MaxValue).Min();
        _beginnings = new HashBits([.. _entries.Select(entry => KeyHash.Of(entry.Start.AsSpan(0, _shortest)))]);
    }

    /// <summary>The rules whose pattern matches the key.</summary>
    public Matches Find(ReadOnlySpan<byte> key) => new(this, key);

    /// <summary>False: no pattern begins like the key.</summary>
    public bool MayMatch(ReadOnlySpan<byte> key) => key.Length >= _shortest && _beginnings.MayHave(KeyHash.Of(key[.._shortest])) && HasPatternOnTheWay(key);

    private bool HasPatternOnTheWay(ReadOnlySpan<byte> key)
    {
        ref readonly Node node = ref _nodes[0];
        while (node.Patterns == 0)
        {
            int branch = key.IsEmpty ? -1 : LabelsOf(node).IndexOf(key[0]);
            if (branch < 0) return false;
            node = ref _nodes[node.FirstBranch + branch];
            if (!key[1..].StartsWith(EdgeOf(node))) return false;
            key = key[(1 + node.EdgeLength)..];
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

    private ReadOnlySpan<byte> EdgeOf(in Node node) => _text.AsSpan(node.Text, node.EdgeLength);

    private ReadOnlySpan<byte> LabelsOf(in Node node) => _text.AsSpan(node.Text + node.EdgeLength, node.Branches);

    /// <summary>One key's walk.</summary>
    public ref struct Matches
    {
        private readonly PatternIndex _index;
        private readonly ReadOnlySpan<byte> _key;
        private ref readonly Node _node;
        private int _depth;
        private int _next;

        internal Matches(PatternIndex index, ReadOnlySpan<byte> key)
        {
            _index = index;
            _node = ref index._nodes[0];
            _key = key;
        }

        public KeyRule Current { get; private set; } = null!;

        /// <summary>Patterns tried and branches taken so far: what the walk costs.</summary>
        public int Steps { get; private set; }

        public bool MoveNext()
        {
            do
            {
                while (_next < _node.Patterns)
                {
                    ref readonly Entry entry = ref _index._entries[_node.FirstPattern + _next++];
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
            int branch = _index.LabelsOf(_node).IndexOf(_key[_depth]);
            if (branch < 0) return false;
            ref readonly Node next = ref _index._nodes[_node.FirstBranch + branch];
            if (!_key[(_depth + 1)..].StartsWith(_index.EdgeOf(next))) return false;
            _depth += 1 + next.EdgeLength;
            _node = ref next;
            _next = 0;
            return true;
        }
    }

    /// <summary>Makes the arrays of sorted entries.</summary>
    private sealed class Builder(Entry[] entries)
    {
        private readonly List<Node> _nodes = [default];
        private readonly List<byte> _text = [];

        public (Node[] Nodes, byte[] Text) Build()
        {
            // No edge into the root: it is where a key starts.
            Fill(0, from: 0, entries.Length, depth: 0, edgeStart: 0);
            return ([.. _nodes], [.. _text]);
        }

        /// <summary>The node whose entries, <paramref name="from"/> up to <paramref name="to"/>, agree in their first <paramref name="depth"/> bytes, of which those from <paramref name="edgeStart"/> lead to it.</summary>
        private void Fill(int number, int from, int to, int depth, int edgeStart)
        {
            int text = _text.Count;
            if (to > from) _text.AddRange(entries[from].Start.AsSpan(edgeStart, depth - edgeStart));
            int here = from;
            while (here < to && entries[here].Start.Length == depth) here++;
            List<(int From, int To)> branches = BranchesOf(here, to, depth);
            foreach ((int first, _) in branches) _text.Add(entries[first].Start[depth]);
            _nodes[number] = new Node(text, depth - edgeStart, branches.Count, _nodes.Count, from, here - from);
            int branch = _nodes.Count;
            _nodes.AddRange(new Node[branches.Count]);
            foreach ((int first, int end) in branches) Fill(branch++, first, end, SharedLength(first, end, depth + 1), depth + 1);
        }

        private List<(int From, int To)> BranchesOf(int from, int to, int depth)
        {
            var branches = new List<(int, int)>();
            while (from < to)
            {
                int end = from + 1;
                while (end < to && entries[end].Start[depth] == entries[from].Start[depth]) end++;
                branches.Add((from, end));
                from = end;
            }

            return branches;
        }

        /// <summary>How many bytes all of them have in common; at least <paramref name="depth"/>. Sorted: what the first and the last share, all share.</summary>
        private int SharedLength(int from, int to, int depth) =>
            depth + entries[from].Start.AsSpan(depth).CommonPrefixLength(entries[to - 1].Start.AsSpan(depth));
    }

    /// <param name="Text">Where its edge begins, the bytes that must follow the branch's label, and behind them the first byte of each branch.</param>
    /// <param name="EdgeLength">Of the edge.</param>
    /// <param name="Branches">How many.</param>
    /// <param name="FirstBranch">The node of the first.</param>
    /// <param name="FirstPattern">Of the entries whose literal start ends here.</param>
    /// <param name="Patterns">How many these are.</param>
    internal readonly record struct Node(int Text, int EdgeLength, int Branches, int FirstBranch, int FirstPattern, int Patterns);

    internal readonly record struct Entry(byte[] Start, byte[] Pattern, KeyRule Rule);

    private sealed class ByteOrder : IComparer<byte[]>
    {
        public static readonly ByteOrder Instance = new();

        public int Compare(byte[]? left, byte[]? right) => left.AsSpan().SequenceCompareTo(right);
    }
}
