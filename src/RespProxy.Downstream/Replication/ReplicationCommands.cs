using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Replication;

/// <summary>
/// WAIT and WAITAOF: https://redis.io/docs/latest/commands/wait/, https://redis.io/docs/latest/commands/waitaof/
/// Loop thread only.
/// </summary>
internal static class ReplicationCommands
{
    /// <summary>False: not now, earlier requests are unanswered; the request is offered again.</summary>
    public static bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        // Not every server knows WAITAOF, and of arguments it does not take, it speaks itself.
        if (spec.Name == "WAIT" && ErrorIn(request) is { IsEmpty: false } error)
        {
            session.Reply(error);
            return true;
        }

        if (session.IsCapturing)
        {
            // Within a transaction Redis does not wait and tells how many have the writes by then; that none may is true at any time.
            session.Reply(ReplicationWait.NewCount(spec).WriteTo(session.Loop.Builder.Start(session.IsResp3)));
            return true;
        }

        if (session.Pending > 0) return session.WaitUntilIdle();
        session.Block(new ReplicationWait(session, spec, request.Frame.ToArray(), TimeoutOf(request)));
        return true;
    }

    /// <summary>As WAIT checks its arguments; empty when they are right.</summary>
    private static ReadOnlySpan<byte> ErrorIn(in RequestView request)
    {
        if (!RespNumber.TryParse(request[1], out _)) return WireErrors.NotAnInteger;
        if (!RespNumber.TryParse(request[2], out long timeout)) return "-ERR timeout is not an integer or out of range\r\n"u8;
        return timeout < 0 ? "-ERR timeout is negative\r\n"u8 : default;
    }

    /// <summary>In milliseconds, the last argument; one that the node will refuse, or that means for ever, is zero.</summary>
    private static TimeSpan TimeoutOf(in RequestView request) =>
        RespNumber.TryParse(request[request.Count - 1], out long timeout) ? TimeSpan.FromMilliseconds(Math.Clamp(timeout, 0, int.MaxValue)) : TimeSpan.Zero;
}
