using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// A tenant's channel or pattern with all clients of one loop that listen to it, behind one subscription upstream. That one lives as long as
/// there is a client that has subscribed or waits to. Loop thread only.
/// </summary>
internal sealed class SharedSubscription : ISubscriptionSink
{
    private readonly ProxyLoop _loop;
    private readonly Tenant _tenant;
    private readonly UpstreamSubscriptions _upstream;
    private readonly UpstreamSubscription _subscription;
    private readonly HashSet<ClientSession> _subscribers = [];
    private readonly HashSet<SubscribeWait> _waiting = [];

    private SharedSubscription(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, byte[] name, byte[] upstreamName)
    {
        _loop = loop;
        _tenant = tenant;
        Name = name;
        _upstream = loop.Upstreams[tenant.UpstreamIndex].Subscriptions;
        _subscription = _upstream.Add(kind, upstreamName, this);
    }

    public SubscriptionKind Kind => _subscription.Kind;

    /// <summary>As the client knows it.</summary>
    public byte[] Name { get; }

    /// <summary>A node listens: what is published from now on arrives.</summary>
    public bool IsConfirmed => _subscription.IsConfirmed;

    /// <summary>The loop's one for that name, made if there is none. To be joined or waited for at once.</summary>
    public static SharedSubscription Of(ProxyLoop loop, Tenant tenant, SubscriptionKind kind, ReadOnlySpan<byte> name)
    {
        byte[] upstreamName = ChannelName.Upstream(tenant, kind, name);
        return loop.Upstreams[tenant.UpstreamIndex].Subscriptions.Find(kind, upstreamName)?.Sink as SharedSubscription
            ?? new SharedSubscription(loop, tenant, kind, name.ToArray(), upstreamName);
    }

    public void Join(ClientSession session)
    {
        if (_subscribers.Add(session)) _loop.Registry.Channels.Add(_tenant, Kind, Name);
    }

    public void Leave(ClientSession session)
    {
        if (!_subscribers.Remove(session)) return;
        _loop.Registry.Channels.Remove(_tenant, Kind, Name);
        RemoveIfUnused();
    }

    public void Await(SubscribeWait wait) => _waiting.Add(wait);

    public void EndWait(SubscribeWait wait)
    {
        if (_waiting.Remove(wait)) RemoveIfUnused();
    }

    public void OnConfirmed(UpstreamSubscription subscription)
    {
        foreach (SubscribeWait wait in _waiting.ToArray()) wait.TryComplete();
    }

    public void OnRefused(UpstreamSubscription subscription, ReadOnlySpan<byte> reply)
    {
        foreach (SubscribeWait wait in _waiting.ToArray()) wait.Refuse(reply);
    }

    public void OnPublished(UpstreamSubscription subscription, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        KeyNamespace ns = ChannelName.NamespaceOf(_tenant, Kind);
        byte[] scratch = _loop.Events.Buffers.Rent(channel.Length);
        int length = ns.Decode(channel, scratch);
        if (length < 0)
        {
            _loop.Counters.IsolationFaults++;
        }
        else
        {
            PushTo(resp3: false, scratch.AsSpan(0, length), payload);
            PushTo(resp3: true, scratch.AsSpan(0, length), payload);
        }

        _loop.Events.Buffers.Return(scratch);
    }

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
        ReplyBuilder push = _loop.Builder.Start(resp3);
        if (Kind == SubscriptionKind.Pattern) push.Push(4).Bulk("pmessage"u8).Bulk(Name);
        else push.Push(3).Bulk(Kind == SubscriptionKind.Channel ? "message"u8 : "smessage"u8);
        return push.Bulk(channel).Bulk(payload).Written;
    }

    private void RemoveIfUnused()
    {
        if (_subscribers.Count == 0 && _waiting.Count == 0) _upstream.Remove(_subscription);
    }
}
