using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Tenancy.Fleet;

namespace RespProxy.Tenancy.Admission;

/// <summary>A rate with its bucket: one for all loops. Any thread.</summary>
public sealed class RateRule
{
    private readonly byte[] _refusal;

    /// <summary>Of a rate that the fleet shares: this proxy's part while it is alone.</summary>
    private readonly TokenBucket _bucket;
    private readonly Lock _growing = new();
    private RateCounts?[] _counts = [];
    private long _usedBefore;

    /// <param name="snapshot">The rate as configured.</param>
    /// <param name="ordinal">Its place among the tenant's rates.</param>
    /// <param name="replyBit">Its bit in <see cref="Verdict.ReplyRates"/>; 0 unless it is of reply bytes.</param>
    internal RateRule(RateSnapshot snapshot, int ordinal, ulong replyBit)
    {
        Ordinal = ordinal;
        Snapshot = snapshot;
        Unit = snapshot.Unit;
        IsShadow = snapshot.Action == RateAction.Shadow;
        MaxWait = snapshot.Action == RateAction.Delay ? AdmissionClock.ToTicks(snapshot.MaxDelay) : 0;
        _bucket = new TokenBucket(snapshot.LocalRate, snapshot.LocalBurst);
        if (snapshot.Reach == RateReach.Fleet) Fleet = new FleetBucket(snapshot.Rate, snapshot.Burst, _bucket, snapshot.LocalRate);
        ReplyBit = replyBit;
        Name = snapshot.Name ?? NameOf(snapshot);
        _refusal = Encoding.UTF8.GetBytes($"ERR LIMIT {Name} rate exceeded, retry after ");
    }

    /// <summary>What errors and figures call the rate.</summary>
    public string Name { get; }

    public RateUnit Unit { get; }

    /// <summary>As configured.</summary>
    public RateSnapshot Snapshot { get; }

    /// <summary>Requests that it has refused, or would have.</summary>
    public long Exceeded => Sum(counts => Volatile.Read(ref counts.Exceeded));

    /// <summary>Requests that it has let pass, those that waited included.</summary>
    public long Granted => Sum(counts => Volatile.Read(ref counts.Granted));

    /// <summary>Requests that it has let pass after a wait.</summary>
    public long Delayed => Sum(counts => Volatile.Read(ref counts.Delayed));

    /// <summary>
    /// Units taken from its bucket since the start, under this configuration and those before it; also the few that were given back, since a counter that
    /// falls is taken for one that began anew.
    /// </summary>
    public long Used => _usedBefore + Sum(counts => Volatile.Read(ref counts.Used));

    /// <summary>Only counts.</summary>
    public bool IsShadow { get; }

    /// <summary>The text of a refusal up to the number of milliseconds.</summary>
    public ReadOnlySpan<byte> RefusalStart => _refusal;

    /// <summary>Null: the rate is this proxy's own.</summary>
    internal FleetBucket? Fleet { get; private set; }

    /// <summary>Longest wait, in ticks; 0 unless the rate delays.</summary>
    internal long MaxWait { get; }

    internal int Ordinal { get; }

    internal ulong ReplyBit { get; }

    /// <summary>Both limit the same: what has been used under one counts under the other.</summary>
    internal bool HasPurposeOf(RateRule other) =>
        (Snapshot.Name, Snapshot.Scope, Snapshot.Unit) == (other.Snapshot.Name, other.Snapshot.Scope, other.Snapshot.Unit);

    /// <summary>A request of such a cost was refused on a loop, or would have been.</summary>
    internal void CountExceeded(long cost, int loop)
    {
        CountsOf(loop).Exceeded++;
        Fleet?.NoteRefused(cost);
    }

    /// <inheritdoc cref="TokenBucket.TryTake"/>
    internal bool TryTake(long now, long cost) => Fleet is null ? _bucket.TryTake(now, cost) : Fleet.TryReserve(now, cost, maxWait: 0, out _);

    /// <inheritdoc cref="TokenBucket.TryReserve"/>
    internal bool TryReserve(long now, long cost, long maxWait, out long wait) =>
        Fleet is null ? _bucket.TryReserve(now, cost, maxWait, out wait) : Fleet.TryReserve(now, cost, maxWait, out wait);

    /// <inheritdoc cref="TokenBucket.WaitFor"/>
    internal long WaitFor(long now, long cost) => Fleet is null ? _bucket.WaitFor(now, cost) : Fleet.WaitFor(now, cost);

    /// <inheritdoc cref="TokenBucket.Available"/>
    internal long Available(long now) => Fleet is null ? _bucket.Available(now) : Fleet.Available(now);

    /// <inheritdoc cref="TokenBucket.Charge"/>
    internal void Charge(long now, long cost, int loop)
    {
        CountsOf(loop).Used += cost;
        if (Fleet is null) _bucket.Charge(now, cost);
        else Fleet.Charge(now, cost);
    }

    /// <inheritdoc cref="TokenBucket.Refund"/>
    internal void Refund(long cost)
    {
        if (Fleet is null) _bucket.Refund(cost);
        else Fleet.Refund(cost);
    }

    /// <summary>This takes the place of a rate of the same purpose: what has been used of that one is used of this one. Before the first use.</summary>
    internal void ContinueFrom(RateRule previous, long now)
    {
        _usedBefore = previous.Used;
        if (Fleet is null && previous.Fleet is null) _bucket.ContinueFrom(previous._bucket, now);
        // What the fleet has used of the rate this proxy does not know: its own part begins with nothing.
        else if (Fleet is null) _bucket.BeginEmpty(now);
        else if (previous.Fleet is null) Fleet.ContinueFrom(previous._bucket, now);
        else if (HasNumbersOf(previous)) Fleet = previous.Fleet;
        else Fleet.ContinueFrom(previous.Fleet);
    }

    private bool HasNumbersOf(RateRule other) =>
        (Snapshot.Rate, Snapshot.Burst, Snapshot.LocalShare) == (other.Snapshot.Rate, other.Snapshot.Burst, other.Snapshot.LocalShare);

    /// <summary>What one loop counts; for that loop's thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RateCounts CountsOf(int loop)
    {
        RateCounts?[] counts = _counts;
        return (uint)loop < (uint)counts.Length && counts[loop] is { } own ? own : BeginCounts(loop);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private RateCounts BeginCounts(int loop)
    {
        lock (_growing)
        {
            var larger = new RateCounts?[Math.Max(_counts.Length, loop + 1)];
            _counts.CopyTo(larger, 0);
            RateCounts own = larger[loop] ??= new RateCounts();
            Volatile.Write(ref _counts, larger);
            return own;
        }
    }

    private long Sum(Func<RateCounts, long> count)
    {
        long sum = 0;
        foreach (RateCounts? counts in Volatile.Read(ref _counts)) sum += counts is null ? 0 : count(counts);
        return sum;
    }

    private static string NameOf(RateSnapshot snapshot)
    {
        string unit = snapshot.Unit switch
        {
            RateUnit.Keys => "keys",
            RateUnit.RequestBytes => "request-bytes",
            RateUnit.ReplyBytes => "reply-bytes",
            _ => "commands",
        };
        bool isOfAll = snapshot.Scope.Commands is ["@all"];
        return isOfAll ? unit : $"{string.Join(',', snapshot.Scope.Commands)} {unit}";
    }
}

/// <summary>What one loop's requests met at a rate. Written by that loop alone, since a number that all loops wrote would have to be fought for.</summary>
internal sealed class RateCounts
{
    public long Granted;

    /// <summary>Among the granted, too.</summary>
    public long Delayed;

    /// <summary>Units that the granted have cost, and replies.</summary>
    public long Used;

    public long Exceeded;
}
