using System.Text;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.Replication;
using RespProxy.Downstream.Scripts;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Tracking;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Local;

/// <summary>What the proxy answers itself, without asking a node.</summary>
internal static class LocalCommands
{
    /// <summary>Answers. False: not now, since earlier requests are unanswered and the command changes what they stand on.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        switch (spec.Local)
        {
            case LocalCommand.Auth:
            case LocalCommand.Hello:
            case LocalCommand.Reset:
                if (session.Pending > 0) return session.WaitUntilIdle();
                IdentityCommands.Execute(session, request, spec);
                return true;
            case LocalCommand.Ping:
                Ping(session, request);
                return true;
            case LocalCommand.Echo:
                session.Reply(session.Loop.Builder.Start(session.IsResp3).Bulk(request[1]).Written);
                return true;
            case LocalCommand.Select:
                return SelectCommand.TryExecute(session, request);
            case LocalCommand.Quit:
                session.Reply("+OK\r\n"u8);
                session.CloseWhenAnswered();
                return true;
            case LocalCommand.Multi:
            case LocalCommand.Exec:
            case LocalCommand.Discard:
            case LocalCommand.Watch:
            case LocalCommand.Unwatch:
                return TransactionCommands.TryExecute(session, request, spec);
            case LocalCommand.Subscribe:
                return SubscriptionCommands.TrySubscribe(session, request, spec);
            case LocalCommand.Unsubscribe:
                return SubscriptionCommands.TryUnsubscribe(session, request, spec);
            case LocalCommand.PubSub:
                PubSubCommands.Execute(session, request, spec);
                return true;
            case LocalCommand.Script:
                return ScriptCommands.TryExecute(session, request, spec);
            case LocalCommand.Function:
                return FunctionCommands.TryExecute(session, request, spec);
            case LocalCommand.Wait:
                return ReplicationCommands.TryExecute(session, request, spec);
            case LocalCommand.Client:
                ClientCommands.Execute(session, request, spec);
                return true;
            case LocalCommand.Tracking:
                return TrackingCommands.TryExecute(session, request, spec);
            case LocalCommand.Command:
                CommandCommands.Execute(session, request, spec);
                return true;
            default:
                ServerCommands.Execute(session, request, spec);
                return true;
        }
    }

    /// <summary>https://redis.io/docs/latest/commands/ping/</summary>
    private static void Ping(ClientSession session, in RequestView request)
    {
        if (request.Count > 2) session.ReplyError("ERR wrong number of arguments for 'ping' command");
        else if (session.IsConfinedToSubscriptions) session.Reply(session.Loop.Builder.Start(resp3: false).Array(2).Bulk("pong").Bulk(request.Count == 2 ? request[1] : default).Written);
        else if (request.Count == 2) session.Reply(session.Loop.Builder.Start(session.IsResp3).Bulk(request[1]).Written);
        else session.Reply("+PONG\r\n"u8);
    }

    public static bool Is(ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(argument, keyword);
}
