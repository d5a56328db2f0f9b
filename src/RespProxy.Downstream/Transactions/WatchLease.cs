using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Transactions;

/// <summary>
/// The connection that holds a client's WATCH. All keys it watches are in one slot, of one node; the EXEC that the watch guards goes over
/// the same connection. When the connection or the slot is lost in between, the watch counts as touched and EXEC answers null: the client
/// tries again, as after any lost race.
/// </summary>
internal sealed class WatchLease(ClientSession session, UpstreamLoop upstream, NodeConnection connection, int slot) : IReplySink
{
    private int _owed;
    private bool _isOver;
    private bool _isAnotherUsers;

    public NodeConnection Connection { get; } = connection;

    public int Slot { get; } = slot;

    /// <summary>The watch is void: EXEC must not run.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Goes to the node as the upstream's own user.</summary>
    public bool IsShared => upstream == session.Identity.SharedUpstream && !_isAnotherUsers;

    /// <summary>Has become another user's connection, or is void. Before that it must not be used.</summary>
    public bool IsBecoming { get; private set; }

    /// <summary>
    /// Makes the connection another user's, for an EXEC with scripts; what it watches stays watched. It serves no other client after this one.
    /// False when it is lost, and the watch void with it.
    /// </summary>
    public bool TryBecome(ConfinedUser user, Action done)
    {
        _isAnotherUsers = true;
        if (!Connection.IsReady)
        {
            IsBroken = true;
            return false;
        }

        IsBecoming = true;
        _owed++;
        byte[] auth = user.AuthRequest();
        auth.CopyTo(Connection.GetSpan(auth.Length));
        Connection.Send(auth.Length, new InFlightRequest
        {
            Sink = new OwnReply(this, reply =>
            {
                IsBecoming = false;
                if (reply != "+OK\r\n") IsBroken = true;
                done();
            }),
            Command = AuthSpec,
        });
        return true;
    }

    /// <summary>A WATCH was sent.</summary>
    public void Sent() => _owed++;

    /// <summary>The reply of a WATCH.</summary>
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        _owed--;
        if (reply[0] != '-')
        {
            session.Complete(request.Tag, request.Mark, reply);
        }
        else
        {
            IsBroken = true;
            upstream.LearnMoved(Connection, reply);
            // Not the client's concern where a slot lives: it watched, and will lose the race.
            session.Complete(request.Tag, request.Mark, "+OK\r\n"u8);
        }

        ReturnIfOver();
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        _owed--;
        IsBroken = true;
        session.Complete(request.Tag, request.Mark, "+OK\r\n"u8);
        ReturnIfOver();
    }

    public void OnDelayed(in InFlightRequest request) => session.OnDelayed(request);

    /// <summary>UNWATCH, DISCARD or a dirty EXEC: the node forgets the watched keys and the connection serves the next client.</summary>
    public void End()
    {
        _isOver = true;
        if (Connection.IsReady)
        {
            ReadOnlySpan<byte> unwatch = "*1\r\n$7\r\nUNWATCH\r\n"u8;
            unwatch.CopyTo(Connection.GetSpan(unwatch.Length));
            _owed++;
            Connection.Send(unwatch.Length, new InFlightRequest { Sink = new OwnReply(this), Command = UnwatchSpec });
        }

        ReturnIfOver();
    }

    /// <summary>EXEC was answered: the node has forgotten the watched keys.</summary>
    public void EndAfterExec()
    {
        _isOver = true;
        ReturnIfOver();
    }

    /// <summary>The client is gone.</summary>
    public void Abandon() => Connection.Abandon();

    private static readonly CommandSpec UnwatchSpec = CommandTable.Find("UNWATCH"u8)!;

    private static readonly CommandSpec AuthSpec = CommandTable.Find("AUTH"u8)!;

    private void ReturnIfOver()
    {
        if (!_isOver || _owed > 0) return;
        if (_isAnotherUsers) Connection.Abandon();
        else upstream.Return(Connection);
    }

    /// <summary>Takes what answers nothing the client has sent; null in place of a reply that will not come.</summary>
    private sealed class OwnReply(WatchLease lease, Action<string?>? then = null) : IReplySink
    {
        public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply) => Done(then is null ? null : Encoding.ASCII.GetString(reply));

        public void OnFailure(in InFlightRequest request, UpstreamFailure failure) => Done(null);

        public void OnDelayed(in InFlightRequest request)
        {
        }

        private void Done(string? reply)
        {
            lease._owed--;
            then?.Invoke(reply);
            lease.ReturnIfOver();
        }
    }
}
