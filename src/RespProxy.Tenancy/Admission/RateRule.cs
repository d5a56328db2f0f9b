using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.Admission;

/// <summary>A rate with its bucket: one for all loops. Any thread.</summary>
public sealed class RateRule
{
    private readonly byte[] _refusal;
    private long _exceeded;

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
        Bucket = new TokenBucket(snapshot.Rate, snapshot.Burst);
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
    public long Exceeded => Volatile.Read(ref _exceeded);

    /// <summary>Units taken from its bucket since the start, under this configuration and those before it.</summary>
    public long Used => Bucket.Used;

    /// <summary>Only counts.</summary>
    public bool IsShadow { get; }

    /// <summary>The text of a refusal up to the number of milliseconds.</summary>
    public ReadOnlySpan<byte> RefusalStart => _refusal;

    internal TokenBucket Bucket { get; }

    /// <summary>Longest wait, in ticks; 0 unless the rate delays.</summary>
    internal long MaxWait { get; }

    internal int Ordinal { get; }

    internal ulong ReplyBit { get; }

    /// <summary>Both limit the same: what has been used under one counts under the other.</summary>
    internal bool HasPurposeOf(RateRule other) =>
        (Snapshot.Name, Snapshot.Scope, Snapshot.Unit) == (other.Snapshot.Name, other.Snapshot.Scope, other.Snapshot.Unit);

    internal void CountExceeded() => Interlocked.Increment(ref _exceeded);

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
