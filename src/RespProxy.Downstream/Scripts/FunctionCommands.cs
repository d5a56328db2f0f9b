using RespProxy.Configuration;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Scripts;

namespace RespProxy.Downstream.Scripts;

/// <summary>
/// FUNCTION LOAD, DELETE, FLUSH, LIST, STATS: checks the arguments as Redis does, then hands over to a <see cref="FunctionTask"/>.
/// https://redis.io/docs/latest/commands/?group=scripting
/// </summary>
internal static class FunctionCommands
{
    /// <summary>False: not now, earlier requests are unanswered; the request is offered again.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (session.Identity.Policy!.ScriptAccess == ScriptAccess.Denied)
        {
            session.ReplyError(ScriptErrors.Denied(spec, session.Tenant!));
            return true;
        }

        if (session.Pending > 0) return session.WaitUntilIdle();
        switch (spec.Name)
        {
            case "FUNCTION|LOAD":
                Load(session, request);
                break;
            case "FUNCTION|DELETE":
                new FunctionDeleteTask(session).Delete(request[2]);
                break;
            case "FUNCTION|FLUSH":
                Flush(session, request);
                break;
            case "FUNCTION|LIST":
                List(session, request);
                break;
            default:
                new FunctionListTask(session, withCode: false, isStatistics: true).Begin("*"u8);
                break;
        }

        return true;
    }

    private static void Load(ClientSession session, in RequestView request)
    {
        bool replace = false;
        for (int i = 2; i < request.Count - 1; i++)
        {
            if (!LocalCommands.Is(request[i], "replace"u8))
            {
                session.ReplyError("ERR Unknown option given: " + Text(request[i]));
                return;
            }

            replace = true;
        }

        byte[]? source = FunctionLibrary.ToUpstream(request[request.Count - 1], session.Namespace.FunctionPrefix, out string name, out string error);
        if (source is null) session.ReplyError(error);
        else new FunctionLoadTask(session, name, source).Begin(replace);
    }

    private static void Flush(ClientSession session, in RequestView request)
    {
        if (request.Count > 3 || (request.Count == 3 && !LocalCommands.Is(request[2], "sync"u8) && !LocalCommands.Is(request[2], "async"u8)))
            session.ReplyError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        else
            new FunctionDeleteTask(session).Flush();
    }

    private static void List(ClientSession session, in RequestView request)
    {
        ReadOnlySpan<byte> pattern = "*"u8;
        bool withCode = false;
        for (int i = 2; i < request.Count; i++)
        {
            if (!withCode && LocalCommands.Is(request[i], "withcode"u8))
            {
                withCode = true;
            }
            else if (LocalCommands.Is(request[i], "libraryname"u8))
            {
                if (++i == request.Count)
                {
                    session.ReplyError("ERR library name argument was not given");
                    return;
                }

                pattern = request[i];
            }
            else
            {
                session.ReplyError("ERR Unknown argument " + Text(request[i]));
                return;
            }
        }

        new FunctionListTask(session, withCode, isStatistics: false).Begin(pattern);
    }

    private static string Text(ReadOnlySpan<byte> argument) => System.Text.Encoding.UTF8.GetString(argument);
}
