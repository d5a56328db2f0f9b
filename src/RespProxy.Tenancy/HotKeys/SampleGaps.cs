using System.Numerics;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// Which requests are counted: of up to <see cref="FullCount"/> in a tenth of a second all of them, of more one in 2, 4, ... up to a bound, so that counting
/// costs a busy tenant a small part of its commands, from its first moment on, and is exact for a slow one, as long as all tenants of the loop together
/// leave it (<see cref="SampleBudget"/>).
///
/// <para>The gap to the next counted one is drawn evenly from 1 to 2 x stride - 1: its mean is the stride, and no rhythm in the
/// requests can hide a key, as it could from every 16th. Each one counted stands for as many as the stride.</para>
///
/// A mutable struct; not thread-safe.
/// </summary>
internal struct SampleGaps
{
    /// <summary>Counted ones in a tenth of a second up to which the stride may stay: at a microsecond each, seldom as they are, half a percent of a processor.</summary>
    public const int FullCount = 500;

    private readonly SampleBudget _budget;
    private readonly long _tenth;
    private readonly int _most;
    private ulong _random;
    private long _since;

    /// <summary>The tenant's stride for its own sake.</summary>
    private int _own = 1;

    /// <summary>Counted since then, and what they stood for.</summary>
    private int _counted;
    private long _stoodFor;

    /// <param name="most">The largest stride.</param>
    /// <param name="second">Ticks of one.</param>
    /// <param name="seed">Anything but 0.</param>
    /// <param name="budget">The loop's.</param>
    public SampleGaps(int most, long second, ulong seed, SampleBudget budget)
    {
        _budget = budget;
        _most = most;
        _tenth = Math.Max(1, second / 10);
        _random = seed;
        Stride = 1;
    }

    /// <summary>How many requests one counted stands for.</summary>
    public int Stride { get; private set; }

    /// <summary>One was counted; how many requests further the next one is.</summary>
    public int Next(long now)
    {
        _counted++;
        _stoodFor += Stride;
        _budget.Count(now, Stride);
        if (now - _since >= _tenth) Slacken(now);
        else if (_counted >= FullCount) Widen(now);
        Stride = Math.Max(_own, _budget.LeastStride);
        return Stride == 1 ? 1 : 1 + (int)(Random() % (uint)((2 * Stride) - 1));
    }

    /// <summary>The time is over: as many as possible are counted of requests that come as fast as in it.</summary>
    private void Slacken(long now)
    {
        double inTenth = (double)_stoodFor * _tenth / (now - _since);
        uint fitting = BitOperations.RoundUpToPowerOf2((uint)Math.Min(inTenth / FullCount, _most) + 1);
        _own = (int)Math.Min(Math.Min(fitting, (uint)_own), (uint)_most);
        Begin(now);
    }

    /// <summary>Too many within the time.</summary>
    private void Widen(long now)
    {
        _own = Math.Min(Stride * 2, _most);
        Begin(now);
    }

    private void Begin(long now)
    {
        _since = now;
        _counted = 0;
        _stoodFor = 0;
    }

    /// <summary>xorshift64 (Marsaglia 2003).</summary>
    private ulong Random()
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        return _random ^= _random << 17;
    }
}
