using RespProxy.Downstream;
using RespProxy.Tenancy.Accounting;

namespace RespProxy.Control.Alerts;

/// <summary>All that is judged, as read at one time.</summary>
/// <param name="Status">Of the data plane.</param>
/// <param name="Counters">Its counts, quotas, rates and upstreams.</param>
/// <param name="Usage">Of each tenant.</param>
/// <param name="IsConfigurationRefused">The last configuration offered was refused.</param>
internal sealed record AlertFacts(ProxyStatus Status, ProxyCounters Counters, IReadOnlyList<UsageReport> Usage, bool IsConfigurationRefused);

/// <summary>What of the facts is compared with later ones: sums by tenant, not by command, since a thousand tenants may be kept several times.</summary>
internal sealed class AlertSample
{
    public AlertSample(AlertFacts facts, TimeSpan clock)
    {
        Clock = clock;
        Tenants = facts.Usage.Where(report => report.Tenant != UsageReport.Nobody).ToDictionary(report => report.Tenant, report => new TenantSample(report.Total), StringComparer.Ordinal);
        Rates = facts.Counters.RateUses.ToDictionary(rate => (rate.Tenant, rate.Rate), rate => rate.Used);
        Upstreams = facts.Counters.Upstreams.ToDictionary(upstream => upstream.Name, upstream => (upstream.Failed, upstream.ConnectionsLost + upstream.ConnectionsFailed), StringComparer.Ordinal);
        AuthenticationFailures = facts.Counters.AuthenticationFailures;
        IsolationFaults = facts.Counters.IsolationFaults;
    }

    public TimeSpan Clock { get; }

    public Dictionary<string, TenantSample> Tenants { get; }

    /// <summary>Units used.</summary>
    public Dictionary<(string Tenant, string Rate), long> Rates { get; }

    public Dictionary<string, (long Failed, long Connections)> Upstreams { get; }

    public long AuthenticationFailures { get; }

    public long IsolationFaults { get; }
}

/// <summary>One tenant's sums since the start.</summary>
internal sealed class TenantSample(CommandReading total)
{
    public long Calls { get; } = total.Calls;

    public long Errors { get; } = total.Errors;

    /// <summary>Refused or delayed by limits.</summary>
    public long Throttled { get; } = total.Throttled + total.Delayed;

    public LatencyReading Added { get; } = total.Added;

    public LatencyReading Upstream { get; } = total.Upstream;
}
