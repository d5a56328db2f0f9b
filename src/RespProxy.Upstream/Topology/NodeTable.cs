using System.Collections.Concurrent;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// All nodes an upstream has ever had, by address and by index. Any thread; reading takes no lock.
/// Nodes are never removed, so that an index stays valid: a few hundred bytes per address ever seen.
/// </summary>
public sealed class NodeTable
{
    private readonly ConcurrentDictionary<NodeAddress, Node> _byAddress = new();
    private readonly Lock _adding = new();
    private volatile Node[] _all = [];

    /// <summary>The nodes known now, each at its <see cref="Node.Index"/>.</summary>
    public ReadOnlySpan<Node> Nodes => _all;

    public bool TryGet(NodeAddress address, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Node? node) =>
        _byAddress.TryGetValue(address, out node);

    public Node GetOrAdd(NodeAddress address) => TryGet(address, out Node? known) ? known : Add(address);

    private Node Add(NodeAddress address)
    {
        lock (_adding)
        {
            if (TryGet(address, out Node? known)) return known;
            var node = new Node(address, _all.Length);
            // The array first: whoever finds the node by its address must find it at its index too.
            _all = [.. _all, node];
            _byAddress[address] = node;
            return node;
        }
    }
}
