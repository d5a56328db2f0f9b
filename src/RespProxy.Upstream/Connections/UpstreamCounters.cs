using System.Runtime.CompilerServices;

namespace RespProxy.Upstream.Connections;

/// <summary>Why a request is sent again to where it belongs, without a redirect.</summary>
public enum RetryReason
{
    /// <summary>TRYAGAIN: its keys are on their way between two nodes.</summary>
    TryAgain,

    /// <summary>CLUSTERDOWN.</summary>
    ClusterDown,

    /// <summary>LOADING: the node has just started.</summary>
    Loading,

    /// <summary>MASTERDOWN.</summary>
    PrimaryDown,

    /// <summary>READONLY: the node is a replica now.</summary>
    ReadOnly,

    /// <summary>NOSCRIPT: the node has forgotten the script.</summary>
    NoScript,

    /// <summary>Its connection was lost, and it had not left or only reads.</summary>
    ConnectionLost,

    /// <summary>MOVED or ASK within a transaction, which cannot follow them at once.</summary>
    Redirected,
}

/// <summary>What happened on one loop's side of an upstream, counted since the start. Written by the loop, read by anyone (a moment old).</summary>
public sealed class UpstreamCounters
{
    public long Moved;
    public long Asked;
    public long Connected;
    public long ConnectFailed;
    public long ConnectionsLost;

    /// <summary>Connections that a client has for itself now.</summary>
    public long Leased;

    /// <summary>What waits at the connections, as of a tenth of a second ago.</summary>
    public readonly UpstreamQueues Queues = new();

    private readonly long[] _retries = new long[Enum.GetValues<RetryReason>().Length];
    private readonly long[] _failures = new long[Enum.GetValues<UpstreamFailure>().Length];

    /// <summary>Requests sent again for the reason.</summary>
    public long RetriesFor(RetryReason reason) => Volatile.Read(ref _retries[(int)reason]);

    /// <summary>Requests that ended so, without a reply.</summary>
    public long FailuresBy(UpstreamFailure failure) => Volatile.Read(ref _failures[(int)failure]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Count(RetryReason reason) => _retries[(int)reason]++;

    internal void Count(UpstreamFailure failure) => _failures[(int)failure]++;
}

/// <summary>What waits on its way to an upstream's nodes, or for their replies. Written by the loop from time to time, read by anyone.</summary>
public sealed class UpstreamQueues
{
    /// <summary>Connections that stand, shared and leased.</summary>
    public long Connections;

    /// <summary>Written, and not taken by the system yet.</summary>
    public long UnsentBytes;

    /// <summary>Of the requests that no reply has come for, the unsent ones included.</summary>
    public long InFlightBytes;

    /// <summary>Requests that no reply has come for.</summary>
    public long InFlightRequests;

    /// <summary>Requests that wait for a node that can take them.</summary>
    public long ParkedRequests;

    /// <summary>Of the parked requests.</summary>
    public long ParkedBytes;
}
