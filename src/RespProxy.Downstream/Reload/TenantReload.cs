using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Downstream.Placements;
using RespProxy.Downstream.Sessions;
using RespProxy.Tenancy.Fleet;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Reload;

/// <summary>
/// Puts a new configuration's tenants in force on a running proxy. Clients of tenants that stay keep their connections; those of tenants that are gone,
/// or whose keys are elsewhere now, are closed, with the drain time to finish. Any thread, one reload at a time.
/// </summary>
/// <param name="running">The configuration in force.</param>
/// <param name="live">Where the tenants are published.</param>
/// <param name="gateOf">Makes the placement check of a new tenant; null for one that needs none.</param>
/// <param name="loops">All loops.</param>
/// <param name="registry">All clients.</param>
/// <param name="logger">For what a reload changed.</param>
/// <param name="fleet">The rates that are shared with other proxies; null where none may be.</param>
internal sealed partial class TenantReload(
    ProxySnapshot running, LiveTenants live, Func<Tenant, PlacementGate?> gateOf, ProxyLoop[] loops, SessionRegistry registry, ILogger logger, FleetRates? fleet = null)
{
    private readonly Lock _lock = new();
    private ProxySnapshot _running = running;

    /// <summary>Empty: the new configuration is in force for every request that comes from now on. Otherwise nothing has changed, and the reasons are given.</summary>
    public IReadOnlyList<string> Apply(ProxySnapshot next)
    {
        lock (_lock)
        {
            IReadOnlyList<string> changes = RestartOnly.Changes(_running, next);
            if (changes.Count > 0) return [.. changes.Select(key => $"{key}: differs from what the proxy was started with; restart it, or set this back")];
            TenantDirectory before = live.Directory;
            TenantDirectory directory = before.Follow(next, out IReadOnlyList<Tenant> retired);
            live.Publish(directory, GatesOf(directory));
            fleet?.Follow(directory);
            _running = next;
            foreach (ProxyLoop loop in loops) loop.Events.Post(() => Walk(loop, retired));
            LogApplied(logger, directory.All.Count, directory.All.Count(tenant => before.Find(tenant.Name) != tenant), retired.Count);
            return [];
        }
    }

    private FrozenDictionary<Tenant, PlacementGate> GatesOf(TenantDirectory directory)
    {
        FrozenDictionary<Tenant, PlacementGate> before = live.Placements;
        return directory.All
            .Select(tenant => (tenant, gate: before.GetValueOrDefault(tenant) ?? gateOf(tenant)))
            .Where(pair => pair.gate is not null)
            .ToFrozenDictionary(pair => pair.tenant, pair => pair.gate!);
    }

    private void Walk(ProxyLoop loop, IReadOnlyList<Tenant> retired)
    {
        foreach (ClientSession session in SessionsOf(loop)) PolicyChange.FollowUnasked(session);
        if (retired.Count > 0) loop.Events.Schedule(_running.DrainTimeout, () => Forget(loop, retired));
    }

    /// <summary>The drain time is over: who is still there goes, and so does what was kept for the tenants.</summary>
    private void Forget(ProxyLoop loop, IReadOnlyList<Tenant> retired)
    {
        HashSet<Tenant> gone = [.. retired];
        foreach (ClientSession session in SessionsOf(loop).Where(session => session.Tenant is { } tenant && gone.Contains(tenant))) session.Abort();
        foreach (Tenant tenant in retired)
        {
            loop.Scripts.Forget(tenant);
            // Another tenant of that name may have come: usage goes by names.
            if (live.Directory.Find(tenant.Name) is null) loop.Accounting.Forget(tenant.Name);
            loop.Insight.Forget(tenant);
            loop.NearCaches.Forget(tenant);
            loop.Facts.SlowLogs.Forget(tenant);
        }
    }

    private IEnumerable<ClientSession> SessionsOf(ProxyLoop loop) => registry.All.Where(session => session.Loop == loop);

    [LoggerMessage(3201, LogLevel.Information, "Configuration applied: {Tenants} tenant(s), {Added} new, {Retired} retired")]
    private static partial void LogApplied(ILogger logger, int tenants, int added, int retired);
}
