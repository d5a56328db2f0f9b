using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RespProxy.Tenancy.NearCache;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.NearCache;

/// <summary>The near caches of one loop: of each tenant that has one, made with its first client. Loop thread only, but for the counters.</summary>
internal sealed class LoopNearCaches(ProxyLoop loop, ILogger logger)
{
    private readonly ConcurrentDictionary<Tenant, TenantNearCache> _caches = new();

    /// <summary>The cache under the tenant's policy as of now; null when the policy has none.</summary>
    public TenantNearCache? Of(Tenant tenant)
    {
        NearCacheRules? rules = tenant.Policy.NearCache;
        if (_caches.TryGetValue(tenant, out TenantNearCache? cache)) cache.Follow(rules);
        else if (rules is not null) cache = _caches[tenant] = new TenantNearCache(loop, tenant, rules, logger);
        return rules is null ? null : cache;
    }

    /// <summary>Null when the tenant has had no near cache on this loop. Any thread.</summary>
    public NearCacheCounters? CountersOf(Tenant tenant) => _caches.TryGetValue(tenant, out TenantNearCache? cache) ? cache.Counters : null;

    /// <summary>The tenant is not configured any more.</summary>
    public void Forget(Tenant tenant)
    {
        if (_caches.TryRemove(tenant, out TenantNearCache? cache)) cache.Close();
    }
}
