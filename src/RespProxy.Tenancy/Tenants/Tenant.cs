using RespProxy.Configuration;
using RespProxy.Tenancy.Namespaces;

namespace RespProxy.Tenancy.Tenants;

/// <summary>A tenant as the request path sees it. Immutable.</summary>
public sealed class Tenant
{
    public Tenant(TenantSnapshot snapshot, int upstreamIndex)
    {
        Snapshot = snapshot;
        Namespace = new KeyNamespace(snapshot.Namespace);
        UpstreamIndex = upstreamIndex;
    }

    public string Name => Snapshot.Name;

    public KeyNamespace Namespace { get; }

    /// <summary>Position of the tenant's upstream in the configuration.</summary>
    public int UpstreamIndex { get; }

    /// <summary>False: AUTH never succeeds for it, only a listener's word.</summary>
    public bool HasPassword => !Snapshot.PasswordHashes.IsEmpty;

    /// <summary>FLUSHDB and FLUSHALL may delete all the tenant's keys.</summary>
    public bool AllowFlush => Snapshot.AllowFlush;

    internal TenantSnapshot Snapshot { get; }
}
