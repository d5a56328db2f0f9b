using RespProxy.Configuration;
using RespProxy.Downstream.Reload;
using RespProxy.Tenancy.Recent;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Inspection;

/// <summary>
/// Tries rules on the requests that were kept of the last minutes, beside those in force. Changes nothing, and asks no loop. Any thread; one trial at a time is
/// wise, since it uses a processor.
/// </summary>
public sealed class RuleTrials
{
    /// <summary>For one tenant, and for all together: a second's or two of a processor.</summary>
    private const long MostDecisions = 1_000_000, MostDecisionsInAll = 10_000_000;

    private readonly LiveTenants _tenants;
    private readonly ProxyLoop[] _loops;
    private readonly TimeProvider _time;

    internal RuleTrials(ProxySnapshot configuration, LiveTenants tenants, ProxyLoop[] loops, TimeProvider time)
    {
        _tenants = tenants;
        _loops = loops;
        _time = time;
        Window = configuration.HotKeys.Enabled && configuration.RecentRequests.Enabled ? configuration.RecentRequests.Window : null;
    }

    /// <summary>How long requests are kept; null: none are.</summary>
    public TimeSpan? Window { get; }

    /// <summary>What the tenants of a configuration would have made of the requests of a time up to now; of each tenant that it changes, adds or takes away.</summary>
    public IReadOnlyList<RuleTrial> Run(ProxySnapshot next, TimeSpan last)
    {
        ArgumentNullException.ThrowIfNull(next);
        TenantDirectory running = _tenants.Directory;
        TenantSnapshot[] changed = [.. next.Tenants.Where(tenant => running.Find(tenant.Name) is not { } same || !tenant.IsSameAs(same.Configuration))];
        long decisions = Math.Clamp(MostDecisionsInAll / Math.Max(1, changed.Length), 1, MostDecisions);
        IEnumerable<RuleTrial> gone = running.All
            .Where(tenant => !next.Tenants.Any(other => other.Name == tenant.Name))
            .Select(tenant => Try(tenant, null, last, decisions));
        return
        [
            .. changed.Select(tenant => running.Find(tenant.Name) is { } same ? Try(same, tenant, last, decisions) : new RuleTrial(tenant.Name, RuleChange.New))
                .Concat(gone)
                .OrderBy(trial => trial.Tenant, StringComparer.Ordinal),
        ];
    }

    private RuleTrial Try(Tenant tenant, TenantSnapshot? next, TimeSpan last, long decisions)
    {
        var kept = new List<RecentRequest>();
        long now = _time.GetTimestamp();
        long since = now - (long)(last.TotalSeconds * _time.TimestampFrequency);
        foreach (ProxyLoop loop in _loops) loop.Insight.Find(tenant)?.Recent?.CopyTo(kept, since);
        // Those of one moment stay in the order they came in: which of them a rate lets pass depends on it.
        List<RecentRequest> requests = [.. kept.OrderBy(request => request.At)];
        TimeSpan covered = requests.Count == 0 ? TimeSpan.Zero : _time.GetElapsedTime(requests[0].At, now);
        return new RuleTrial(tenant.Name, next is null ? RuleChange.Gone : RuleChange.Changed)
        {
            Kept = requests.Count,
            Covered = covered,
            Resolution = requests.Count == 0 || requests.TrueForAll(request => request.Weight == 1) ? TimeSpan.Zero : covered / requests.Count,
            Now = RuleReplay.Run(tenant.Configuration, requests, _time, decisions),
            Next = next is null ? null : RuleReplay.Run(next, requests, _time, decisions),
        };
    }
}

/// <summary>What a configuration does to a tenant.</summary>
public enum RuleChange
{
    Changed,

    /// <summary>There was none of that name: nothing is known of its requests.</summary>
    New,

    /// <summary>Its clients would be closed.</summary>
    Gone,
}

/// <summary>What one tenant's rules would have made of its requests.</summary>
public sealed record RuleTrial(string Tenant, RuleChange Change)
{
    /// <summary>Requests that the trial is made on; each stands for itself and those before it that were not kept.</summary>
    public int Kept { get; init; }

    /// <summary>The time that they are of.</summary>
    public TimeSpan Covered { get; init; }

    /// <summary>Mean time between two of them; zero: all were kept.</summary>
    public TimeSpan Resolution { get; init; }

    /// <summary>By the rules in force; null for a new tenant.</summary>
    public ReplayOutcome? Now { get; init; }

    /// <summary>By the rules on trial; null for a tenant that is new or gone.</summary>
    public ReplayOutcome? Next { get; init; }
}
