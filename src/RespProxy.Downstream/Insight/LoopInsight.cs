using System.Collections.Concurrent;
using RespProxy.Configuration;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;

namespace RespProxy.Downstream.Insight;

/// <summary>What one loop sees of its tenants' keys. A tenant's part is made with its first client on the loop. Loop thread only, but for <see cref="Find"/>.</summary>
internal sealed class LoopInsight
{
    private readonly ConcurrentDictionary<Tenant, TenantInsight> _byTenant = new();
    private readonly HotKeysSnapshot _hotKeys;
    private readonly BigKeysSnapshot _bigKeys;
    private readonly RecentRequestsSnapshot _recent;
    private readonly uint[] _observeFrom;
    private readonly SampleBudget _budget;
    private readonly TimeProvider _time;

    public LoopInsight(ProxySnapshot configuration, ProxyLoop loop)
    {
        _hotKeys = configuration.HotKeys;
        _bigKeys = configuration.BigKeys;
        _recent = configuration.RecentRequests;
        _time = loop.Time;
        _budget = new SampleBudget(_hotKeys.Sample, _time.TimestampFrequency);
        _observeFrom = _bigKeys.Enabled ? ReplySize.ShortestNotable(_bigKeys) : new uint[Protocol.Commands.CommandTable.All.Count];
        Replies = new ObservedReplies(loop);
    }

    public ObservedReplies Replies { get; }

    /// <summary>Null when nothing is to be seen.</summary>
    public TenantInsight? Of(Tenant tenant) => _hotKeys.Enabled || _bigKeys.Enabled
        ? _byTenant.GetOrAdd(tenant, static (_, self) => new TenantInsight(self._hotKeys, self._bigKeys, self._observeFrom, self._time, self._recent, self._budget), this)
        : null;

    /// <summary>Null when the tenant had no client on this loop. Any thread.</summary>
    public TenantInsight? Find(Tenant tenant) => _byTenant.GetValueOrDefault(tenant);

    /// <summary>The tenant is not configured any more.</summary>
    public void Forget(Tenant tenant) => _byTenant.TryRemove(tenant, out _);

    /// <summary>Gives the memory of tenants back that were idle for a window. Again and again, once a window, until the loop ends.</summary>
    public void KeepTrimmed(EventLoop events)
    {
        if (!_hotKeys.Enabled) return;
        LoopTimer? timer = null;
        timer = events.Schedule(_hotKeys.Window, () =>
        {
            foreach (TenantInsight each in _byTenant.Values)
            {
                each.HotKeys?.Trim();
                each.Recent?.Trim();
            }

            timer!.Restart(_hotKeys.Window);
        });
    }
}
