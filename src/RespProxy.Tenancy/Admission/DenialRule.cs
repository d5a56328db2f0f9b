using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Tenancy.Admission;

/// <summary>A denylist entry. Immutable, but for the count of its hits; any thread.</summary>
public sealed class DenialRule
{
    private readonly DateTimeOffset? _from;
    private readonly DateTimeOffset? _expires;
    private long _hits;

    internal DenialRule(string tenant, DenialSnapshot snapshot)
    {
        Snapshot = snapshot;
        IsShadow = snapshot.Shadow;
        _from = snapshot.From;
        _expires = snapshot.Expires;
        RefusalStart = Encoding.UTF8.GetBytes($"NOPERM tenant '{tenant}' may not run '");
        RefusalEnd = Encoding.UTF8.GetBytes(snapshot.Reason is null ? "'" : $"': {snapshot.Reason}");
    }

    /// <summary>As configured.</summary>
    public DenialSnapshot Snapshot { get; }

    /// <summary>Requests that it was the first to deny, or would have denied.</summary>
    public long Hits => Volatile.Read(ref _hits);

    /// <summary>Only counts.</summary>
    public bool IsShadow { get; }

    /// <summary>The text of a refusal up to the command's name.</summary>
    public ReadOnlyMemory<byte> RefusalStart { get; }

    /// <summary>The text of a refusal after the command's name.</summary>
    public ReadOnlyMemory<byte> RefusalEnd { get; }

    /// <summary>True: the rule is never sooner or longer in force than this one, so that it never decides anything beside it.</summary>
    internal bool Covers(DenialRule later) =>
        IsShadow == later.IsShadow
        && (_from ?? DateTimeOffset.MinValue) <= (later._from ?? DateTimeOffset.MinValue)
        && (_expires ?? DateTimeOffset.MaxValue) >= (later._expires ?? DateTimeOffset.MaxValue);

    internal void CountHit() => Interlocked.Increment(ref _hits);

    internal bool IsInForce(AdmissionClock clock)
    {
        if (_from is null && _expires is null) return true;
        DateTimeOffset now = clock.UtcNow;
        return (_from is null || now >= _from) && (_expires is null || now < _expires);
    }
}
