using Microsoft.Extensions.Logging;
using RespProxy.Downstream.Reload;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Downstream.Quotas;

/// <summary>What became of a number that a source reported.</summary>
public enum UsageOutcome
{
    Taken,
    UnknownTenant,

    /// <summary>The tenant has no quota that the number could be compared with.</summary>
    NoQuota,
}

/// <summary>Where the sources of usage bring their numbers, and where the levels that tenants come to are told. Any thread.</summary>
public sealed partial class UsageIntake
{
    private readonly LiveTenants _tenants;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal UsageIntake(LiveTenants tenants, TimeProvider time, ILogger logger)
    {
        _tenants = tenants;
        _time = time;
        _logger = logger;
    }

    /// <summary>A tenant's usage has come to another level. Raised on the source's thread, behind its log line.</summary>
    public event Action<QuotaEvent>? LevelChanged;

    /// <summary>Of every tenant that has a quota.</summary>
    internal IEnumerable<(string Tenant, QuotaReading Reading)> Readings =>
        from tenant in _tenants.Directory.All
        let quota = tenant.Quota
        where quota is not null
        select (tenant.Name, quota.Read());

    /// <summary>Takes a tenant's usage.</summary>
    /// <param name="tenant">Its name.</param>
    /// <param name="bytes">0 or more.</param>
    public UsageOutcome Report(string tenant, long bytes)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        if (_tenants.Directory.Find(tenant) is not { } found) return UsageOutcome.UnknownTenant;
        if (found.Quota is not { } quota) return UsageOutcome.NoQuota;
        if (quota.Report(bytes, _time.GetUtcNow()) is { } change) Tell(change);
        return UsageOutcome.Taken;
    }

    private void Tell(QuotaEvent change)
    {
        int percent = (int)(change.Usage * 100m / change.Quota);
        if (change.To < change.From) LogFallen(_logger, change.Tenant, percent, change.Usage, change.Quota, (int)change.From);
        else if (change.To == QuotaLevel.Over) LogOver(_logger, change.Tenant, percent, change.Usage, change.Quota);
        else LogRisen(_logger, change.Tenant, percent, change.Usage, change.Quota, (int)change.To);
        LevelChanged?.Invoke(change);
    }

    [LoggerMessage(3301, LogLevel.Warning, "Tenant {Tenant} uses {Percent} % of its quota ({Usage} of {Quota} bytes): level {Level} % is reached")]
    private static partial void LogRisen(ILogger logger, string tenant, int percent, long usage, long quota, int level);

    [LoggerMessage(3302, LogLevel.Error, "Tenant {Tenant} uses {Percent} % of its quota ({Usage} of {Quota} bytes): it is over")]
    private static partial void LogOver(ILogger logger, string tenant, int percent, long usage, long quota);

    [LoggerMessage(3303, LogLevel.Information, "Tenant {Tenant} uses {Percent} % of its quota ({Usage} of {Quota} bytes): level {Level} % is left")]
    private static partial void LogFallen(ILogger logger, string tenant, int percent, long usage, long quota, int level);
}
