using RespProxy.Configuration;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Downstream.Sessions;

/// <summary>The listener a client came in on.</summary>
/// <param name="Listener">The listener's name.</param>
/// <param name="Tenant">Name of the tenant of all its connections; null where clients must authenticate.</param>
/// <param name="View">What its clients take the proxy for.</param>
/// <param name="Announce">The address of the cluster view's node; null: the one that the client itself has reached.</param>
internal sealed record SessionOrigin(string Listener, string? Tenant, ClientView View = ClientView.Standalone, NodeAddress? Announce = null)
{
    /// <summary>The tenant of a connection made now, or null.</summary>
    public Tenant? TenantAmong(TenantDirectory tenants) => Tenant is null ? null : tenants.Find(Tenant);

    public bool IsClusterView => View == ClientView.Cluster;
}

/// <summary>CLIENT REPLY (https://redis.io/docs/latest/commands/client-reply/).</summary>
internal enum ReplyMode : byte
{
    On,
    Off,

    /// <summary>The next command's reply is left out.</summary>
    SkipNext,
}
