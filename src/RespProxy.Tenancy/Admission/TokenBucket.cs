namespace RespProxy.Tenancy.Admission;

/// <summary>
/// A token bucket in one number, shared by all loops without a lock.
///
/// <para>The algorithm is GCRA (virtual scheduling, ITU-T I.371). Instead of tokens, which would have to be refilled, the bucket keeps the time
/// at which it will be full again. Taking n tokens moves that time n token-times ahead; the bucket holds n tokens when the time
/// so moved is no further ahead of now than a burst's worth. A time in the past is as good as now: a full bucket does not overflow.
/// So a take is one compare-and-swap, two loops never share a token, and none is lost.</para>
///
/// <para>Within any span of time at most rate x span + burst tokens are taken. A single cost above the burst could never be paid
/// at once: it passes when the bucket is full, and the bucket is in debt until time has paid for the rest.</para>
///
/// <para>The bucket's own unit of time is a whole part of the time of one token, so that costs are exact at every rate; only
/// the time of day is rounded, down.</para>
///
/// Any thread; allocation-free. Times are ticks of <see cref="AdmissionClock"/>.
/// </summary>
public sealed class TokenBucket
{
    /// <summary>The furthest a debt may reach, in seconds: what a bucket at one byte a second makes of a large reply must neither overflow nor last for ever.</summary>
    private const long MaxDebt = 24 * 3600;

    private readonly long _unitsPerToken;
    private readonly double _unitsPerTick;

    /// <summary>Tokens of <see cref="MaxDebt"/>.</summary>
    private readonly long _most;

    /// <summary>In units.</summary>
    private readonly long _burst;

    /// <summary>When the bucket is full again, in units.</summary>
    private long _fullAt;

    /// <param name="rate">Tokens per second, at least 1.</param>
    /// <param name="burst">Tokens of a full bucket, at least 1; at most what an hour brings.</param>
    public TokenBucket(long rate, long burst)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rate, AdmissionClock.TicksPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(burst / 3600, rate);
        // As many as fit: a second is no more units than ticks, and they last as long.
        _unitsPerToken = AdmissionClock.TicksPerSecond / rate;
        _unitsPerTick = (double)rate * _unitsPerToken / AdmissionClock.TicksPerSecond;
        _most = rate * MaxDebt;
        _burst = CostOf(burst);
    }

    /// <summary>Takes the tokens if they are there now.</summary>
    public bool TryTake(long now, long tokens) => TryReserve(now, tokens, maxWait: 0, out _);

    /// <summary>
    /// Takes the tokens if they are there within <paramref name="maxWait"/>. Those who wait are served in the order they asked.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="tokens">0 or more; 0 asks whether the bucket is out of debt.</param>
    /// <param name="maxWait">0: now or not at all.</param>
    /// <param name="wait">How long the taker must wait before it acts; when refused, until the tokens would be there.</param>
    public bool TryReserve(long now, long tokens, long maxWait, out long wait)
    {
        long at = UnitsOf(now);
        long cost = CostOf(tokens);
        long fullAt = Volatile.Read(ref _fullAt);
        while (true)
        {
            wait = WaitOf(fullAt, at, cost);
            if (wait > maxWait) return false;
            long seen = Interlocked.CompareExchange(ref _fullAt, After(fullAt, at, cost), fullAt);
            if (seen == fullAt) return true;
            fullAt = seen;
        }
    }

    /// <summary>How long until the tokens are there, if nobody else takes any; 0: now.</summary>
    public long WaitFor(long now, long tokens) => WaitOf(Volatile.Read(ref _fullAt), UnitsOf(now), CostOf(tokens));

    /// <summary>Tokens that are there now, rounded down; negative while in debt.</summary>
    public long Available(long now)
    {
        long at = UnitsOf(now);
        return (long)Math.Floor((_burst - (Math.Max(Volatile.Read(ref _fullAt), at) - at)) / (double)_unitsPerToken);
    }

    /// <summary>Takes the tokens whether they are there or not.</summary>
    public void Charge(long now, long tokens)
    {
        long at = UnitsOf(now);
        long cost = CostOf(tokens);
        long fullAt = Volatile.Read(ref _fullAt);
        while (true)
        {
            long seen = Interlocked.CompareExchange(ref _fullAt, After(fullAt, at, cost), fullAt);
            if (seen == fullAt) return;
            fullAt = seen;
        }
    }

    /// <summary>Gives tokens back that were taken a moment ago and not used.</summary>
    public void Refund(long tokens) => Interlocked.Add(ref _fullAt, -CostOf(tokens));

    /// <summary>What was taken from a bucket of the same purpose is taken from this one: a new rate does not make a new bucketful. Before its first use.</summary>
    internal void ContinueFrom(TokenBucket previous, long now)
    {
        long missing = Math.Max(Volatile.Read(ref previous._fullAt) - previous.UnitsOf(now), 0) / previous._unitsPerToken;
        _fullAt = After(0, UnitsOf(now), CostOf(missing));
    }

    /// <summary>Begins empty. Before its first use.</summary>
    internal void BeginEmpty(long now) => _fullAt = After(0, UnitsOf(now), _burst);

    private long UnitsOf(long ticks) => (long)(ticks * _unitsPerTick);

    private long CostOf(long tokens) => Math.Min(tokens, _most) * _unitsPerToken;

    private long After(long fullAt, long at, long cost) => Math.Min(Math.Max(fullAt, at) + cost, at + (_most * _unitsPerToken));

    /// <summary>In ticks, rounded up. All in units but the result.</summary>
    private long WaitOf(long fullAt, long at, long cost)
    {
        long missing = Math.Max(fullAt, at) - (_burst - Math.Min(cost, _burst)) - at;
        return missing <= 0 ? 0 : (long)Math.Ceiling(missing / _unitsPerTick);
    }
}
