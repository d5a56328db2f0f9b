namespace RespProxy.Tenancy.Quotas;

/// <summary>How much of its quota a tenant uses. The number is the percentage at which the level begins.</summary>
public enum QuotaLevel
{
    Low = 0,

    /// <summary>More than the peak that was declared, or nearly: growing.</summary>
    Raised = 60,

    /// <summary>Time to ask for more.</summary>
    High = 75,

    /// <summary>Little is left.</summary>
    Critical = 85,

    /// <summary>More than the quota.</summary>
    Over = 100,
}

/// <summary>A tenant's usage has come to another level.</summary>
/// <param name="Tenant">Its name.</param>
/// <param name="From">The level before.</param>
/// <param name="To">The level now.</param>
/// <param name="Usage">In bytes.</param>
/// <param name="Quota">In bytes.</param>
public sealed record QuotaEvent(string Tenant, QuotaLevel From, QuotaLevel To, long Usage, long Quota);

/// <summary>A tenant's quota as it stands.</summary>
/// <param name="Quota">In bytes.</param>
/// <param name="Usage">In bytes; null: no source has told it yet.</param>
/// <param name="ReportedAt">When the source told it.</param>
/// <param name="Level">The level that was last told of.</param>
/// <param name="IsEnforced">Beyond the quota, commands that may add data are refused.</param>
public readonly record struct QuotaReading(long Quota, long? Usage, DateTimeOffset ReportedAt, QuotaLevel Level, bool IsEnforced);
