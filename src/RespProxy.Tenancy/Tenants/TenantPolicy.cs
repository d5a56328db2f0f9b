using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.NearCache;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Tenancy.Tenants;

/// <summary>
/// All that may change about a tenant while the proxy runs, as of one version of the configuration: credentials, permissions, limits, denylist. A request is judged by
/// one policy from its gate to its dispatch, never by half of one and half of the next. Immutable but for the buckets; any thread.
/// </summary>
public sealed class TenantPolicy
{
    internal TenantPolicy(TenantSnapshot snapshot, TenantAdmission? admission, QuotaState? quota, bool isRetired = false)
    {
        Snapshot = snapshot;
        Admission = admission;
        Quota = quota;
        IsRetired = isRetired;
        NearCache = snapshot.NearCache is { } nearCache ? new NearCacheRules(nearCache) : null;
    }

    /// <summary>What the tenant may use; null when it is not limited.</summary>
    public TenantAdmission? Admission { get; }

    /// <summary>The memory set aside for the tenant, and what it uses of it; null: nobody has said.</summary>
    public QuotaState? Quota { get; }

    /// <summary>What may be kept of replies to reads of the tenant's hot keys; null: nothing.</summary>
    public NearCacheRules? NearCache { get; }

    /// <summary>The tenant is not configured any more, or has its keys elsewhere now: its clients are to go.</summary>
    public bool IsRetired { get; }

    /// <summary>FLUSHDB and FLUSHALL may delete all the tenant's keys.</summary>
    public bool AllowFlush => Snapshot.AllowFlush;

    public ScriptAccess ScriptAccess => Snapshot.Scripts;

    internal TenantSnapshot Snapshot { get; }
}
