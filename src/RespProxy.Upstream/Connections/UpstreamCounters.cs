namespace RespProxy.Upstream.Connections;

/// <summary>What happened on one loop's side of an upstream, counted since the start. Written by the loop, read by anyone (a moment old).</summary>
public sealed class UpstreamCounters
{
    public long Moved;
    public long Asked;
    public long Retried;
    public long TimedOut;
    public long Failed;
    public long Connected;
    public long ConnectFailed;
    public long ConnectionsLost;

    /// <summary>Connections that a client has for itself now.</summary>
    public long Leased;
}
