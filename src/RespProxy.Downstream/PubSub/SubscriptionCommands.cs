using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites (https://redis.io/docs/latest/develop/interact/pubsub/).</summary>
internal static class SubscriptionCommands
{
    /// <summary>False: not now; offered again when nothing is owed.</summary>
    public static bool TrySubscribe(ClientSession session, in RequestView request, CommandSpec spec)
    {
        // Nothing published may come before the confirmation, nor that before the replies to earlier requests.
        if (session.Pending > 0) return session.WaitUntilIdle();
        session.Subscriptions ??= new SessionSubscriptions(session);
        SubscriptionKind kind = KindOf(spec);
        var subscriptions = new SharedSubscription[request.Count - 1];
        for (int i = 0; i < subscriptions.Length; i++) subscriptions[i] = SharedSubscription.Of(session.Loop, session.Tenant!, kind, request[i + 1]);
        new SubscribeWait(session, subscriptions).Start();
        return true;
    }

    /// <summary>False: not now; offered again when nothing is owed.</summary>
    public static bool TryUnsubscribe(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Pending > 0) return session.WaitUntilIdle();
        SessionSubscriptions subscriptions = session.Subscriptions ??= new SessionSubscriptions(session);
        SubscriptionKind kind = KindOf(spec);
        byte[][] names = request.Count == 1 ? subscriptions.Names(kind) : NamesIn(request);
        ReplyBuilder acknowledgements = session.Loop.Builder.Start(session.IsResp3);
        foreach (byte[] name in names)
        {
            subscriptions.Remove(kind, name);
            subscriptions.Acknowledge(acknowledgements, kind, isSubscribe: false, name);
        }

        if (names.Length == 0) subscriptions.Acknowledge(acknowledgements, kind, isSubscribe: false, name: null);
        session.Confirm(acknowledgements.Written);
        return true;
    }

    private static SubscriptionKind KindOf(CommandSpec spec) => spec.Name switch
    {
        "SUBSCRIBE" or "UNSUBSCRIBE" => SubscriptionKind.Channel,
        "PSUBSCRIBE" or "PUNSUBSCRIBE" => SubscriptionKind.Pattern,
        _ => SubscriptionKind.ShardChannel,
    };

    private static byte[][] NamesIn(in RequestView request)
    {
        var names = new byte[request.Count - 1][];
        for (int i = 0; i < names.Length; i++) names[i] = request[i + 1].ToArray();
        return names;
    }
}
