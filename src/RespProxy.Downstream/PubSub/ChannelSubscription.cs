using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>A channel, shard channel or pattern in the tenant's namespace. Loop thread only.</summary>
internal sealed class ChannelSubscription : SharedSubscription, ISubscriptionSink
{
    private readonly UpstreamSubscriptions _upstream;
    private readonly UpstreamSubscription _subscription;

    private ChannelSubscription(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, byte[] name, byte[] upstreamName)
        : base(loop, tenant, kind, name)
    {
        _upstream = loop.Upstreams[tenant.UpstreamIndex].Subscriptions;
        _subscription = _upstream.Add(kind, upstreamName, this);
    }

    public override bool IsConfirmed => _subscription.IsConfirmed;

    public static SharedSubscription OfChannel(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        byte[] upstreamName = ChannelName.Upstream(tenant, kind, name);
        return loop.Upstreams[tenant.UpstreamIndex].Subscriptions.Find(kind, upstreamName)?.Sink as ChannelSubscription
            ?? new ChannelSubscription(loop, tenant, kind, name.ToArray(), upstreamName);
    }

    public void OnConfirmed(UpstreamSubscription subscription) => Confirm();

    public void OnRefused(UpstreamSubscription subscription, ReadOnlySpan<byte> reply) => Refuse(reply);

    public void OnPublished(UpstreamSubscription subscription, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        byte[] scratch = Loop.Events.Buffers.Rent(channel.Length);
        int length = ChannelName.NamespaceOf(Tenant, Kind).Decode(channel, scratch);
        if (length < 0) Loop.Counters.IsolationFaults++;
        else Deliver(scratch.AsSpan(0, length), payload);
        Loop.Events.Buffers.Return(scratch);
    }

    protected override void Remove() => _upstream.Remove(_subscription);
}
