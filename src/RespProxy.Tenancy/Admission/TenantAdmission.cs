using RespProxy.Configuration;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// What a tenant may use, over all loops: its rules, its bounds on connections and on requests in flight, and its quota where that is
/// enforced. Only tenants that are limited in some way have one; new limits make a new one that goes on with the same counts. Any thread.
/// </summary>
public sealed class TenantAdmission
{
    private readonly int _maxConnections;
    private readonly int _maxInFlight;
    private readonly TenantLoad _load;

    private TenantAdmission(TenantSnapshot tenant, RuleSet? rules, TenantLoad load, QuotaState? quota)
    {
        Rules = rules;
        EnforcedQuota = quota;
        _load = load;
        _maxConnections = tenant.Limits.MaxConnections ?? int.MaxValue;
        _maxInFlight = tenant.Limits.MaxInFlight ?? int.MaxValue;
        TooManyConnections = $"ERR LIMIT tenant '{tenant.Name}' may have {_maxConnections} connections at most";
        TooManyInFlight = $"ERR LIMIT tenant '{tenant.Name}' may have {_maxInFlight} requests in flight at most";
    }

    /// <summary>Null: only the numbers are bounded.</summary>
    public RuleSet? Rules { get; }

    /// <summary>Connections now.</summary>
    public int Connections => Volatile.Read(ref _load.Connections);

    /// <summary>Most connections; null: no bound.</summary>
    public int? MaxConnections => _maxConnections == int.MaxValue ? null : _maxConnections;

    /// <summary>Requests unanswered now; counted only where they are bounded.</summary>
    public int InFlight => Volatile.Read(ref _load.InFlight);

    /// <summary>Most requests unanswered; null: no bound.</summary>
    public int? MaxInFlight => _maxInFlight == int.MaxValue ? null : _maxInFlight;

    /// <summary>Null: the tenant has no quota, or one that is only told of.</summary>
    public QuotaState? EnforcedQuota { get; }

    /// <summary>True: requests in flight must be counted.</summary>
    public bool BoundsInFlight => _maxInFlight < int.MaxValue;

    /// <summary>As many requests are unanswered as may be.</summary>
    public bool IsFull => Volatile.Read(ref _load.InFlight) >= _maxInFlight;

    /// <summary>The error of a connection that is one too many.</summary>
    public string TooManyConnections { get; }

    /// <summary>The error of a request that is one too many.</summary>
    public string TooManyInFlight { get; }

    /// <summary>Null for a tenant without any limit.</summary>
    /// <param name="tenant">A validated configuration.</param>
    /// <param name="clock">What rates and expiries go by.</param>
    /// <param name="load">The tenant's.</param>
    /// <param name="quota">The tenant's; null: it has none.</param>
    /// <param name="previous">What this replaces; null for nothing.</param>
    internal static TenantAdmission? For(TenantSnapshot tenant, AdmissionClock clock, TenantLoad load, QuotaState? quota, TenantAdmission? previous)
    {
        RuleSet? rules = RuleSetCompiler.Compile(tenant, clock, previous?.Rules);
        bool isBounded = tenant.Limits.MaxConnections is not null || tenant.Limits.MaxInFlight is not null;
        QuotaState? enforced = quota is { IsEnforced: true } ? quota : null;
        return rules is null && !isBounded && enforced is null ? null : new TenantAdmission(tenant, rules, load, enforced);
    }

    /// <summary>Counts a connection; false when there are as many as may be. Each success is followed by one <see cref="Disconnect"/>.</summary>
    public bool TryConnect()
    {
        if (Interlocked.Increment(ref _load.Connections) <= _maxConnections) return true;
        Interlocked.Decrement(ref _load.Connections);
        return false;
    }

    /// <summary>Counts a connection that was there before these limits were: it stays, even as one too many.</summary>
    public void Adopt() => Interlocked.Increment(ref _load.Connections);

    public void Disconnect() => Interlocked.Decrement(ref _load.Connections);

    /// <summary>Requests were sent (positive) or answered (negative).</summary>
    public void AddInFlight(int requests) => Interlocked.Add(ref _load.InFlight, requests);
}

/// <summary>What a tenant uses just now, counted while it is bounded. Interlocked only.</summary>
internal sealed class TenantLoad
{
    public int Connections;

    public int InFlight;
}
