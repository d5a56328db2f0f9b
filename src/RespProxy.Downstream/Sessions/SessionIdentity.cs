using System.Runtime.CompilerServices;
using RespProxy.Downstream.Insight;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Sessions;

/// <summary>Who a client is: its tenant, by authentication or by its listener, and what it says of itself. Written on its loop, read by CLIENT LIST of any loop.</summary>
internal sealed class SessionIdentity
{
    private LoopTimer? _deadline;
    private volatile string _name = "";
    private volatile string _library = "";
    private volatile string _libraryVersion = "";

    /// <summary>Null until authenticated.</summary>
    public Tenant? Tenant { get; private set; }

    /// <summary>The policy of its tenant that the client is under; another one may have come since: <see cref="IsCurrent"/>.</summary>
    public TenantPolicy? Policy { get; private set; }

    /// <summary>False: the tenant's policy has changed since the client was put under <see cref="Policy"/>. May be read from any thread.</summary>
    public bool IsCurrent
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Tenant is null || Tenant.Policy == Policy;
    }

    /// <summary>Where the client's keys are: its tenant's namespace, in the database it has selected. Only with a tenant.</summary>
    public KeyNamespace Namespace { get; private set; } = null!;

    /// <summary>The number of the database selected. Only with a tenant; may be read from any thread.</summary>
    public int Database => Tenant is null ? 0 : Namespace.Database;

    /// <summary>The tenant's keys are where the configuration says, or nobody has to know.</summary>
    public bool IsPlacementKnown { get; set; }

    /// <summary>The check of the placement that the client has waited for; 0 for none.</summary>
    public int PlacementAttempt { get; set; }

    /// <summary>This loop's side of the tenant's upstream. Only with a tenant.</summary>
    public UpstreamLoop Upstream { get; private set; } = null!;

    /// <summary>The same as the upstream's own user, whoever <see cref="Upstream"/> goes to the nodes as: for what no tenant's user may.</summary>
    public UpstreamLoop SharedUpstream { get; private set; } = null!;

    /// <summary>The client has run a script: all it sends goes as its tenant's own user from then on, so that one order holds for all of it.</summary>
    public bool IsConfined => Upstream != SharedUpstream;

    /// <summary>What this loop sees of how the tenant uses its keys; null when nothing is to be seen.</summary>
    public TenantInsight? Insight { get; private set; }

    /// <summary>The client asked for RESP3 with HELLO 3.</summary>
    public bool IsResp3 { get; set; }

    /// <summary>CLIENT SETNAME.</summary>
    public string Name
    {
        get => _name;
        set => _name = value;
    }

    /// <summary>CLIENT SETINFO LIB-NAME.</summary>
    public string Library
    {
        get => _library;
        set => _library = value;
    }

    /// <summary>CLIENT SETINFO LIB-VER.</summary>
    public string LibraryVersion
    {
        get => _libraryVersion;
        set => _libraryVersion = value;
    }

    public void Assign(Tenant? tenant, ProxyLoop loop)
    {
        Tenant = tenant;
        Policy = tenant?.Policy;
        Namespace = tenant?.Databases[0]!;
        IsPlacementKnown = tenant is not null && !loop.Placements.ContainsKey(tenant);
        PlacementAttempt = 0;
        SharedUpstream = tenant is null ? null! : loop.Upstreams[tenant.UpstreamIndex];
        Upstream = SharedUpstream;
        Insight = tenant is null ? null : loop.Insight.Of(tenant);
    }

    /// <summary>The client is under the tenant's new policy from here on.</summary>
    public void Follow(TenantPolicy policy) => Policy = policy;

    /// <summary>From here on as the tenant's own user. Only when nothing is owed.</summary>
    public void Confine(UpstreamLoop own) => Upstream = own;

    /// <summary>SELECT: nothing may be owed to the client, since replies are read in the namespace that is in force when they come.</summary>
    public void Select(int database) => Namespace = Tenant!.Databases[database];

    /// <summary>Gives a client without a tenant the configured time to authenticate.</summary>
    public void ExpectAuthentication(ProxyLoop loop, Action onLate)
    {
        if (Tenant is null) _deadline = loop.Events.Schedule(loop.Limits.AuthenticationTimeout, onLate);
    }

    /// <summary>The client has authenticated, or is gone.</summary>
    public void CancelDeadline() => _deadline?.Cancel();
}
