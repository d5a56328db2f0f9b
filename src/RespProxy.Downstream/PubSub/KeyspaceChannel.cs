using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// The channels of keyspace notifications (https://redis.io/docs/latest/develop/use/keyspace-notifications/) between a tenant and the nodes:
/// <c>__keyspace@0__:key</c> names the event in its payload, <c>__keyevent@0__:event</c> the key. A tenant has database 0 alone; its
/// channels of other databases are ordinary ones, on which nothing comes. Pure.
/// </summary>
internal static class KeyspaceChannel
{
    private static ReadOnlySpan<byte> Keyspace => "__keyspace@0__:"u8;

    private static ReadOnlySpan<byte> Keyevent => "__keyevent@0__:"u8;

    /// <summary>What every pattern of keyspace notifications must begin with, literally: others match ordinary channels only.</summary>
    private static ReadOnlySpan<byte> Both => "__key"u8;

    public static bool IsOne(SubscriptionKind kind, ReadOnlySpan<byte> name) => kind switch
    {
        SubscriptionKind.Channel => name.StartsWith(Keyspace) || name.StartsWith(Keyevent),
        SubscriptionKind.Pattern => name.StartsWith(Both),
        _ => false,
    };

    /// <summary>
    /// What to listen to upstream for a tenant's channel or pattern: all it may match in the tenant's namespace, and perhaps more. A pattern that
    /// does not spell out its channel's kind and database is matched by the proxy; see <see cref="TryTranslate"/>.
    /// </summary>
    public static IEnumerable<byte[]> Upstream(KeyNamespace ns, SubscriptionKind kind, byte[] name)
    {
        if (name.AsSpan().StartsWith(Keyevent)) return [name];
        if (name.AsSpan().StartsWith(Keyspace))
        {
            ReadOnlySpan<byte> key = name.AsSpan(Keyspace.Length);
            return [[.. Keyspace, .. kind == SubscriptionKind.Pattern ? NamespacePattern.Of(ns, key) : ns.UpstreamName(key)]];
        }

        var names = new List<byte[]>();
        if (!name.AsSpan().StartsWith("__keye"u8)) names.Add([.. Keyspace, .. NamespacePattern.Of(ns, "*"u8)]);
        if (!name.AsSpan().StartsWith("__keys"u8)) names.Add([.. Keyevent, .. "*"u8]);
        return names;
    }

    /// <summary>A node's notification as the tenant shall see it. False when its key is not the tenant's.</summary>
    public static bool TryTranslate(KeyNamespace ns, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload, out byte[] ownChannel, out byte[] ownPayload)
    {
        ownChannel = ownPayload = [];
        ReadOnlySpan<byte> key;
        if (channel.StartsWith(Keyspace) && ns.TryStrip(channel[Keyspace.Length..], out key))
        {
            ownChannel = [.. Keyspace, .. key];
            ownPayload = payload.ToArray();
            return true;
        }

        if (!channel.StartsWith(Keyevent) || !ns.TryStrip(payload, out key)) return false;
        ownChannel = channel.ToArray();
        ownPayload = key.ToArray();
        return true;
    }
}
