using System.Collections.Frozen;
using RespProxy.Downstream.Placements;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Reload;

/// <summary>The tenants that are configured now. Replaced whole by a reload; any thread.</summary>
internal sealed class LiveTenants(TenantDirectory directory, FrozenDictionary<Tenant, PlacementGate>? placements = null)
{
    private volatile Published _current = new(directory, placements ?? FrozenDictionary<Tenant, PlacementGate>.Empty);

    public TenantDirectory Directory => _current.Directory;

    /// <summary>For the tenants whose placement is to be checked before their first request.</summary>
    public FrozenDictionary<Tenant, PlacementGate> Placements => _current.Placements;

    public void Publish(TenantDirectory next, FrozenDictionary<Tenant, PlacementGate> placementsOfNext) => _current = new Published(next, placementsOfNext);

    private sealed record Published(TenantDirectory Directory, FrozenDictionary<Tenant, PlacementGate> Placements);
}
