namespace RespProxy.Transport;

/// <summary>What a loop has done since it started, and what it holds now; a copy, maybe a turn old and not of one instant.</summary>
public readonly record struct LoopCounters
{
    /// <summary>Times the loop woke up and did its round.</summary>
    public long Turns { get; init; }

    /// <summary>Receive calls made to the system.</summary>
    public long Receives { get; init; }

    /// <summary>Send calls made to the system.</summary>
    public long Sends { get; init; }

    /// <summary>Calls that told the system for which events of a connection to wake the loop (epoll_ctl); one for each connection, and few more.</summary>
    public long InterestChanges { get; init; }

    public long BytesReceived { get; init; }

    public long BytesSent { get; init; }

    /// <summary>Connections accepted and given to this loop.</summary>
    public long Accepted { get; init; }

    /// <summary>Accepts that failed on this loop's listeners, mostly for want of descriptors.</summary>
    public long AcceptFailures { get; init; }

    /// <summary>Connections open now, accepted and outgoing.</summary>
    public int Connections { get; init; }

    /// <summary>Bytes of buffers lying in the loop's pool, not in use.</summary>
    public long PooledBytes { get; init; }
}
