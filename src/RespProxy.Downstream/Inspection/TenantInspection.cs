using RespProxy.Configuration;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.SlowLog;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Inspection;

/// <summary>The tenants and what is known of their keys, for those who operate the proxy. Any thread; no loop is asked.</summary>
public sealed class TenantInspection
{
    private readonly ProxySnapshot _configuration;
    private readonly LiveTenants _tenants;
    private readonly ProxyLoop _loop;

    internal TenantInspection(ProxySnapshot configuration, LiveTenants tenants, ProxyLoop loop)
    {
        _configuration = configuration;
        _tenants = tenants;
        _loop = loop;
    }

    /// <summary>As configured now, by name.</summary>
    public IEnumerable<Tenant> All => _tenants.Directory.All.OrderBy(tenant => tenant.Name, StringComparer.Ordinal);

    public Tenant? Find(string name) => _tenants.Directory.Find(name);

    /// <summary>The name of the upstream that holds its keys.</summary>
    public string UpstreamOf(Tenant tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        return _configuration.Upstreams[tenant.UpstreamIndex].Name;
    }

    /// <summary>The keys used most, by each measure; null: they are not counted (hotKeys.enabled).</summary>
    public HotKeysReading? HotKeysOf(Tenant tenant, int count) => _configuration.HotKeys.Enabled ? KeyReports.ReadHotKeys(tenant, _loop, only: null, count) : null;

    /// <summary>The biggest keys seen; null: they are not kept (bigKeys.enabled).</summary>
    public IReadOnlyList<BigKey>? BigKeysOf(Tenant tenant, int count) => _configuration.BigKeys.Enabled ? KeyReports.ReadBigKeys(tenant, _loop, count) : null;

    /// <summary>The latest slow commands, the newest first.</summary>
    public IReadOnlyList<SlowLogEntry> SlowLogOf(Tenant tenant, int count) => _loop.Facts.SlowLogs.Of(tenant).Newest(count);
}
