using RespProxy.Upstream.Redirects;

namespace RespProxy.Upstream.Connections;

/// <summary>Adds up what waits at a loop's connections. Loop thread only; allocates nothing.</summary>
internal struct QueueTally
{
    private long _connections;
    private long _unsentBytes;
    private long _inFlightBytes;
    private long _inFlightRequests;
    private long _parkedRequests;
    private long _parkedBytes;

    /// <summary>Null, or one that does not stand yet: nothing.</summary>
    public void Add(NodeConnection? connection)
    {
        if (connection is not { IsReady: true }) return;
        _connections++;
        _unsentBytes += connection.UnsentBytes;
        _inFlightBytes += connection.InFlightBytes;
        _inFlightRequests += connection.InFlightCount;
    }

    public void Add(RequestParking parking)
    {
        _parkedRequests += parking.Count;
        _parkedBytes += parking.Bytes;
    }

    public readonly void WriteTo(UpstreamQueues queues)
    {
        queues.Connections = _connections;
        queues.UnsentBytes = _unsentBytes;
        queues.InFlightBytes = _inFlightBytes;
        queues.InFlightRequests = _inFlightRequests;
        queues.ParkedRequests = _parkedRequests;
        queues.ParkedBytes = _parkedBytes;
    }
}
