using System.Diagnostics;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Blocking;

/// <summary>
/// A command that blocks (BLPOP, XREAD BLOCK ...), on a connection of its own, so that it holds up nobody. The client's later requests
/// wait, as at Redis. A client that goes away takes the connection with it: the node must not pop for nobody.
///
/// <para>Redirects, and being unblocked because the node is no longer the primary, mean that it was not executed: it is sent again to
/// the owner of the slot, within the upstream's bounds. A connection lost while it blocks leaves its outcome unknown.</para>
/// </summary>
internal sealed class BlockedRequest(ClientSession session, byte[] bytes, InFlightRequest request) : IBlockedCommand, IReplySink
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    private readonly UpstreamLoop _upstream = session.Upstream;
    private readonly bool _isResp3 = session.IsResp3;
    private NodeConnection? _connection;
    private int _hops;
    private bool _isOver;

    public void Start() => StartAt(askTarget: null);

    /// <summary>The client is gone.</summary>
    public void Cancel()
    {
        _isOver = true;
        _connection?.Abandon();
    }

    public bool Unblock(bool withError) => NodeUnblock.TrySend(session, _connection, withError);

    public void OnReply(in InFlightRequest answered, ReadOnlySpan<byte> reply)
    {
        if (_isOver) return;
        // Returned, it may be another client's in the next moment: from here on it must be neither unblocked nor abandoned for this one.
        NodeConnection connection = _connection!;
        _connection = null;
        _upstream.Return(connection);
        if (reply[0] == '-' && IsNotExecuted(reply) && TryAgain(connection, reply)) return;
        _isOver = true;
        session.EndBlocked();
        request.Sink!.OnReply(request, reply);
    }

    public void OnFailure(in InFlightRequest answered, UpstreamFailure failure)
    {
        if (_isOver) return;
        if (failure == UpstreamFailure.NotExecuted)
        {
            StartLater();
            return;
        }

        Fail(failure);
    }

    public void OnDelayed(in InFlightRequest answered)
    {
    }

    private void StartAt(Node? askTarget)
    {
        if (_isOver) return;
        Node? node = askTarget ?? _upstream.Map?.PrimaryOf(request.Slot);
        if (node is null)
        {
            StartLater();
            return;
        }

        _connection = _upstream.Lease(node, _isResp3);
        if (_connection is null)
        {
            _isOver = true;
            session.EndBlocked();
            session.Complete(request.Tag, request.Mark, WireErrors.TooManyLeases);
            return;
        }

        NodeConnection connection = _connection;
        connection.WhenReady(() => Send(connection, asking: askTarget is not null));
    }

    private void Send(NodeConnection connection, bool asking)
    {
        if (_isOver)
        {
            _upstream.Return(connection);
            return;
        }

        if (!connection.IsReady)
        {
            StartLater();
            return;
        }

        InFlightRequest leased = request;
        leased.Sink = this;
        connection.SendAgain(bytes, leased, asking);
    }

    private static bool IsNotExecuted(ReadOnlySpan<byte> reply) =>
        NodeErrors.Classify(reply) != NodeErrorKind.Plain || reply.StartsWith("-UNBLOCKED force unblock"u8);

    private bool TryAgain(NodeConnection from, ReadOnlySpan<byte> reply)
    {
        if (++_hops > _upstream.Snapshot.MaxRedirects)
        {
            Fail(UpstreamFailure.TooManyRedirects);
            return true;
        }

        switch (NodeErrors.Classify(reply))
        {
            case NodeErrorKind.Moved:
                _upstream.LearnMoved(from, reply);
                Start();
                return true;
            case NodeErrorKind.Ask:
                StartAt(_upstream.NodeOfAsk(from, reply));
                return true;
            default:
                StartLater();
                return true;
        }
    }

    private void StartLater()
    {
        long waited = session.Loop.Events.Now - request.StartedAt;
        // Time spent blocked is the client's own; only the search for a node is bounded.
        if (_hops == 0 && waited > _upstream.Snapshot.RequestTimeout.TotalSeconds * Stopwatch.Frequency) Fail(UpstreamFailure.NotExecuted);
        else session.Loop.Events.Schedule(RetryPause, Start);
    }

    private void Fail(UpstreamFailure failure)
    {
        _isOver = true;
        session.EndBlocked();
        request.Sink!.OnFailure(request, failure);
    }
}
