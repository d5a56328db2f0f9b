namespace RespProxy.Tenancy.NearCache;

/// <summary>What one loop's near cache did for one tenant since the start. Written by the loop, read by anyone (a moment old).</summary>
public sealed class NearCacheCounters
{
    /// <summary>Reads answered from the cache.</summary>
    public long Hits;

    /// <summary>Reads of hot keys that a node was asked for, alone or with others.</summary>
    public long Misses;

    /// <summary>Replies put into the cache.</summary>
    public long Fills;

    /// <summary>Keys whose replies were dropped since the node said that they have changed.</summary>
    public long Invalidations;

    /// <summary>Times that everything was dropped: a connection was lost or silent, slots have moved, a node was flushed.</summary>
    public long Flushes;

    /// <summary>Bytes held now.</summary>
    public long Bytes;
}
