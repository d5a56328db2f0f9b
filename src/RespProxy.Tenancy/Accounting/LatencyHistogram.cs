using System.Runtime.CompilerServices;

namespace RespProxy.Tenancy.Accounting;

/// <summary>Times in <see cref="LatencyBuckets"/>. Written by one thread without locks, read by any: a moment old, and never back.</summary>
public sealed class LatencyHistogram
{
    private readonly long[] _counts = new long[LatencyBuckets.Count];
    private long _sum;

    /// <summary>Counts a time, in Stopwatch ticks, that so many calls took.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long ticks, long calls)
    {
        _counts[LatencyBuckets.IndexOf(ticks)] += calls;
        _sum += ticks * calls;
    }

    /// <summary>What it holds now. Any thread.</summary>
    public LatencyReading Read() => new([this]);

    internal void AddTo(Span<long> counts, ref long sum)
    {
        for (int i = 0; i < _counts.Length; i++) counts[i] += Volatile.Read(ref _counts[i]);
        sum += Volatile.Read(ref _sum);
    }
}
