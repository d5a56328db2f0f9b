using System.Net;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// Keeps one upstream's slot map: refreshed on a period, on request (debounced) and corrected slot by slot by MOVED.
/// Any thread. Nothing here blocks a loop: <see cref="Current"/> is one volatile read, <see cref="Learn"/> a 32 KiB copy.
/// </summary>
public sealed class ClusterTopology : IAsyncDisposable
{
    private volatile SlotMap? _current;

    public ClusterTopology(UpstreamSnapshot upstream, NodeResolver resolver, TimeProvider time, ILogger logger) =>
        throw new NotImplementedException();

    /// <summary>Every node seen so far, by <see cref="Node.Index"/>.</summary>
    public NodeTable Nodes { get; } = new();

    /// <summary>The last good map; null until the first one is had.</summary>
    public SlotMap? Current => _current;

    /// <summary>Raised after <see cref="Current"/> has changed, on the thread that changed it (a loop's, for MOVED). Must be quick.</summary>
    public event Action<SlotMap>? Changed;

    /// <summary>When a refresh last got a credible view; null before the first.</summary>
    public DateTimeOffset? LastGoodView => throw new NotImplementedException();

    /// <summary>Refreshes begun since the start.</summary>
    public long Refreshes => throw new NotImplementedException();

    /// <summary>Refreshes that got no credible view and left the map as it was.</summary>
    public long RefreshFailures => throw new NotImplementedException();

    /// <summary>Slots corrected by MOVED.</summary>
    public long MovedLearned => throw new NotImplementedException();

    /// <summary>Begins to look for the cluster. Once. A standalone is ready when this returns.</summary>
    public void Start() => _current = null;

    /// <summary>Completes when <see cref="Current"/> has its first map.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The node a redirect names, added when it is new. An empty host means that of the node which sent the redirect.</summary>
    public Node NodeAt(string host, int port, Node sender) => throw new NotImplementedException();

    /// <summary>Takes the word of a MOVED: the slot's owner is this node, from now on. Asks for a refresh too.</summary>
    /// <param name="slot">0 to 16,383.</param>
    /// <param name="host">As in the error; empty means the host of the node that sent it.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="sender">The node that sent the MOVED.</param>
    /// <returns>The node to send the command to.</returns>
    public Node Learn(int slot, string host, int port, Node sender)
    {
        Changed?.Invoke(_current!);
        throw new NotImplementedException();
    }

    /// <summary>Asks for a refresh soon. Cheap, and repeated calls become one refresh.</summary>
    /// <param name="reason">For the log.</param>
    public void RequestRefresh(string reason) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>Resolves the host names of nodes. Any thread.</summary>
public sealed class NodeResolver
{
    /// <summary>Where to connect to for a node. Completes at once for an address; a name is looked up anew when the last answer is old.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The name does not resolve.</exception>
    public ValueTask<IPEndPoint> ResolveAsync(NodeAddress address, CancellationToken cancellation = default) => throw new NotImplementedException();
}
