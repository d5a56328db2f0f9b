using System.Buffers.Text;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// The channels of keyspace notifications (https://redis.io/docs/latest/develop/use/keyspace-notifications/) between a tenant and the nodes:
/// <c>__keyspace@3__:key</c> names the event in its payload, <c>__keyevent@3__:event</c> the key. The number is that of the tenant's own
/// database; to the nodes everything happens in their database 0. Pure.
/// </summary>
internal static class KeyspaceChannel
{
    private static ReadOnlySpan<byte> Keyspace => "__keyspace@"u8;

    private static ReadOnlySpan<byte> Keyevent => "__keyevent@"u8;

    private static ReadOnlySpan<byte> NodeKeyspace => "__keyspace@0__:"u8;

    private static ReadOnlySpan<byte> NodeKeyevent => "__keyevent@0__:"u8;

    /// <summary>What every pattern of keyspace notifications must begin with, literally: others match ordinary channels only.</summary>
    private static ReadOnlySpan<byte> Both => "__key"u8;

    /// <summary>A channel of a database that the tenant has not is an ordinary one, on which nothing comes.</summary>
    public static bool IsOne(Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name) => kind switch
    {
        SubscriptionKind.Channel => TryRead(tenant, Keyspace, name, out _, out _) || TryRead(tenant, Keyevent, name, out _, out _),
        SubscriptionKind.Pattern => name.StartsWith(Both),
        _ => false,
    };

    /// <summary>
    /// What to listen to upstream for a tenant's channel or pattern: all it may match in the tenant's databases, and perhaps more. A pattern that
    /// does not spell out its channel's kind and database is matched by the proxy; see <see cref="TryTranslate"/>.
    /// </summary>
    public static IEnumerable<byte[]> Upstream(Tenant tenant, SubscriptionKind kind, byte[] name)
    {
        if (TryRead(tenant, Keyevent, name, out _, out ReadOnlySpan<byte> rest)) return [[.. NodeKeyevent, .. rest]];
        if (TryRead(tenant, Keyspace, name, out KeyNamespace? ns, out rest))
            return [[.. NodeKeyspace, .. kind == SubscriptionKind.Pattern ? NamespacePattern.Of(ns!, rest) : ns!.Encode(rest)]];
        var names = new List<byte[]>();
        if (!name.AsSpan().StartsWith("__keye"u8)) names.Add([.. NodeKeyspace, .. tenant.KeyPattern]);
        if (!name.AsSpan().StartsWith("__keys"u8)) names.Add([.. NodeKeyevent, .. "*"u8]);
        return names;
    }

    /// <summary>A node's notification as the tenant shall see it. False when its key is not the tenant's.</summary>
    public static bool TryTranslate(Tenant tenant, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload, out byte[] ownChannel, out byte[] ownPayload)
    {
        ownChannel = ownPayload = [];
        if (channel.StartsWith(NodeKeyspace) && TryFindKey(tenant, channel[NodeKeyspace.Length..], out int database, out byte[]? key))
        {
            ownChannel = [.. Prefix(Keyspace, database), .. key!];
            ownPayload = payload.ToArray();
            return true;
        }

        if (!channel.StartsWith(NodeKeyevent) || !TryFindKey(tenant, payload, out database, out key)) return false;
        ownChannel = [.. Prefix(Keyevent, database), .. channel[NodeKeyevent.Length..]];
        ownPayload = key!;
        return true;
    }

    private static bool TryFindKey(Tenant tenant, ReadOnlySpan<byte> upstreamKey, out int database, out byte[]? key)
    {
        key = null;
        database = 0;
        if (!tenant.Databases[0].IsOfTenant(upstreamKey)) return false;
        while (database < tenant.Databases.Length && (key = tenant.Databases[database].Decode(upstreamKey)) is null) database++;
        return key is not null;
    }

    private static byte[] Prefix(ReadOnlySpan<byte> kind, int database)
    {
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(database, digits, out int length);
        return [.. kind, .. digits[..length], .. "__:"u8];
    }

    /// <summary>Reads <c>kind</c>, the number of one of the tenant's databases, <c>__:</c>.</summary>
    private static bool TryRead(Tenant tenant, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> name, out KeyNamespace? ns, out ReadOnlySpan<byte> rest)
    {
        ns = null;
        rest = default;
        if (!name.StartsWith(kind) || !Utf8Parser.TryParse(name[kind.Length..], out uint database, out int digits)) return false;
        if (database >= tenant.Databases.Length || !name[(kind.Length + digits)..].StartsWith("__:"u8)) return false;
        ns = tenant.Databases[(int)database];
        rest = name[(kind.Length + digits + 3)..];
        return true;
    }
}
