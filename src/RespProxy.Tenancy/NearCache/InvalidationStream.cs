namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// How far the invalidations of one connection to a node have been read. A node tells of a change in the same stream as it answers: when it has
/// answered what was sent at a moment, it has told of all that it had changed before. Not thread-safe.
/// </summary>
public sealed class InvalidationStream
{
    /// <summary>Moment, on the clock of <see cref="SeenMarks"/>, up to which every change has certainly been told; 0 before the first answer.</summary>
    public long ReadUpTo { get; private set; }

    /// <summary>The same in Stopwatch ticks.</summary>
    public long ReadUpToTime { get; private set; }

    /// <summary>What was sent at this moment has been answered.</summary>
    public void OnAnswered(long moment, long time)
    {
        ReadUpTo = Math.Max(ReadUpTo, moment);
        ReadUpToTime = Math.Max(ReadUpToTime, time);
    }
}
