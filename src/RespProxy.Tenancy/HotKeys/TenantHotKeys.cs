using System.Runtime.CompilerServices;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// The hot keys of one tenant as one event loop sees them. The loop's requests are sampled (<see cref="SampleGaps"/>); those sampled are
/// counted under a lock that only a reader from another thread ever contends for.
///
/// <para>Loop thread only, but for what says otherwise. Allocation-free once its tables have grown.</para>
/// </summary>
public sealed class TenantHotKeys
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly HotKeyWindow _window;
    private readonly double _hotReadsPerTick;
    private SampleGaps _gaps;
    private int _untilNext = 1;

    /// <summary>What the request that was sampled last stands for.</summary>
    private int _weight = 1;

    /// <summary>Certain reads from which a key is hot: within the younger half of the window, and within all of it.</summary>
    private (long Recent, long All) _hotFrom;

    /// <param name="configuration">As configured.</param>
    /// <param name="time">What the window goes by.</param>
    /// <param name="budget">What the tenants of the loop share.</param>
    public TenantHotKeys(HotKeysSnapshot configuration, TimeProvider time, SampleBudget budget)
        : this(configuration, time, budget, (ulong)Random.Shared.NextInt64() | 1)
    {
    }

    /// <param name="configuration">As configured.</param>
    /// <param name="time">What the window goes by.</param>
    /// <param name="budget">What the tenants of the loop share.</param>
    /// <param name="seed">Of the choice of samples; anything but 0.</param>
    internal TenantHotKeys(HotKeysSnapshot configuration, TimeProvider time, SampleBudget budget, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(budget);
        _time = time;
        _window = new HotKeyWindow(configuration.Counters, Math.Max(1, (long)(configuration.Window.TotalSeconds * time.TimestampFrequency / 2)));
        _hotReadsPerTick = (double)configuration.HotReads / time.TimestampFrequency;
        _hotFrom = (configuration.HotReads, configuration.HotReads);
        _gaps = new SampleGaps(configuration.Sample, time.TimestampFrequency, seed, budget);
    }

    /// <summary>How many requests each of those counted now stands for.</summary>
    public int Stride => _gaps.Stride;

    /// <summary>What the request that was sampled last stands for. Loop thread only.</summary>
    public int Weight => _weight;

    /// <summary>Memory held, in bytes, but for a few words.</summary>
    public int Size => _window.Size;

    /// <summary>To be asked once for each request. True: this one is to be counted, with <see cref="CountUse"/> for each of its keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNextSampled() => --_untilNext <= 0 && Sample();

    /// <summary>Counts a use of a key by the request that was sampled. What it stands for follows from the sampling.</summary>
    public void CountUse(in SketchKey key, bool isRead)
    {
        lock (_lock) _window.Add(isRead ? HotKeyMeasure.Reads : HotKeyMeasure.Writes, key, _weight);
    }

    /// <summary>Counts bytes that a key's request and reply had.</summary>
    public void CountBytes(in SketchKey key, long bytes)
    {
        lock (_lock) _window.Add(HotKeyMeasure.Bytes, key, bytes * _weight);
    }

    /// <summary>Counts a read that no node is asked for, as <see cref="IsNextSampled"/> and <see cref="CountUse"/> do those that go upstream. True: it was sampled.</summary>
    public bool CountLocalRead(ReadOnlySpan<byte> key, int database)
    {
        if (!IsNextSampled()) return false;
        CountUse(new SketchKey(key, database), isRead: true);
        return true;
    }

    /// <summary>
    /// Whether the key is read so often on this loop that <see cref="HotKeysSnapshot.HotReads"/> is reached: by what it was certainly read, over the time
    /// since the window or its younger half began, or a second if that is longer.
    /// </summary>
    public bool IsHot(ReadOnlySpan<byte> key, int database)
    {
        (long recent, long all) = _window.LeastOf(HotKeyMeasure.Reads, new SketchKey(key, database));
        return recent >= _hotFrom.Recent || all >= _hotFrom.All;
    }

    /// <summary>Adds the tenant's counts on this loop to a reading. Any thread.</summary>
    /// <returns>The time that they cover.</returns>
    public TimeSpan CopyTo(HotKeyMeasure measure, HotKeyMerge merge)
    {
        lock (_lock)
        {
            long now = _time.GetTimestamp();
            _window.CopyTo(measure, merge, now);
            return TimeSpan.FromSeconds((double)_window.Covered(now) / _time.TimestampFrequency);
        }
    }

    /// <summary>Gives the memory back when nothing was counted within the window.</summary>
    public void Trim()
    {
        lock (_lock) _window.Trim(_time.GetTimestamp());
    }

    private bool Sample()
    {
        long now = _time.GetTimestamp();
        _weight = _gaps.Stride;
        _untilNext = _gaps.Next(now);
        lock (_lock) _window.MoveTo(now);
        _hotFrom = (HotFrom(_window.CoveredRecently(now)), HotFrom(_window.Covered(now)));
        return true;
    }

    private long HotFrom(long covered) => (long)(Math.Max(covered, _time.TimestampFrequency) * _hotReadsPerTick);
}
