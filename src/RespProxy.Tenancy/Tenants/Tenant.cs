using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Quotas;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Tenancy.Tenants;

/// <summary>
/// A tenant as the request path sees it. Where its keys are never changes; what it may do is its <see cref="Policy"/>, replaced whole when the
/// configuration is. Any thread.
/// </summary>
public sealed class Tenant
{
    private readonly TenantLoad _load = new();
    private readonly AdmissionClock _clock;
    private volatile TenantPolicy _policy;

    /// <param name="snapshot">A validated one.</param>
    /// <param name="upstreamIndex">Position of its upstream in the configuration.</param>
    /// <param name="clock">What rates and expiries go by; null: the system's.</param>
    public Tenant(TenantSnapshot snapshot, int upstreamIndex, AdmissionClock? clock = null)
    {
        _clock = clock ?? new AdmissionClock(TimeProvider.System);
        Name = snapshot.Name;
        Placement = snapshot.Placement;
        Databases = [.. Enumerable.Range(0, snapshot.Databases).Select(database => new KeyNamespace(snapshot.Namespace, snapshot.Placement, database))];
        Channels = snapshot.Placement == KeyPlacement.Spread ? Databases[0] : new KeyNamespace(snapshot.Namespace);
        UpstreamIndex = upstreamIndex;
        _policy = PolicyOf(snapshot, previous: null);
    }

    public string Name { get; }

    /// <summary>Where the keys of each database are, by its number; a client begins in the first.</summary>
    public ImmutableArray<KeyNamespace> Databases { get; }

    /// <summary>
    /// What PUBLISH and SUBSCRIBE name: as in Redis, channels know no databases. The namespace is before the channel, whatever the placement: nodes do not
    /// look at a channel's slot.
    /// </summary>
    public KeyNamespace Channels { get; }

    /// <summary>What SPUBLISH and SSUBSCRIBE name: as keys of database 0, so that a channel and a key of one hash tag share a slot.</summary>
    public KeyNamespace ShardChannels => Databases[0];

    public KeyPlacement Placement { get; }

    /// <summary>A changed namespace or placement is put in force though keys are left under the old one.</summary>
    public bool ForcePlacement => Snapshot.ForcePlacement;

    /// <summary>The pattern, as an ACL takes it (<c>~pattern</c>), that matches the tenant's keys in all databases, and nobody else's.</summary>
    public byte[] KeyPattern => NamespacePattern.OfAllDatabases(Snapshot.Namespace, Snapshot.Placement);

    /// <summary>Patterns as ACLs take them (<c>&amp;pattern</c>) that together match the tenant's channels and shard channels, and nobody else's.</summary>
    public IReadOnlyList<byte[]> ChannelPatterns =>
        [NamespacePattern.Of(Channels, "*"u8), .. Placement == KeyPlacement.Spread ? [] : (byte[][])[NamespacePattern.Of(ShardChannels, "*"u8)]];

    /// <summary>Position of the tenant's upstream in the configuration.</summary>
    public int UpstreamIndex { get; }

    /// <summary>False: AUTH never succeeds for it, only a listener's word.</summary>
    public bool HasPassword => !Snapshot.PasswordHashes.IsEmpty;

    /// <summary>What the tenant's clients have run with EVAL or loaded, on whichever loop.</summary>
    public ScriptRegistry Scripts { get; } = new();

    /// <summary>The policy in force. Read once per request.</summary>
    public TenantPolicy Policy => _policy;

    /// <inheritdoc cref="TenantPolicy.Quota"/>
    public QuotaState? Quota => _policy.Quota;

    /// <summary>As configured now.</summary>
    public TenantSnapshot Configuration => _policy.Snapshot;

    internal TenantSnapshot Snapshot => _policy.Snapshot;

    /// <summary>Puts a new configuration of the same tenant in force, at once and whole. One thread at a time.</summary>
    internal void Adopt(TenantSnapshot snapshot)
    {
        if (snapshot.IsSameAs(Snapshot)) return;
        _policy = PolicyOf(snapshot, _policy);
    }

    /// <summary>The tenant is not configured any more.</summary>
    internal void Retire() => _policy = new TenantPolicy(Snapshot, _policy.Admission, _policy.Quota, isRetired: true);

    private TenantPolicy PolicyOf(TenantSnapshot snapshot, TenantPolicy? previous)
    {
        QuotaState? quota = QuotaState.For(snapshot, previous?.Quota);
        return new TenantPolicy(snapshot, TenantAdmission.For(snapshot, _clock, _load, quota, previous?.Admission), quota);
    }
}
