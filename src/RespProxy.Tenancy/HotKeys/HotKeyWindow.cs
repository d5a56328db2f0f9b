namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// Counts of the last half to whole of a window: two halves, of which the younger is counted into, and the elder is forgotten when the younger is
/// full. Made with the first key, so that a tenant without requests costs nothing. Not thread-safe. Times are ticks of the caller's.
/// </summary>
internal sealed class HotKeyWindow(int counters, long half)
{
    private static readonly int Measures = Enum.GetValues<HotKeyMeasure>().Length;

    private SpaceSaving[]? _current;
    private SpaceSaving[]? _previous;

    /// <summary>When the younger half began.</summary>
    private long _since;

    /// <summary>The elder half holds something.</summary>
    private bool _hasPrevious;

    /// <summary>Memory held, in bytes, but for a few words.</summary>
    public int Size => (_current?.Sum(each => each.Size) ?? 0) + (_previous?.Sum(each => each.Size) ?? 0);

    /// <summary>The time that what is told of <paramref name="now"/> covers.</summary>
    public long Covered(long now) => IsPast(now, halves: 2) || _current is null ? 0 : now - _since + (_hasPrevious && !IsPast(now, halves: 1) ? half : 0);

    /// <summary>The time that the younger half covers.</summary>
    public long CoveredRecently(long now) => now - _since;

    /// <summary>Counts into the younger half; nothing before the first <see cref="MoveTo"/>.</summary>
    public void Add(HotKeyMeasure measure, in SketchKey key, long weight) => _current?[(int)measure].Add(key, weight);

    /// <summary>The time is <paramref name="now"/>: what is too old for it is forgotten.</summary>
    public void MoveTo(long now)
    {
        if (_current is null)
        {
            _current = Make();
            _since = now;
        }

        if (!IsPast(now, halves: 1)) return;
        _hasPrevious = !IsPast(now, halves: 2);
        _previous ??= Make();
        (_current, _previous) = (_previous, _current);
        foreach (SpaceSaving each in _current) each.Clear();
        // The halves stand on one grid while requests come, so that together they are never longer than the window.
        _since = _hasPrevious ? _since + half : now;
    }

    /// <summary>What the key was certainly added: in the younger half, and in both.</summary>
    public (long Recent, long All) LeastOf(HotKeyMeasure measure, in SketchKey key)
    {
        if (_current is null) return default;
        long recent = _current[(int)measure].LeastOf(key);
        return (recent, _hasPrevious ? recent + _previous![(int)measure].LeastOf(key) : recent);
    }

    /// <summary>Gives the memory back when all that it holds is too old.</summary>
    public void Trim(long now)
    {
        if (!IsPast(now, halves: 2)) return;
        _current = null;
        _previous = null;
        _hasPrevious = false;
    }

    /// <summary>Adds what is not older than the window to a reading.</summary>
    public void CopyTo(HotKeyMeasure measure, HotKeyMerge merge, long now)
    {
        if (_current is null || IsPast(now, halves: 2)) return;
        _current[(int)measure].CopyTo(merge);
        if (_hasPrevious && !IsPast(now, halves: 1)) _previous![(int)measure].CopyTo(merge);
    }

    private bool IsPast(long now, int halves) => now - _since >= halves * half;

    private SpaceSaving[] Make() => [.. Enumerable.Range(0, Measures).Select(_ => new SpaceSaving(counters))];
}
