using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace RespProxy.Downstream.Accounting;

/// <summary>How long a loop was at work since the start, from the events it woke up for to the last byte sent. Written by the loop, read by anyone (a moment old).</summary>
internal sealed class TurnTimes
{
    /// <summary>Clients of a loop wait as long as its longest turn: what is longer than this is felt.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMilliseconds(10);

    private static readonly long LongTicks = (long)(Long.TotalSeconds * Stopwatch.Frequency);

    private long _busy;
    private long _longTurns;

    /// <summary>All turns together.</summary>
    public TimeSpan Busy => TimeSpan.FromSeconds((double)Volatile.Read(ref _busy) / Stopwatch.Frequency);

    /// <summary>Turns longer than <see cref="Long"/>.</summary>
    public long LongTurns => Volatile.Read(ref _longTurns);

    /// <summary>A turn is over that took so many Stopwatch ticks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long ticks)
    {
        _busy += ticks;
        if (ticks > LongTicks) _longTurns++;
    }
}
