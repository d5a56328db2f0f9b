using System.Diagnostics;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// A <see cref="Broadcast"/>'s connection to one primary, made anew whenever it is lost until the node is no primary any more. A silent
/// node is asked with PING. Loop thread only.
/// </summary>
internal sealed class BroadcastLink(Broadcast owner, Node node) : IPushSink, IReplySink
{
    /// <summary>Before a node that was lost, or refused, is asked again: the clients' caches are void meanwhile, so it should be soon.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(250);

    private NodeConnection? _connection;
    private long _pingedAt;
    private bool _isListening;
    private bool _isClosed;

    /// <summary>The first attempt has succeeded or failed.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>The node does not let the proxy track.</summary>
    public bool IsRefused { get; private set; }

    public void Open()
    {
        if (_isClosed) return;
        if (owner.Upstream.Lease(node, resp3: true) is not { } connection)
        {
            OpenLater();
            return;
        }

        _connection = connection;
        connection.WhenReady(() => Begin(connection));
    }

    public void Close()
    {
        _isClosed = true;
        NodeConnection? connection = _connection;
        _connection = null;
        connection?.Abandon();
    }

    public void CheckHealth()
    {
        if (!_isListening || _connection is not { IsReady: true } connection) return;
        long now = owner.Loop.Events.Now;
        if (_pingedAt == 0)
        {
            _pingedAt = now;
            Send(connection, "*1\r\n$4\r\nPING\r\n"u8);
        }
        else if (now - _pingedAt > owner.Upstream.Snapshot.RequestTimeout.TotalSeconds * Stopwatch.Frequency)
        {
            connection.Abandon();
        }
    }

    public void OnPush(NodeConnection from, ReadOnlySpan<byte> push)
    {
        if (!_isClosed) owner.OnPush(push);
    }

    public void OnLost(NodeConnection connection)
    {
        if (_isClosed || connection != _connection) return;
        bool wasListening = _isListening;
        OpenLater();
        if (wasListening) owner.InvalidateAll();
    }

    /// <summary>The answer to CLIENT TRACKING, then to each PING.</summary>
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (_isClosed) return;
        _pingedAt = 0;
        if (_isListening) return;
        IsRefused = reply[0] == '-';
        _isListening = !IsRefused;
        if (IsRefused) _connection!.Abandon();
        // What was written before this node listened nobody has heard of. (The first clients join later.)
        else owner.InvalidateAll();
        Settle();
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        // The connection is gone, which OnLost has heard.
    }

    public void OnDelayed(in InFlightRequest request)
    {
    }

    private void Begin(NodeConnection connection)
    {
        if (_isClosed)
        {
            connection.Abandon();
            return;
        }

        if (!connection.IsReady)
        {
            OpenLater();
            return;
        }

        connection.Pushes = this;
        Send(connection, new ReplyBuilder().Start(resp3: true).Array(6)
            .Bulk("CLIENT").Bulk("TRACKING").Bulk("ON").Bulk("BCAST").Bulk("PREFIX").Bulk(owner.Namespace.Prefix).Written);
    }

    private void Send(NodeConnection connection, ReadOnlySpan<byte> command)
    {
        command.CopyTo(connection.GetSpan(command.Length));
        connection.Send(command.Length, new InFlightRequest { Sink = this, Command = UpstreamTracking.TrackingSpec, StartedAt = owner.Loop.Events.Now });
    }

    private void OpenLater()
    {
        _connection = null;
        _isListening = false;
        _pingedAt = 0;
        owner.Loop.Events.Schedule(RetryPause, Open);
        Settle();
    }

    private void Settle()
    {
        IsSettled = true;
        owner.OnSettled();
    }
}
