using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>The keyspace notifications that clients of one loop listen to, each channel or pattern of a tenant once. Loop thread only.</summary>
internal sealed class KeyspaceEvents(ProxyLoop loop)
{
    private readonly Dictionary<(Tenant Tenant, SubscriptionKind Kind), Dictionary<byte[], KeyspaceEventSubscription>> _subscriptions = [];

    public KeyspaceEventSubscription Of(Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        if (!_subscriptions.TryGetValue((tenant, kind), out var byName)) _subscriptions.Add((tenant, kind), byName = new(ByteStringComparer.Instance));
        if (byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out KeyspaceEventSubscription? known)) return known;
        var subscription = new KeyspaceEventSubscription(loop, tenant, kind, name.ToArray());
        byName.Add(subscription.Name, subscription);
        return subscription;
    }

    public void Remove(Tenant tenant, KeyspaceEventSubscription subscription) => _subscriptions[(tenant, subscription.Kind)].Remove(subscription.Name);
}

/// <summary>
/// A tenant's channel or pattern of keyspace notifications: heard at every primary, since each tells of its own keys alone, and
/// handed on only where the key is the tenant's. Loop thread only.
/// </summary>
internal sealed class KeyspaceEventSubscription : SharedSubscription, INodeEventSink
{
    private readonly NodeEvents _upstream;
    private readonly NodeEventSubscription[] _subscriptions;

    public KeyspaceEventSubscription(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, byte[] name)
        : base(loop, tenant, kind, name)
    {
        _upstream = loop.Upstreams[tenant.UpstreamIndex].NodeEvents;
        _subscriptions = [.. KeyspaceChannel.Upstream(tenant, kind, name).Select(upstreamName => _upstream.Add(kind, upstreamName, this))];
    }

    public override bool IsConfirmed => Array.TrueForAll(_subscriptions, subscription => subscription.IsConfirmed);

    public void OnConfirmed() => Confirm();

    public void OnRefused(ReadOnlySpan<byte> reply) => Refuse(reply);

    public void OnPublished(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        if (!KeyspaceChannel.TryTranslate(Tenant, channel, payload, out byte[] ownChannel, out byte[] ownPayload)) return;
        if (Kind != SubscriptionKind.Pattern || GlobPattern.Matches(Name, ownChannel)) Deliver(ownChannel, ownPayload);
    }

    protected override void Remove()
    {
        foreach (NodeEventSubscription subscription in _subscriptions) _upstream.Remove(subscription, this);
        Loop.KeyspaceEvents.Remove(Tenant, this);
    }
}
