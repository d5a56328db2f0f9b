using System.Runtime.CompilerServices;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// From received bytes to requests executed: whole ones run at once, half of one waits for its rest. The loop's reader is kept only
/// while there is such a half, so that an idle client holds none. Stages 2 and 3 of docs/architecture.md.
/// A mutable struct within the session; loop thread only.
/// </summary>
internal struct RequestIntake
{
    private RequestReader? _partial;

    /// <summary>Executes what is whole, until the session is paused or closing. The bytes that are done with.</summary>
    public int ExecuteWhole(ClientSession session, LoopConnection connection, ReadOnlySpan<byte> unread)
    {
        ProxyLoop loop = session.Loop;
        SessionFlow flow = session.Flow;
        int consumed = 0;
        while (consumed < unread.Length && !flow.IsPaused && !session.IsClosing)
        {
            ReadOnlySpan<byte> rest = unread[consumed..];
            RequestReader reader = _partial ?? loop.Reader;
            ReadStatus status = reader.Read(rest, session.Tenant is null ? RequestLimits.Unauthenticated : loop.RequestLimits, out int length);
            if (status == ReadStatus.Incomplete)
            {
                if (Math.Max(reader.Needed, rest.Length) > loop.Limits.ClientQueryBuffer) session.Abort();
                else Keep(loop, reader, connection);
                break;
            }

            if (status == ReadStatus.Invalid)
            {
                Refuse(session, reader);
                return unread.Length;
            }

            bool executed = status == ReadStatus.Nothing || TryExecute(session, reader.View(rest, length), length);
            if (_partial is not null) Release(loop);
            if (!executed) break;
            consumed += length;
        }

        return consumed;
    }

    /// <summary>Executes a request and counts it with its length as it came, which an inline one's frame has not; one that cannot run yet is counted when it can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryExecute(ClientSession session, in RequestView request, int length)
    {
        bool executed = CommandGate.TryExecute(session, request);
        if (executed) session.Account.Take(length);
        else session.Account.Hold();
        return executed;
    }

    /// <summary>Gives the reader back: the half is whole now, or its client is gone.</summary>
    public void Release(ProxyLoop loop)
    {
        if (_partial is null) return;
        loop.ReturnReader(_partial);
        _partial = null;
    }

    private void Keep(ProxyLoop loop, RequestReader reader, LoopConnection connection)
    {
        connection.Input.ExpectAtLeast(reader.Needed);
        if (_partial is not null) return;
        if (reader.IsInsideFrame) _partial = loop.DetachReader();
        else reader.Reset();
    }

    /// <summary>What follows a protocol error cannot be told apart into requests: it is dropped, and the client closed.</summary>
    private static void Refuse(ClientSession session, RequestReader reader)
    {
        string text = "ERR Protocol error: " + ProtocolErrors.Text(reader.Error, reader.ErrorByte);
        reader.Reset();
        session.ReplyMode = ReplyMode.On;
        session.Account.TakeNothing();
        session.ReplyError(text);
        session.CloseWhenAnswered();
    }
}
