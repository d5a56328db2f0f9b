using System.Diagnostics;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.NearCache;

/// <summary>What may be kept, and when it may be served. Immutable; any thread.</summary>
public sealed class NearCacheRules
{
    private readonly byte[][] _patterns;
    private readonly long _maxAge;
    private readonly long _maxLag;

    public NearCacheRules(NearCacheSnapshot snapshot)
    {
        Snapshot = snapshot;
        _patterns = [.. snapshot.Keys.Select(Encoding.UTF8.GetBytes)];
        _maxAge = Ticks(snapshot.MaxAge);
        _maxLag = Ticks(snapshot.MaxLag);
    }

    public NearCacheSnapshot Snapshot { get; }

    /// <summary>True when the key, as its client calls it, may be kept if it is hot.</summary>
    public bool Names(ReadOnlySpan<byte> key)
    {
        foreach (byte[] pattern in _patterns)
        {
            if (GlobPattern.Matches(pattern, key)) return true;
        }

        return false;
    }

    /// <summary>True while the reply is not too old, whatever the node says.</summary>
    /// <param name="reply">What is kept.</param>
    /// <param name="now">In Stopwatch ticks.</param>
    public bool IsYoung(CachedReply reply, long now) => now - reply.ReadAt <= _maxAge;

    /// <summary>
    /// True when the reply may be served: it is young enough; its node has been heard lately; and all the node had changed before the client's
    /// last answer about the key has been told, but nothing of this key.
    /// </summary>
    /// <param name="reply">What is kept.</param>
    /// <param name="now">In Stopwatch ticks.</param>
    /// <param name="seen">The moment, on the clock of <see cref="SeenMarks"/>, of the client's last answer that may tell something of the key.</param>
    public bool MayServe(CachedReply reply, long now, long seen) =>
        IsYoung(reply, now) && !IsLagging(reply.Stream.ReadUpToTime, now) && reply.Stream.ReadUpTo >= seen;

    /// <summary>True when a node that was asked at <paramref name="since"/>, and has not answered, is not to be trusted.</summary>
    public bool IsLagging(long since, long now) => now - since > _maxLag;

    /// <summary>The time before which everything is too old.</summary>
    public long OldestAllowed(long now) => now - _maxAge;

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);
}
