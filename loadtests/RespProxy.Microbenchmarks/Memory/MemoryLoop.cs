using System.Net;
using RespProxy.Transport;
using RespProxy.Transport.Core;

namespace RespProxy.Microbenchmarks.Memory;

/// <summary>
/// The real event loop without its thread and without system calls: the caller drives it turn by turn, and bytes go to nodes and
/// clients in this process. What it measures is all the proxy does, and nothing the kernel does. One thread.
/// </summary>
internal sealed class MemoryLoop : LoopCore
{
    private readonly Queue<MemoryConnection> _readable = new();
    private readonly Dictionary<EndPoint, MemoryNode> _nodes = [];

    public MemoryLoop()
        : base(0, exception => throw new InvalidOperationException("A handler failed.", exception))
    {
    }

    /// <summary>Outgoing connections to this end point reach this node from now on.</summary>
    public void Add(IPEndPoint endPoint, MemoryNode node) => _nodes[endPoint] = node;

    public MemoryConnection Accept(ConnectionHandler handler, IMemoryPeer peer)
    {
        var connection = new MemoryConnection(this, handler, peer, isOutgoing: false);
        CountAccepted(1);
        Add(connection);
        connection.Introduce();
        return connection;
    }

    public override LoopConnection Connect(EndPoint endPoint, TimeSpan timeout, ConnectionHandler handler)
    {
        var connection = new MemoryConnection(this, handler, _nodes[endPoint], isOutgoing: true);
        connection.Establish(timeout);
        return connection;
    }

    public void RunTurn() => Turn();

    public void AddReadable(MemoryConnection connection) => _readable.Enqueue(connection);

    protected override void Wake()
    {
        // Nobody sleeps here.
    }

    protected override int Wait(int milliseconds) => _readable.Count;

    protected override void Dispatch(int events)
    {
        for (int i = 0; i < events; i++) _readable.Dequeue().Deliver();
    }

    protected override void ReleaseSystem()
    {
        // Nothing of the system is held.
    }
}
