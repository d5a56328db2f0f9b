using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Fleet;

/// <summary>
/// Decides how many tokens of one rate this proxy leases, and when: two periods of what its clients have asked for of late, asked for again when half of it is
/// spent. Who is idle for a second gives everything back.
///
/// <para>Demand is what was spent and what was refused; it is believed at once when it rises, and forgotten by half in <see cref="HalfLife"/>. When the
/// tokens ran short before their time and there are more, the next batch is twice as large, so that a proxy comes from nothing to its whole
/// demand within a few leases. What there is too little of is shared by the control Redis, see its script.</para>
///
/// Of the leasing thread, but for the counters, which any thread may read.
/// </summary>
public sealed class FleetLease
{
    private const long Second = AdmissionClock.TicksPerSecond;

    private const long HalfLife = Second / 10;

    /// <summary>Without a request for so long a proxy is idle: longer than a client that comes now and then takes a break.</summary>
    private const long IdleAfter = Second;

    /// <summary>A proxy holds at most what the whole rate brings in so long (and the largest single cost): all that is lost with it when it dies.</summary>
    private const long MostHeld = Second / 10;

    private FleetBucket _bucket;
    private long _spent;
    private long _lookedAt;
    private long _askedAt = -IdleAfter;
    private long _dueAt;
    private long _answeredAt = long.MinValue;
    private double _demand;
    private long _asked;
    private long _askedFrom;
    private long _largest;
    private long _target;
    private bool _isScarce;

    /// <summary>What was asked for has not been answered.</summary>
    private volatile bool _isAsking;
    private long _leased;
    private long _returned;
    private int _proxies = 1;

    internal FleetLease(string tenant, RateRule rate, string key)
    {
        (Tenant, Rate, Key) = (tenant, rate.Name, key);
        _bucket = rate.Fleet!;
    }

    public string Tenant { get; }

    /// <summary>What errors and figures call the rate.</summary>
    public string Rate { get; private set; }

    /// <summary>The same for all proxies with the same rate of the same tenant, and for no other rate.</summary>
    public string Key { get; }

    /// <summary>Tokens leased since the start.</summary>
    public long Leased => Volatile.Read(ref _leased);

    /// <summary>Tokens given back since the start.</summary>
    public long Returned => Volatile.Read(ref _returned);

    /// <summary>Tokens leased and not spent; negative while more is owed.</summary>
    public long Balance => _bucket.Balance;

    /// <summary>Proxies that have asked for the rate's tokens in the last second or two, as the control Redis said last.</summary>
    public int Proxies => Volatile.Read(ref _proxies);

    /// <summary>Tokens per second of the whole fleet.</summary>
    public long PerSecond => _bucket.Rate;

    /// <summary>Tokens that the whole fleet may spend at once.</summary>
    public long Burst => _bucket.Burst;

    /// <summary>The control Redis is away: the local share decides.</summary>
    public bool IsAlone => _bucket.IsAlone;

    /// <summary>True: nothing is asked for, held or owed.</summary>
    public bool IsIdle => _target == 0 && _bucket.Balance == 0 && !_isAsking && !_bucket.IsAlone;

    /// <summary>The second in which this proxy was last counted by the control Redis.</summary>
    public long Round { get; private set; }

    /// <summary>What to ask for now; false: nothing. An answer or a failure is to follow.</summary>
    /// <param name="now">The time.</param>
    /// <param name="ask">The request.</param>
    public bool TryAsk(long now, out LeaseAsk ask)
    {
        ask = default;
        bool isAlerted = _bucket.IsAlerted && !_isScarce;
        _isAsking = false;
        if (IsIdle && !isAlerted && !_isScarce) return false;
        long target = Look(now, isAlerted);
        long balance = _bucket.Balance;
        if (balance > (2 * target) + 1 || (target == 0 && balance > 0)) ask = AskFor(-_bucket.TakeBack(balance - target), now);
        else if (IsShort(balance) && (now >= _dueAt || isAlerted)) ask = AskFor(target - balance, now);
        else if (isAlerted || target == 0) Rest();
        return ask.Tokens != 0;
    }

    /// <summary>What to ask for while this proxy is alone: a little, to see whether the control Redis is back.</summary>
    public LeaseAsk Probe(long now) => AskFor(Math.Max(1, _bucket.Allowance), now);

    /// <summary>The control Redis has answered.</summary>
    /// <param name="ask">What was asked.</param>
    /// <param name="now">The time.</param>
    /// <param name="granted">Tokens granted, 0 to as many as were asked for.</param>
    /// <param name="proxies">Proxies that share the rate.</param>
    /// <param name="round">The second by the control Redis's clock.</param>
    public void OnAnswered(in LeaseAsk ask, long now, long granted, int proxies, long round)
    {
        _answeredAt = now;
        Volatile.Write(ref _proxies, Math.Max(1, proxies));
        if (_bucket.IsAlone)
        {
            _bucket.Return(now);
            _askedAt = now;
        }

        if (ask.Tokens < 0) Volatile.Write(ref _returned, _returned - ask.Tokens);
        else
        {
            Round = round;
            _isScarce = granted < ask.Tokens;
            _bucket.Credit(granted);
            Volatile.Write(ref _leased, _leased + granted);
        }

        _isAsking = false;

        _dueAt = now + Jittered(FleetPace.PeriodOf(_proxies));
        Tune();
    }

    /// <summary>The control Redis is away for too long.</summary>
    public void GoAlone() => _bucket.GoAlone();

    /// <summary>The rate has new numbers, or the same.</summary>
    internal void Follow(RateRule rate)
    {
        Rate = rate.Name;
        if (rate.Fleet == _bucket) return;
        _bucket = rate.Fleet!;
        _spent = _bucket.Spent;
    }

    private bool IsShort(long balance) => balance < _target && (balance <= _target / 2 || balance < _largest);

    /// <summary>Nothing is to be asked for; the next demand wakes the leasing thread.</summary>
    private void Rest()
    {
        _isScarce &= _target > 0;
        Tune();
    }

    private LeaseAsk AskFor(long tokens, long now)
    {
        _isAsking = tokens != 0;
        // A bucket that is missing at the control Redis is a full one, unless it was used too short a time ago to have filled: then it was lost.
        bool wasUsed = _bucket.IsAlone || (_answeredAt != long.MinValue && now - _answeredAt < (double)_bucket.Burst / _bucket.Rate * Second);
        return new LeaseAsk(this, tokens, wasUsed);
    }

    /// <summary>Sees what has happened since the last look. The tokens that should be held from now on.</summary>
    private long Look(long now, bool isAlerted)
    {
        long refused = _bucket.TakeRefused(out long largest);
        long spent = _bucket.Spent;
        long asked = Math.Max(0, spent - _spent) + refused;
        bool wasIdle = now - _askedAt >= IdleAfter;
        if (asked > 0) _askedAt = now;
        if (wasIdle) (_lookedAt, _askedFrom) = (now, now);
        _spent = spent;
        _largest = Math.Max(largest, _largest / 2);
        Estimate(now, asked);
        return _target = now - _askedAt >= IdleAfter ? 0 : TargetOf(isAlerted, wasIdle);
    }

    /// <summary>Tokens per tick, over a shortest period at least: in less, two requests look like thousands in a second.</summary>
    private void Estimate(long now, long asked)
    {
        long shortest = FleetPace.PeriodOf(proxies: 1);
        long elapsed = now - _askedFrom;
        _asked += asked;
        _demand = Math.Max((double)_asked / Math.Max(elapsed, shortest), _demand * Math.Pow(0.5, (double)(now - _lookedAt) / HalfLife));
        _lookedAt = now;
        if (elapsed >= shortest) (_asked, _askedFrom) = (0, now);
    }

    private long TargetOf(bool isAlerted, bool wasIdle)
    {
        double wanted = _demand * 2 * FleetPace.PeriodOf(_proxies);
        if (isAlerted) wanted = Math.Max(wanted, 2.0 * _target);
        if (wasIdle) wanted = Math.Max(wanted, 2.0 * _bucket.Allowance);
        long most = Math.Max(1, (long)((double)_bucket.Rate * MostHeld / Second));
        return Math.Max(Math.Max(1, _largest), (long)Math.Min(Math.Ceiling(wanted), most));
    }

    /// <summary>Demand wakes the leasing thread early only where more can be had.</summary>
    private void Tune() => _bucket.Tune(_isScarce ? null : _target / 4, _proxies);

    /// <summary>Proxies that ask at the same moments would always come in the same order.</summary>
    private static long Jittered(long ticks) => (long)(ticks * (0.75 + (Random.Shared.NextDouble() / 2)));
}

/// <summary>Tokens to be leased, or given back.</summary>
/// <param name="Lease">Whose.</param>
/// <param name="Tokens">Negative: given back.</param>
/// <param name="WasUsed">The rate was used so short a time ago that its bucket cannot be full.</param>
public readonly record struct LeaseAsk(FleetLease Lease, long Tokens, bool WasUsed);
