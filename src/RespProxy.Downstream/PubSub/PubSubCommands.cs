using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.PubSub;

/// <summary>
/// PUBSUB CHANNELS, NUMSUB, NUMPAT, SHARDCHANNELS, SHARDNUMSUB, from what this proxy's clients of the tenant have subscribed to: a node knows
/// only that a loop listens. https://redis.io/docs/latest/commands/pubsub-channels/
/// </summary>
internal static class PubSubCommands
{
    public static void Execute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Name)
        {
            case "PUBSUB|CHANNELS":
                List(session, request, SubscriptionKind.Channel);
                break;
            case "PUBSUB|SHARDCHANNELS":
                List(session, request, SubscriptionKind.ShardChannel);
                break;
            case "PUBSUB|NUMSUB":
                Count(session, request, SubscriptionKind.Channel);
                break;
            case "PUBSUB|SHARDNUMSUB":
                Count(session, request, SubscriptionKind.ShardChannel);
                break;
            default:
                session.Reply(Start(session).Integer(session.Loop.Registry.Channels.Names(session.Tenant!, SubscriptionKind.Pattern).Length).Written);
                break;
        }
    }

    private static ReplyBuilder Start(ClientSession session) => session.Loop.Builder.Start(session.IsResp3);

    private static void List(ClientSession session, in RequestView request, SubscriptionKind kind)
    {
        if (request.Count > 3)
        {
            session.ReplyError($"ERR unknown subcommand or wrong number of arguments for '{System.Text.Encoding.UTF8.GetString(request[1])}'. Try PUBSUB HELP.");
            return;
        }

        var matching = new List<byte[]>();
        foreach (byte[] name in session.Loop.Registry.Channels.Names(session.Tenant!, kind))
        {
            if (request.Count == 2 || GlobPattern.Matches(request[2], name)) matching.Add(name);
        }

        ReplyBuilder reply = Start(session).Array(matching.Count);
        foreach (byte[] name in matching) reply.Bulk(name);
        session.Reply(reply.Written);
    }

    private static void Count(ClientSession session, in RequestView request, SubscriptionKind kind)
    {
        ReplyBuilder reply = Start(session).Array((request.Count - 2) * 2);
        for (int i = 2; i < request.Count; i++) reply.Bulk(request[i]).Integer(session.Loop.Registry.Channels.Count(session.Tenant!, kind, request[i]));
        session.Reply(reply.Written);
    }
}
