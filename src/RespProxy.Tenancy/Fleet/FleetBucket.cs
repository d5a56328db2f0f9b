using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Fleet;

/// <summary>
/// This proxy's part of a rate that the fleet shares, for all its loops without a lock.
///
/// <para>The balance is what was leased from the control Redis and is not spent. Spending is one compare-and-swap; nothing here waits for
/// the network. A balance may go below zero: by the allowance, so that a proxy that was idle can answer before its first lease is there; by what delayed
/// requests have bought; by replies, whose length is known too late; and by one command that costs more than the burst. Every debt is paid from later leases
/// before anything else is, so that all proxies together have spent no more than was leased and what they owe, and what they owe is bounded.</para>
///
/// <para>While the control Redis is away the proxy is alone: an ordinary bucket with the local share of the rate decides.</para>
///
/// Any thread, but for what <see cref="FleetLease"/> calls; allocation-free. Times are ticks of <see cref="AdmissionClock"/>.
/// </summary>
internal sealed class FleetBucket
{
    /// <summary>What the local share brings in so long is what may be spent ahead of the first lease: a lease takes a millisecond or two.</summary>
    private const long AllowanceTicks = AdmissionClock.TicksPerSecond / 50;

    /// <summary>The furthest a debt may reach, in seconds of the rate, as with <see cref="TokenBucket"/>.</summary>
    private const long MaxDebt = 24 * 3600;

    private readonly TokenBucket _share;
    private readonly long _rate;
    private readonly long _burst;
    private readonly long _allowance;
    private readonly long _mostDebt;

    private long _balance;

    /// <summary>All that was put in, less what was taken back. Of the leasing thread.</summary>
    private long _credited;

    /// <summary>Tokens that were refused since the leasing thread looked.</summary>
    private long _refused;

    /// <summary>The most that a refused request needed at once since then.</summary>
    private long _largest;

    /// <summary>Below this balance the leasing thread is woken.</summary>
    private long _low;
    private long _ticksPerToken;
    private long _leaseTicks = FleetPace.PeriodOf(proxies: 1);
    private int _isArmed = 1;
    private volatile bool _isAlone;
    private volatile FleetSignal? _signal;

    /// <param name="rate">Tokens per second of the whole fleet.</param>
    /// <param name="burst">Tokens that the whole fleet may spend at once.</param>
    /// <param name="share">What decides while the control Redis is away: the local share of both.</param>
    /// <param name="localRate">Tokens per second of <paramref name="share"/>.</param>
    public FleetBucket(long rate, long burst, TokenBucket share, long localRate)
    {
        _rate = rate;
        _burst = burst;
        _share = share;
        _allowance = Math.Max(1, (long)((double)localRate * AllowanceTicks / AdmissionClock.TicksPerSecond));
        _mostDebt = rate * MaxDebt;
        _ticksPerToken = AdmissionClock.TicksPerSecond / rate;
    }

    /// <summary>Tokens per second of the whole fleet.</summary>
    public long Rate => _rate;

    /// <summary>Tokens that the whole fleet may spend at once.</summary>
    public long Burst => _burst;

    /// <summary>Tokens that may be owed at most before the first lease.</summary>
    public long Allowance => _allowance;

    /// <summary>Leased and not spent; negative while more is owed.</summary>
    public long Balance => Volatile.Read(ref _balance);

    /// <summary>Tokens spent since the bucket was made. Of the leasing thread.</summary>
    public long Spent => _credited - Balance;

    /// <summary>The control Redis is away: the local share decides.</summary>
    public bool IsAlone => _isAlone;

    /// <inheritdoc cref="TokenBucket.TryReserve"/>
    public bool TryReserve(long now, long tokens, long maxWait, out long wait)
    {
        if (_isAlone) return _share.TryReserve(now, tokens, maxWait, out wait);
        long need = Math.Min(tokens, _burst);
        long balance = Volatile.Read(ref _balance);
        while (true)
        {
            wait = WaitOf(balance, need);
            if (wait > maxWait) return false;
            long left = Math.Max(balance - tokens, -_mostDebt);
            long seen = Interlocked.CompareExchange(ref _balance, left, balance);
            if (seen == balance)
            {
                if (left < Volatile.Read(ref _low)) Alert();
                return true;
            }

            balance = seen;
        }
    }

    /// <inheritdoc cref="TokenBucket.WaitFor"/>
    public long WaitFor(long now, long tokens) => _isAlone ? _share.WaitFor(now, tokens) : WaitOf(Balance, Math.Min(tokens, _burst));

    /// <summary>What this proxy may spend at once, of what it has leased, or of its share while it is alone; negative while in debt.</summary>
    public long Available(long now) => _isAlone ? _share.Available(now) : Balance;

    /// <inheritdoc cref="TokenBucket.Charge"/>
    public void Charge(long now, long tokens)
    {
        if (_isAlone)
        {
            _share.Charge(now, tokens);
            return;
        }

        if (Interlocked.Add(ref _balance, -Math.Min(tokens, _mostDebt)) < Volatile.Read(ref _low)) Alert();
    }

    /// <inheritdoc cref="TokenBucket.Refund"/>
    public void Refund(long tokens)
    {
        if (_isAlone) _share.Refund(tokens);
        else Interlocked.Add(ref _balance, tokens);
    }

    /// <summary>A request of so many tokens was refused, or would have been: there is demand.</summary>
    public void NoteRefused(long tokens)
    {
        if (_isAlone) return;
        Interlocked.Add(ref _refused, tokens);
        // Which of two loops is last here matters little.
        if (Math.Min(tokens, _burst) is long need && need > Volatile.Read(ref _largest)) Volatile.Write(ref _largest, need);
        Alert();
    }

    /// <summary>Who is to be woken when tokens run short. Before the first use, or a demand is only seen at the next look.</summary>
    public void Attach(FleetSignal signal) => _signal = signal;

    /// <summary>Puts leased tokens in. Of the leasing thread.</summary>
    public void Credit(long tokens)
    {
        _credited += tokens;
        Interlocked.Add(ref _balance, tokens);
    }

    /// <summary>Takes unspent tokens out, at most so many; how many it were. Of the leasing thread.</summary>
    public long TakeBack(long most)
    {
        long balance = Balance;
        while (true)
        {
            long taken = Math.Min(most, balance);
            if (taken <= 0) return 0;
            long seen = Interlocked.CompareExchange(ref _balance, balance - taken, balance);
            if (seen == balance)
            {
                _credited -= taken;
                return taken;
            }

            balance = seen;
        }
    }

    /// <summary>Tokens refused since the last look, and the most that one request needed at once. Of the leasing thread.</summary>
    public long TakeRefused(out long largest)
    {
        largest = Interlocked.Exchange(ref _largest, 0);
        return Interlocked.Exchange(ref _refused, 0);
    }

    /// <summary>Tokens are leased: when to wake, and what to tell those who are refused. Of the leasing thread.</summary>
    /// <param name="low">The balance below which to wake; never, when there is nothing to be had sooner anyway.</param>
    /// <param name="proxies">Proxies that share the rate now.</param>
    public void Tune(long? low, int proxies)
    {
        _ticksPerToken = (long)((double)AdmissionClock.TicksPerSecond * proxies / _rate);
        _leaseTicks = FleetPace.PeriodOf(proxies);
        Volatile.Write(ref _low, low ?? long.MinValue);
        Volatile.Write(ref _isArmed, low is null ? 0 : 1);
    }

    /// <summary>True since a demand has woken the leasing thread, until <see cref="Tune"/>.</summary>
    public bool IsAlerted => Volatile.Read(ref _isArmed) == 0;

    /// <summary>The control Redis is away: what was leased expires, the local share decides. Of the leasing thread.</summary>
    public void GoAlone()
    {
        if (_isAlone) return;
        _isAlone = true;
        TakeBack(long.MaxValue);
    }

    /// <summary>The control Redis is back: what is owed to the share is owed to the fleet now. Of the leasing thread.</summary>
    public void Return(long now)
    {
        if (!_isAlone) return;
        Interlocked.Add(ref _balance, Math.Min(0, _share.Available(now)));
        _isAlone = false;
    }

    /// <summary>This bucket takes the place of one with other numbers: its tokens and debts move here. Before its first use.</summary>
    public void ContinueFrom(FleetBucket previous)
    {
        _credited = _balance = Interlocked.Exchange(ref previous._balance, 0);
        _isAlone = previous._isAlone;
        _signal = previous._signal;
    }

    /// <summary>This bucket takes the place of one that was the proxy's alone: what is owed there is owed here. Before its first use.</summary>
    public void ContinueFrom(TokenBucket previous, long now)
    {
        _credited = _balance = Math.Min(0, previous.Available(now));
    }

    private void Alert()
    {
        if (Volatile.Read(ref _isArmed) != 0 && Interlocked.Exchange(ref _isArmed, 0) != 0) _signal?.Set();
    }

    /// <summary>When the tokens will be there, as far as can be told: not before the next lease, and at this proxy's part of the rate.</summary>
    private long WaitOf(long balance, long need)
    {
        long missing = need - balance;
        if (missing <= _allowance) return 0;
        return Math.Max(Volatile.Read(ref _leaseTicks), (long)Math.Min((double)missing * Volatile.Read(ref _ticksPerToken), MaxDebt * (double)AdmissionClock.TicksPerSecond));
    }
}
