namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// How many requests of all tenants together one event loop counts: many tenants, each too slow to be sampled for its own sake, would have every request
/// counted, and counting what is in no cache costs as much as the command. Above <see cref="FullCount"/> in a tenth of a second none is counted more
/// closely than one in <see cref="LeastStride"/>; tenants that are sampled less closely anyway are not concerned.
///
/// The loop's thread only.
/// </summary>
public sealed class SampleBudget
{
    /// <summary>Counted ones in a tenth of a second up to which the stride may stay: twice a tenant's own, so that a busy one leaves as much to the others.</summary>
    public const int FullCount = 2 * SampleGaps.FullCount;

    private readonly long _tenth;
    private readonly int _most;
    private long _since;
    private int _counted;
    private int _bound;

    /// <param name="most">The largest stride.</param>
    /// <param name="second">Ticks of one.</param>
    public SampleBudget(int most, long second)
    {
        _most = most;
        _tenth = Math.Max(1, second / 10);
    }

    /// <summary>1, 2, 4, ... up to the largest: how many requests one counted stands for at the least.</summary>
    public int LeastStride { get; private set; } = 1;

    /// <summary>One was counted that stands for so many.</summary>
    public void Count(long now, int stride)
    {
        _counted++;
        if (stride <= LeastStride) _bound++;
        if (now - _since >= _tenth) Slacken(now);
        else if (_counted >= FullCount) Widen(now);
    }

    /// <summary>The time is over: as many as possible are counted. With half the stride it is twice as many of those that the stride holds back.</summary>
    private void Slacken(long now)
    {
        double tenths = (double)(now - _since) / _tenth;
        double counted = _counted, bound = _bound;
        while (LeastStride > 1 && counted + bound <= FullCount * tenths)
        {
            counted += bound;
            bound *= 2;
            LeastStride /= 2;
        }

        Begin(now);
    }

    /// <summary>Too many within the time.</summary>
    private void Widen(long now)
    {
        if (LeastStride * 2 <= _most) LeastStride *= 2;
        Begin(now);
    }

    private void Begin(long now)
    {
        _since = now;
        _counted = 0;
        _bound = 0;
    }
}
