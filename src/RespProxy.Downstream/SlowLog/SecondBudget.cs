namespace RespProxy.Downstream.SlowLog;

/// <summary>So many in each second of Unix time, and no more; a few fewer where threads meet as a second begins. Any thread.</summary>
internal sealed class SecondBudget(int most)
{
    private long _second;
    private int _taken;

    /// <summary>Whether one more is left.</summary>
    public bool TryTake(long second)
    {
        if (Interlocked.Exchange(ref _second, second) != second) Volatile.Write(ref _taken, 0);
        return Interlocked.Increment(ref _taken) <= most;
    }
}
