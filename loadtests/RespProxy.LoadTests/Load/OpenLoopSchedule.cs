namespace RespProxy.LoadTests.Load;

/// <summary>
/// A fixed schedule of requests: request <c>i</c> is due <c>i / rate</c> seconds after the start, whatever the
/// earlier ones did; with bursts, all requests of a burst are due when its first one is. Each time is computed
/// from its index, so rounding never adds up to drift.
/// </summary>
internal sealed class OpenLoopSchedule
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly int _ratePerSecond;
    private readonly int _burst;

    public OpenLoopSchedule(int ratePerSecond, TimeSpan duration, int burst = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratePerSecond);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(burst);
        _ratePerSecond = ratePerSecond;
        _burst = burst;
        Count = Math.Max(1, (long)Math.Round(ratePerSecond * duration.TotalSeconds));
    }

    /// <summary>How many requests the schedule holds.</summary>
    public long Count { get; }

    /// <summary>When request <paramref name="index"/> is due: nanoseconds after the start, rounded down.</summary>
    public long DueNanoseconds(long index)
    {
        long first = index - index % _burst;
        return first / _ratePerSecond * NanosecondsPerSecond + first % _ratePerSecond * NanosecondsPerSecond / _ratePerSecond;
    }
}
