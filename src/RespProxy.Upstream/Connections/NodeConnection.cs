using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// A loop's multiplexed connection to one node in one protocol version. Requests of many clients go out in the order they were
/// written; a node answers in that order, so the n-th reply belongs to the n-th request.
///
/// <para>The connection that breaks that rule is of no more use: anything unexpected closes it, and nothing of it is ever reused.</para>
///
/// Loop thread only.
/// </summary>
public sealed class NodeConnection : ConnectionHandler
{
    /// <summary>Unsent bytes from which clients of this node are no longer read: eight times a large socket buffer.</summary>
    private const long CongestedUnsent = 8L * 1024 * 1024;

    /// <summary>Unanswered bytes from which clients of this node are no longer read.</summary>
    private const long CongestedInFlight = 64L * 1024 * 1024;

    /// <summary>What a node that is well may take to answer a request that has no time left: most often it says "try again" once more.</summary>
    private static readonly long AnswerTime = Stopwatch.Frequency / 10;

    private readonly UpstreamLoop _owner;
    private readonly InFlightQueue _inFlight = new();
    private readonly List<Action> _waiters = [];
    private Action? _whenReady;
    private NodeHandshake? _handshake;
    private LoopConnection? _connection;
    private LoopTimer? _handshakeTimer;
    private ReplyScanner _scanner;
    private StreamedReply _streamed; // of the reply at the head, when it is passed on in parts
    private byte[]? _unitError;
    private int _earlyTaken;
    private long _oldestAllowed;
    private long _receivedAt; // of the replies at hand

    internal NodeConnection(UpstreamLoop owner, Node node, bool resp3, bool leased = false)
    {
        _owner = owner;
        Node = node;
        IsResp3 = resp3;
        IsLeased = leased;
    }

    public Node Node { get; }

    public bool IsResp3 { get; }

    /// <summary>Handshake done: requests may be sent.</summary>
    public bool IsReady { get; private set; }

    /// <summary>
    /// True when one client has it for itself (WATCH, blocking commands). What it is told is then nobody else's business: node errors go
    /// to the sink as they are, nothing is retried, and no reply is late.
    /// </summary>
    public bool IsLeased { get; }

    /// <summary>The node's number for this connection (CLIENT ID); 0 when it told none.</summary>
    public long ClientId { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>When the handshake was done, in Stopwatch ticks; 0 when it never was.</summary>
    internal long ReadySince { get; private set; }

    /// <summary>Scripts that the node has got over this connection, and so may be named by their digests.</summary>
    public SentScripts SentScripts { get; } = new();

    public int InFlightCount => _inFlight.Count;

    /// <summary>Written, and not taken by the system yet. Only when <see cref="IsReady"/>.</summary>
    public long UnsentBytes => _connection!.Output.Unsent;

    /// <summary>Of the requests that no reply has come for, sent or not. Only when <see cref="IsReady"/>.</summary>
    public long InFlightBytes => _inFlight.Count > 0 ? _connection!.Output.Position - _inFlight.Peek().Position : 0;

    /// <summary>Requests answered so far, wrapping around: as long as it stays the same, what is pushed stands directly behind the same reply.</summary>
    public uint Answered => _inFlight.Popped;

    /// <summary>Who hears what the node sends unasked; null: nobody.</summary>
    public IPushSink? Pushes { get; set; }

    /// <summary>More is waiting than the node takes: clients should not be read until <see cref="WhenRelieved"/>.</summary>
    public bool IsCongested
    {
        // Asked after every request: what is kept holds both what is unsent and what is in flight, and is at hand.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _connection!.Output.Kept > CongestedUnsent && (UnsentBytes > CongestedUnsent || InFlightBytes > CongestedInFlight);
    }

    /// <summary>Where the next request is to be written, at least <paramref name="size"/> bytes. Only when <see cref="IsReady"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> GetSpan(int size) => _connection!.Output.GetSpan(size);

    /// <summary>Sends the request of <paramref name="length"/> bytes just written to <see cref="GetSpan"/>, at the end of this turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Send(int length, in InFlightRequest request)
    {
        LoopPipeWriter output = _connection!.Output;
        _inFlight.Push().Fill(request, output.Position);
        output.Advance(length);
        output.Flush();
    }

    /// <summary>Calls back once the connection is no longer congested, or is gone.</summary>
    public void WhenRelieved(Action callback) => _waiters.Add(callback);

    /// <summary>Sends a request that was written before, behind an ASKING if <paramref name="asking"/>.</summary>
    public void SendAgain(ReadOnlySpan<byte> bytes, in InFlightRequest request, bool asking)
    {
        if (asking)
        {
            ReadOnlySpan<byte> command = "*1\r\n$6\r\nASKING\r\n"u8;
            command.CopyTo(GetSpan(command.Length));
            Send(command.Length, new InFlightRequest { StartedAt = request.StartedAt });
        }

        InFlightRequest again = request;
        again.ResentAt = _owner.Now;
        bytes.CopyTo(GetSpan(bytes.Length));
        Send(bytes.Length, again);
    }

    /// <summary>Calls back once the connection is ready, or has failed; at once if it is one of these already.</summary>
    public void WhenReady(Action callback)
    {
        if (IsReady || IsClosed) callback();
        else _whenReady += callback;
    }

    /// <summary>Gives a leased connection up at once: whatever it waits for is nobody's any more.</summary>
    public void Abandon() => Abort("given up by its client");

    internal void Connect(EventLoop loop, EndPoint endPoint)
    {
        TimeSpan timeout = _owner.Snapshot.ConnectTimeout;
        _connection = loop.Connect(endPoint, timeout, this);
        _connection.Output.RetainsSent = true;
        // One bound for both: a suspended node still accepts connections, and never answers the handshake.
        _handshakeTimer = loop.Schedule(timeout, () => Abort("handshake timed out"));
    }

    /// <summary>
    /// Closes when the node has owed its oldest request too long; called on the loop's tick. A request that came here late, after
    /// redirects or retries, ends alone: its time is over, but the node is not to blame.
    /// </summary>
    internal void CheckTimeout(long oldestAllowed)
    {
        RelieveWaiters();
        if (!IsReady || IsLeased || _inFlight.Count == 0 || _inFlight.Peek().StartedAt >= oldestAllowed) return;
        // A large reply may take longer than that to come, as long as it comes.
        if (_streamed.HasBegun && _receivedAt >= oldestAllowed) return;
        ref InFlightRequest oldest = ref _inFlight.Peek();
        if (oldest.ResentAt >= oldestAllowed && !_streamed.HasBegun)
        {
            if (oldest.Sink is null || _owner.Now - oldest.ResentAt < AnswerTime) return;
            InFlightRequest late = oldest;
            oldest.Sink = null;
            _owner.Fail(late, UpstreamFailure.TimedOut);
            return;
        }

        _oldestAllowed = oldestAllowed;
        Abort("the oldest request timed out");
    }

    /// <summary>
    /// Closes when a node that has lost its slots owes a reply for long: it was replaced, most likely because it hangs, and those who
    /// wait for it need not wait for the whole request timeout.
    /// </summary>
    internal void CheckDeposed(long oldestAllowed)
    {
        if (!IsReady || _inFlight.Count == 0 || (_streamed.HasBegun && _receivedAt >= oldestAllowed)) return;
        ref InFlightRequest oldest = ref _inFlight.Peek();
        if (Math.Max(oldest.StartedAt, oldest.ResentAt) < oldestAllowed) Abort("the node was replaced and does not answer");
    }

    internal void Abort(string reason)
    {
        CloseDetail ??= reason;
        _connection?.Abort();
    }

    /// <summary>It could not even begin to connect (its name does not resolve).</summary>
    internal void FailToConnect()
    {
        IsClosed = true;
        CallWhenReady();
    }

    /// <summary>Why this side closed the connection; null when it did not.</summary>
    internal string? CloseDetail { get; private set; }

    internal string? SocketError => _connection?.Error;

    public override void OnConnected(LoopConnection connection)
    {
        _handshake = new NodeHandshake(_owner.Snapshot, IsResp3, _owner.User);
        SendHandshake(connection);
    }

    public override void OnReadable(LoopConnection connection)
    {
        LoopPipeReader input = connection.Input;
        ReadOnlySpan<byte> unread = input.Unread;
        int consumed = 0;
        _receivedAt = _owner.Now;
        ScanStatus status;
        while ((status = _scanner.Scan(unread[consumed..], out int length)) == ScanStatus.Complete)
        {
            ReadOnlySpan<byte> reply = unread.Slice(consumed, length);
            consumed += length;
            if (!TakeReply(reply)) return;
        }

        if (status == ScanStatus.Invalid)
        {
            Abort("the node sent something that is not RESP");
            return;
        }

        if (_streamed.HasBegun || unread.Length - consumed >= StreamedReply.From) consumed += PassOn(unread[consumed..]);
        if (consumed > 0) input.Consume(consumed);
        if (_scanner.Needed > 0 && !_streamed.HasBegun) input.ExpectAtLeast(_scanner.Needed);
        LoopPipeWriter output = connection.Output;
        output.ReleaseTo(_inFlight.Count > 0 ? _inFlight.Peek().Position : output.Position);
    }

    public override void OnDrained(LoopConnection connection) => RelieveWaiters();

    public override void OnClosed(LoopConnection connection, CloseReason reason)
    {
        IsReady = false;
        IsClosed = true;
        _handshakeTimer?.Cancel();
        _owner.OnConnectionClosed(this, reason);
        Pushes?.OnLost(this);
        LoopPipeWriter output = connection.Output;
        if (_streamed.HasBegun)
        {
            _streamed = default;
            _inFlight.Pop(out InFlightRequest broken);
            broken.Sink!.OnBrokenReply(broken);
        }

        while (_inFlight.Count > 0)
        {
            _inFlight.Pop(out InFlightRequest request);
            if (request.Sink is null) continue;
            long end = _inFlight.Count > 0 ? _inFlight.Peek().Position : output.Position;
            bool hasLeft = end <= output.SentPosition;
            if (IsLeased)
                request.Sink.OnFailure(request, hasLeft ? UpstreamFailure.OutcomeUnknown : UpstreamFailure.NotExecuted);
            else if (request.StartedAt < _oldestAllowed)
                _owner.Fail(request, hasLeft ? UpstreamFailure.TimedOut : UpstreamFailure.NotExecuted);
            else if (!hasLeft || request.Command!.IsReadOnly)
                _owner.Redirector.Retry(request, output.Retained(request.Position, (int)(end - request.Position)), IsResp3, Node);
            else
                _owner.Fail(request, UpstreamFailure.OutcomeUnknown);
        }

        RelieveWaiters(gone: true);
        CallWhenReady();
    }

    private void CallWhenReady()
    {
        Action? callback = _whenReady;
        _whenReady = null;
        callback?.Invoke();
    }

    /// <summary>Gives one whole reply to whom it belongs. False when the connection has been given up.</summary>
    private bool TakeReply(ReadOnlySpan<byte> reply)
    {
        if (_streamed.HasBegun)
        {
            EndStreamed(reply);
            return true;
        }

        // Pushes (RESP3) answer no request.
        if (reply[0] == '>')
        {
            Pushes?.OnPush(this, reply);
            return true;
        }

        if (reply[0] == '!') reply = NodeErrors.ToSimple(reply);
        if (_handshake is not null) return TakeHandshakeReply(reply);
        if (_inFlight.Count == 0)
        {
            Abort("the node sent a reply that nobody asked for");
            return false;
        }

        if (_earlyTaken < _inFlight.Peek().EarlyReplies)
        {
            TakeEarlyReply(reply);
            return true;
        }

        _inFlight.Pop(out InFlightRequest request);
        _earlyTaken = 0;
        if (request.Sink is null) return true;
        if (_unitError is not null)
        {
            reply = _unitError;
            _unitError = null;
        }

        if (reply[0] == '-' && !IsLeased && NodeErrors.Classify(reply) is var kind and not NodeErrorKind.Plain)
        {
            // Half a transaction cannot be sent behind an ASKING; it waits until the slot has arrived.
            if (kind == NodeErrorKind.Ask && request.EarlyReplies > 0) kind = NodeErrorKind.Retryable;
            _owner.Redirector.OnNodeError(this, kind, reply, request, BytesOf(request));
            return true;
        }

        if (_receivedAt - request.StartedAt >= _owner.SlowAfter) request.Sink.OnSlow(request, BytesOf(request));
        // One less wraps around where nothing is to be observed.
        if ((uint)reply.Length > request.ObserveFrom - 1) request.Sink.OnObserved(request, BytesOf(request), reply);
        request.Sink.OnReply(request, reply);
        return true;
    }

    /// <summary>Gives what has come of a large reply to whom it belongs, if he takes it. The bytes that are done with.</summary>
    private int PassOn(ReadOnlySpan<byte> unread)
    {
        if (!_streamed.HasBegun && !MayStream(unread[0])) return 0;
        int length = _scanner.TakePart(unread);
        if (length == 0) return 0;
        ReadOnlySpan<byte> part = unread[..length];
        _streamed.Add(part);
        ref InFlightRequest request = ref _inFlight.Peek();
        request.Sink!.OnPart(request, part);
        return length;
    }

    /// <summary>A value or many; not an error, which is looked at, nor a push, nor one of several replies to a unit.</summary>
    private bool MayStream(byte kind)
    {
        if (kind is not ((byte)'$' or (byte)'*' or (byte)'%' or (byte)'~' or (byte)'=') || _handshake is not null || IsLeased || _inFlight.Count == 0) return false;
        ref InFlightRequest request = ref _inFlight.Peek();
        return request.Sink is not null && request.EarlyReplies == 0 && request.Sink.TakesParts(request);
    }

    private void EndStreamed(ReadOnlySpan<byte> last)
    {
        _inFlight.Pop(out InFlightRequest request);
        StreamedReply reply = _streamed;
        _streamed = default;
        reply.Add(last);
        request.Sink!.OnPart(request, last);
        if (_receivedAt - request.StartedAt >= _owner.SlowAfter) request.Sink.OnSlow(request, BytesOf(request));
        request.Sink.OnLastPart(request, BytesOf(request), reply);
    }

    /// <summary>What was sent of the request that has just been answered.</summary>
    private ReadOnlySpan<byte> BytesOf(in InFlightRequest request)
    {
        LoopPipeWriter output = _connection!.Output;
        long end = _inFlight.Count > 0 ? _inFlight.Peek().Position : output.Position;
        return output.Retained(request.Position, (int)(end - request.Position));
    }

    /// <summary>
    /// MULTI's +OK and the QUEUED of each command tell nothing; an error among them makes EXEC abort. It says why, so it stands for EXEC's
    /// reply when that comes: MOVED sends the whole unit to the new owner.
    /// </summary>
    private void TakeEarlyReply(ReadOnlySpan<byte> reply)
    {
        if (reply[0] == '-' && _unitError is null && NodeErrors.Classify(reply) != NodeErrorKind.Plain) _unitError = reply.ToArray();
        _earlyTaken++;
    }

    private bool TakeHandshakeReply(ReadOnlySpan<byte> reply)
    {
        switch (_handshake!.OnReply(reply))
        {
            case HandshakeStep.Continue:
                SendHandshake(_connection!);
                return true;
            case HandshakeStep.Ready:
                string? version = _handshake.ServerVersion;
                ClientId = _handshake.ClientId;
                if (_handshake.IsHelloUnknown) _owner.OnResp3Unsupported();
                _handshake = null;
                _handshakeTimer?.Cancel();
                IsReady = true;
                ReadySince = _owner.Now;
                _owner.OnConnectionReady(this, version);
                CallWhenReady();
                return true;
            case HandshakeStep.ProtocolUnsupported:
                _owner.OnResp3Unsupported();
                Abort("the node does not speak RESP3");
                return false;
            default:
                _owner.HandshakeEnded?.Invoke(true);
                Abort("handshake refused: " + _handshake.Refusal);
                return false;
        }
    }

    private void SendHandshake(LoopConnection connection)
    {
        byte[] request = _handshake!.Request;
        request.CopyTo(connection.Output.GetSpan(request.Length));
        connection.Output.Advance(request.Length);
        connection.Output.Flush();
    }

    private void RelieveWaiters(bool gone = false)
    {
        if (_waiters.Count == 0 || (!gone && IsCongested)) return;
        Action[] waiting = [.. _waiters];
        _waiters.Clear();
        foreach (Action waiter in waiting) waiter();
    }
}
