using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>How many of a tenant's clients listen to what, over all loops: for PUBSUB. Any thread; touched when a client subscribes or leaves, never per publication.</summary>
internal sealed class ChannelCounts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Tenant, SubscriptionKind Kind), Dictionary<byte[], int>> _counts = [];

    public void Add(Tenant tenant, SubscriptionKind kind, byte[] name)
    {
        lock (_lock)
        {
            Dictionary<byte[], int> channels = Of(tenant, kind) ?? (_counts[(tenant.Name, kind)] = new(ByteStringComparer.Instance));
            channels[name] = channels.GetValueOrDefault(name) + 1;
        }
    }

    public void Remove(Tenant tenant, SubscriptionKind kind, byte[] name)
    {
        lock (_lock)
        {
            Dictionary<byte[], int> channels = Of(tenant, kind)!;
            if (--channels[name] == 0) channels.Remove(name);
        }
    }

    /// <summary>Clients that listen to one channel.</summary>
    public int Count(Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        lock (_lock)
        {
            return Of(tenant, kind) is { } channels && channels.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out int count) ? count : 0;
        }
    }

    /// <summary>Every channel or pattern that somebody listens to, once.</summary>
    public byte[][] Names(Tenant tenant, SubscriptionKind kind)
    {
        lock (_lock)
        {
            return Of(tenant, kind) is { } channels ? [.. channels.Keys] : [];
        }
    }

    private Dictionary<byte[], int>? Of(Tenant tenant, SubscriptionKind kind) => _counts.GetValueOrDefault((tenant.Name, kind));
}
