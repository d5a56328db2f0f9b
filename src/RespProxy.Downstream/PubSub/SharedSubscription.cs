using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// A tenant's channel or pattern with all clients of one loop that listen to it, behind one subscription upstream. That one lives as long as
/// there is a client that has subscribed or waits to. Loop thread only.
/// </summary>
internal abstract class SharedSubscription(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, byte[] name)
{
    private readonly HashSet<ClientSession> _subscribers = [];
    private readonly HashSet<SubscribeWait> _waiting = [];

    public SubscriptionKind Kind => kind;

    /// <summary>As the client knows it.</summary>
    public byte[] Name => name;

    /// <summary>The nodes listen: what is published from now on arrives.</summary>
    public abstract bool IsConfirmed { get; }

    protected ProxyLoop Loop => loop;

    protected Tenant Tenant => tenant;

    /// <summary>The loop's one for that name, made if there is none. To be joined or waited for at once.</summary>
    public static SharedSubscription Of(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        KeyspaceChannel.IsOne(tenant, kind, name) ? loop.KeyspaceEvents.Of(tenant, kind, name) : ChannelSubscription.OfChannel(loop, tenant, kind, name);

    public void Join(ClientSession session)
    {
        if (_subscribers.Add(session)) loop.Registry.Channels.Add(tenant, Kind, Name);
    }

    public void Leave(ClientSession session)
    {
        if (!_subscribers.Remove(session)) return;
        loop.Registry.Channels.Remove(tenant, Kind, Name);
        RemoveIfUnused();
    }

    public void Await(SubscribeWait wait) => _waiting.Add(wait);

    public void EndWait(SubscribeWait wait)
    {
        if (_waiting.Remove(wait)) RemoveIfUnused();
    }

    protected void Confirm()
    {
        foreach (SubscribeWait wait in _waiting.ToArray()) wait.TryComplete();
    }

    protected void Refuse(ReadOnlySpan<byte> reply)
    {
        foreach (SubscribeWait wait in _waiting.ToArray()) wait.Refuse(reply);
    }

    /// <summary>Hands a publication, named as the tenant knows it, to all clients.</summary>
    protected void Deliver(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        PushTo(resp3: false, channel, payload);
        PushTo(resp3: true, channel, payload);
    }

    /// <summary>Nobody listens any more.</summary>
    protected abstract void Remove();

    /// <summary>Written once for all clients of one protocol version. A client that does not read runs into its own output limit.</summary>
    private void PushTo(bool resp3, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> push = default;
        foreach (ClientSession session in _subscribers)
        {
            if (session.IsResp3 != resp3) continue;
            if (push.IsEmpty) push = Write(resp3, channel, payload);
            session.Push(push);
        }
    }

    private ReadOnlySpan<byte> Write(bool resp3, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        ReplyBuilder push = loop.Builder.Start(resp3);
        if (Kind == SubscriptionKind.Pattern) push.Push(4).Bulk("pmessage"u8).Bulk(Name);
        else push.Push(3).Bulk(Kind == SubscriptionKind.Channel ? "message"u8 : "smessage"u8);
        return push.Bulk(channel).Bulk(payload).Written;
    }

    private void RemoveIfUnused()
    {
        if (_subscribers.Count == 0 && _waiting.Count == 0) Remove();
    }
}
