using RespProxy.Configuration;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Downstream.Scripts;

/// <summary>SCRIPT EXISTS, FLUSH and SHOW, from what the proxy keeps of the tenant's scripts: https://redis.io/docs/latest/commands/?group=scripting</summary>
internal static class ScriptCommands
{
    /// <summary>False: not now; a script that is under way may yet become one of those asked for.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Identity.Policy!.ScriptAccess == ScriptAccess.Denied)
        {
            session.ReplyError(ScriptErrors.Denied(spec, session.Tenant!));
            return true;
        }

        // Within EXEC what went before is answered by then.
        if (session.Pending > 0 && session.Capture is null) return session.WaitUntilIdle();
        switch (spec.Name)
        {
            case "SCRIPT|EXISTS":
                Exists(session, request);
                break;
            case "SCRIPT|FLUSH":
                Flush(session, request);
                break;
            case "SCRIPT|SHOW":
                Show(session, request);
                break;
            default:
                // EVALSHA of a script that was not the tenant's when it was queued.
                session.Reply(WireErrors.NoScript);
                break;
        }

        return true;
    }

    private static void Exists(ClientSession session, in RequestView request)
    {
        ReplyBuilder reply = session.Loop.Builder.Start(session.IsResp3).Array(request.Count - 2);
        for (int i = 2; i < request.Count; i++)
            reply.Integer(ScriptDigest.TryParse(request[i], out ScriptDigest digest) && session.Tenant!.Scripts.TryGet(digest, out _) ? 1 : 0);
        session.Reply(reply.Written);
    }

    /// <summary>Forgets the tenant's scripts. The nodes keep theirs, which nobody else can name by a digest either.</summary>
    private static void Flush(ClientSession session, in RequestView request)
    {
        if (request.Count > 3 || (request.Count == 3 && !LocalCommands.Is(request[2], "sync"u8) && !LocalCommands.Is(request[2], "async"u8)))
        {
            session.Reply(ScriptErrors.FlushOption);
            return;
        }

        session.Tenant!.Scripts.Clear();
        session.Reply("+OK\r\n"u8);
    }

    private static void Show(ClientSession session, in RequestView request)
    {
        if (ScriptDigest.TryParse(request[2], out ScriptDigest digest) && session.Tenant!.Scripts.TryGet(digest, out KeptScript? script))
            session.Reply(session.Loop.Builder.Start(session.IsResp3).Bulk(script.Source).Written);
        else
            session.Reply(ScriptErrors.NothingToShow);
    }
}
