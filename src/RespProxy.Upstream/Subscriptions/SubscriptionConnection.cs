using System.Net;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Subscriptions;

/// <summary>
/// A loop's connection to one node for subscriptions alone, in RESP3 where the node has it (in RESP2 the same arrays come as replies).
///
/// <para>The node confirms, or refuses, the commands in the order they were sent, so a queue of them says whose each answer is. What
/// answers nothing that was asked closes the connection; its subscriptions are then made anew. A silent node is asked with PING.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class SubscriptionConnection : ConnectionHandler
{
    private readonly UpstreamSubscriptions _owner;
    private readonly bool _isResp3;
    private readonly Queue<(UpstreamSubscription Subscription, bool IsSubscribe)> _unanswered = new();
    private readonly ReplyBuilder _command = new();
    private NodeHandshake? _handshake;
    private LoopConnection? _connection;
    private LoopTimer? _handshakeTimer;
    private ReplyScanner _scanner;
    private long _lastHeard;
    private bool _isPinged;

    public SubscriptionConnection(UpstreamSubscriptions owner, Node node, bool resp3)
    {
        _owner = owner;
        Node = node;
        _isResp3 = resp3;
    }

    public Node Node { get; }

    public bool IsReady { get; private set; }

    /// <summary>Subscriptions that are to be kept here.</summary>
    public int Kept { get; set; }

    /// <summary>Since when <see cref="Kept"/> is 0, in Stopwatch ticks.</summary>
    public long IdleSince { get; set; }

    public string? CloseDetail { get; private set; }

    public string? SocketError => _connection?.Error;

    public void Connect(EventLoop loop, IPEndPoint endPoint)
    {
        TimeSpan timeout = _owner.Snapshot.ConnectTimeout;
        _connection = loop.Connect(endPoint, timeout, this);
        _handshakeTimer = loop.Schedule(timeout, () => Abort("handshake timed out"));
    }

    public void Subscribe(UpstreamSubscription subscription) => Send(subscription, isSubscribe: true);

    public void Unsubscribe(UpstreamSubscription subscription) => Send(subscription, isSubscribe: false);

    /// <summary>Asks a node that has said nothing for a while whether it is there, and gives it up when it does not answer.</summary>
    public void CheckHealth(long now, long patience)
    {
        if (!IsReady || now - _lastHeard < patience / 2) return;
        if (now - _lastHeard > patience && _isPinged)
        {
            Abort("the node did not answer");
        }
        else if (!_isPinged)
        {
            _isPinged = true;
            // Its silence counts from the question on.
            _lastHeard = now - (patience / 2);
            Write(_command.Start(resp3: false).Array(1).Bulk("PING").Written);
        }
    }

    public void Abort(string reason)
    {
        CloseDetail ??= reason;
        _connection?.Abort();
    }

    public override void OnConnected(LoopConnection connection)
    {
        _handshake = new NodeHandshake(_owner.Snapshot, _isResp3);
        Write(_handshake.Request);
    }

    public override void OnReadable(LoopConnection connection)
    {
        _lastHeard = connection.Loop.Now;
        ReadOnlySpan<byte> unread = connection.Input.Unread;
        int consumed = 0;
        ScanStatus status;
        while ((status = _scanner.Scan(unread[consumed..], out int length)) == ScanStatus.Complete)
        {
            ReadOnlySpan<byte> reply = unread.Slice(consumed, length);
            consumed += length;
            if (!(_handshake is not null ? TakeHandshakeReply(reply) : TakeReply(reply))) return;
        }

        if (status == ScanStatus.Invalid)
        {
            Abort("the node sent something that is not RESP");
            return;
        }

        if (consumed > 0) connection.Input.Consume(consumed);
        if (_scanner.Needed > 0) connection.Input.ExpectAtLeast(_scanner.Needed);
    }

    public override void OnClosed(LoopConnection connection, CloseReason reason)
    {
        IsReady = false;
        _handshakeTimer?.Cancel();
        _owner.OnClosed(this, CloseDetail ?? SocketError ?? reason.ToString());
    }

    private bool TakeHandshakeReply(ReadOnlySpan<byte> reply)
    {
        switch (_handshake!.OnReply(reply))
        {
            case HandshakeStep.Continue:
                Write(_handshake.Request);
                return true;
            case HandshakeStep.Ready:
                _handshake = null;
                _handshakeTimer?.Cancel();
                IsReady = true;
                _owner.OnReady(this);
                return true;
            case HandshakeStep.ProtocolUnsupported:
                _owner.OnResp3Unsupported();
                Abort("the node does not speak RESP3");
                return false;
            default:
                Abort("handshake refused: " + _handshake.Refusal);
                return false;
        }
    }

    /// <summary>False when the connection has been given up.</summary>
    private bool TakeReply(ReadOnlySpan<byte> reply)
    {
        switch (reply[0])
        {
            case (byte)'>':
            case (byte)'*':
                if (TryTakePush(reply)) return true;
                break;
            case (byte)'-':
                if (TryTakeError(reply)) return true;
                break;
            case (byte)'+' when _isPinged:
                _isPinged = false;
                return true;
        }

        Abort("the node sent a reply that nobody asked for");
        return false;
    }

    private bool TryTakePush(ReadOnlySpan<byte> push)
    {
        var cursor = new ReplyCursor(push);
        long count = cursor.ReadAggregateHeader();
        if (count < 2 || !cursor.TryReadBulk(out ReadOnlySpan<byte> type)) return false;
        if (type.SequenceEqual("message"u8)) return TryTakePublished(SubscriptionKind.Channel, count, ref cursor);
        if (type.SequenceEqual("pmessage"u8)) return TryTakePublished(SubscriptionKind.Pattern, count, ref cursor);
        if (type.SequenceEqual("smessage"u8)) return TryTakePublished(SubscriptionKind.ShardChannel, count, ref cursor);
        if (type.SequenceEqual("pong"u8))
        {
            _isPinged = false;
            return true;
        }

        bool isConfirmation = type.EndsWith("subscribe"u8);
        if (!isConfirmation || !cursor.TryReadBulk(out ReadOnlySpan<byte> name)) return false;
        bool isSubscribe = !type.EndsWith("unsubscribe"u8);
        if (_unanswered.TryPeek(out var head) && head.IsSubscribe == isSubscribe && head.Subscription.Name.SequenceEqual(name))
        {
            _unanswered.Dequeue();
            if (isSubscribe) UpstreamSubscriptions.OnConfirmed(this, head.Subscription);
            return true;
        }

        // A slot that leaves the node takes its shard channels with it: the node says so unasked.
        if (!type.SequenceEqual("sunsubscribe"u8)) return false;
        _owner.OnLost(this, name);
        return true;
    }

    private bool TryTakePublished(SubscriptionKind kind, long count, ref ReplyCursor cursor)
    {
        if (count != (kind == SubscriptionKind.Pattern ? 4 : 3) || !cursor.TryReadBulk(out ReadOnlySpan<byte> name)) return false;
        ReadOnlySpan<byte> channel = name;
        if (kind == SubscriptionKind.Pattern && !cursor.TryReadBulk(out channel)) return false;
        if (!cursor.TryReadBulk(out ReadOnlySpan<byte> payload)) return false;
        _owner.OnPublished(this, kind, name, channel, payload);
        return true;
    }

    private bool TryTakeError(ReadOnlySpan<byte> error)
    {
        bool isMoved = NodeErrors.TryReadRedirect(error, out int slot, out _, out _) && NodeErrors.Classify(error) == NodeErrorKind.Moved;
        bool hasHead = _unanswered.TryPeek(out var head);
        // The late answer to a SUNSUBSCRIBE whose channel had just left with its slot.
        if (isMoved && (!hasHead || head.Subscription.Kind != SubscriptionKind.ShardChannel || head.Subscription.Slot != slot)) return true;
        if (!hasHead) return false;
        _unanswered.Dequeue();
        if (head.IsSubscribe) _owner.OnRefused(this, head.Subscription, error);
        return true;
    }

    private void Send(UpstreamSubscription subscription, bool isSubscribe)
    {
        _unanswered.Enqueue((subscription, isSubscribe));
        string name = (subscription.Kind, isSubscribe) switch
        {
            (SubscriptionKind.Channel, true) => "SUBSCRIBE",
            (SubscriptionKind.Channel, false) => "UNSUBSCRIBE",
            (SubscriptionKind.Pattern, true) => "PSUBSCRIBE",
            (SubscriptionKind.Pattern, false) => "PUNSUBSCRIBE",
            (_, true) => "SSUBSCRIBE",
            _ => "SUNSUBSCRIBE",
        };
        Write(_command.Start(resp3: false).Array(2).Bulk(name).Bulk(subscription.Name).Written);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        LoopPipeWriter output = _connection!.Output;
        bytes.CopyTo(output.GetSpan(bytes.Length));
        output.Advance(bytes.Length);
        output.Flush();
    }
}
