using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>What one client has subscribed to. Loop thread only; counts may be read from any thread.</summary>
internal sealed class SessionSubscriptions(ClientSession session)
{
    private readonly Dictionary<byte[], SharedSubscription>[] _byKind =
        [new(ByteStringComparer.Instance), new(ByteStringComparer.Instance), new(ByteStringComparer.Instance)];

    /// <summary>A SUBSCRIBE that is not confirmed yet; null when there is none.</summary>
    public SubscribeWait? Wait { get; set; }

    public bool IsEmpty => _byKind[0].Count + _byKind[1].Count + _byKind[2].Count == 0;

    public int Count(SubscriptionKind kind) => _byKind[(int)kind].Count;

    public byte[][] Names(SubscriptionKind kind) => [.. _byKind[(int)kind].Keys];

    public void Add(SharedSubscription subscription)
    {
        if (_byKind[(int)subscription.Kind].TryAdd(subscription.Name, subscription)) subscription.Join(session);
    }

    public void Remove(SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        if (_byKind[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name, out _, out SharedSubscription? subscription)) subscription.Leave(session);
    }

    /// <summary>All at once and without a word: the client is gone, or is another tenant's from now on.</summary>
    public void Clear()
    {
        Wait?.End();
        foreach (Dictionary<byte[], SharedSubscription> subscriptions in _byKind)
        {
            foreach (SharedSubscription subscription in subscriptions.Values) subscription.Leave(session);
            subscriptions.Clear();
        }
    }

    /// <summary>Adds <c>[subscribe, name, count]</c>; channels and patterns are counted together, shard channels apart.</summary>
    public void Acknowledge(ReplyBuilder reply, SubscriptionKind kind, bool isSubscribe, byte[]? name)
    {
        ReadOnlySpan<byte> type = (kind, isSubscribe) switch
        {
            (SubscriptionKind.Channel, true) => "subscribe"u8,
            (SubscriptionKind.Channel, false) => "unsubscribe"u8,
            (SubscriptionKind.Pattern, true) => "psubscribe"u8,
            (SubscriptionKind.Pattern, false) => "punsubscribe"u8,
            (_, true) => "ssubscribe"u8,
            _ => "sunsubscribe"u8,
        };
        reply.Push(3).Bulk(type);
        if (name is null) reply.Null();
        else reply.Bulk(name);
        reply.Integer(kind == SubscriptionKind.ShardChannel ? Count(kind) : Count(SubscriptionKind.Channel) + Count(SubscriptionKind.Pattern));
    }
}
