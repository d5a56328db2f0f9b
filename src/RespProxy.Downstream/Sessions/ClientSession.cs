using System.Runtime.CompilerServices;
using RespProxy.Downstream.Accounting;
using RespProxy.Downstream.Admission;
using RespProxy.Downstream.Blocking;
using RespProxy.Downstream.NearCache;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.SlowLog;
using RespProxy.Downstream.Tracking;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Subscriptions;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// One client connection, from its first byte to its last, on one event loop. The numbers are the stages of docs/architecture.md.
///
/// <para>Order. Every request takes a number when it is dispatched (9) and its reply leaves by that number (15), whichever node answers
/// first. Where later requests might overtake earlier ones at the nodes (a redirect, a retry, a new slot map) or must
/// not run under the state of earlier ones (AUTH, HELLO), reading stops until nothing is owed: <see cref="WaitUntilIdle"/>.</para>
///
/// Loop thread only, except where said.
/// </summary>
internal sealed class ClientSession : ConnectionHandler, IReplySink
{
    /// <summary>Unread requests a blocked client may pile up before reading from it stops (it is read, so that its end is noticed).</summary>
    private const int BlockedInput = 256 * 1024;

    private readonly ProxyLoop _loop;
    private readonly SessionIdentity _identity = new();
    private readonly ReplyLine _replies;
    private LoopConnection? _connection;
    private SessionFlow _flow = null!; // set with the connection: one that fails before it is introduced has none
    private RequestIntake _intake;
    private IBlockedCommand? _blocked;
    private bool _closing;
    private bool _peerFinished;

    /// <summary>Nothing more is to be written: the connection is over, or about to be.</summary>
    private bool _closed;

    /// <summary>Every whole request received so far has been executed.</summary>
    private bool _isExhausted = true;

    public ClientSession(ProxyLoop loop, SessionOrigin origin, long id)
    {
        _loop = loop;
        Account = new SessionAccount(loop.Accounting);
        _replies = new ReplyLine(this, loop);
        Origin = origin;
        Id = id;
        CreatedAt = loop.Time.GetUtcNow();
        CountsWritesSince = LastHeardAt = loop.Events.Now;
        SetTenant(origin.TenantAmong(loop.Tenants));
    }

    /// <summary>Unique among the proxy's connections since its start: CLIENT ID.</summary>
    public long Id { get; }

    public SessionOrigin Origin { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>Who the client is, and what it says of itself.</summary>
    public SessionIdentity Identity => _identity;

    /// <inheritdoc cref="SessionIdentity.Tenant"/>
    public Tenant? Tenant => _identity.Tenant;

    /// <inheritdoc cref="SessionIdentity.Namespace"/>
    public KeyNamespace Namespace => _identity.Namespace;

    /// <inheritdoc cref="SessionIdentity.Upstream"/>
    public UpstreamLoop Upstream => _identity.Upstream;

    /// <inheritdoc cref="SessionIdentity.IsResp3"/>
    public bool IsResp3 => _identity.IsResp3;

    /// <summary>What decides when requests are read.</summary>
    public SessionFlow Flow => _flow;

    /// <inheritdoc cref="ReplyLine.Mode"/>
    public ReplyMode ReplyMode
    {
        get => _replies.Mode;
        set => _replies.Mode = value;
    }

    /// <summary>Version of the slot map that the requests in flight were routed by.</summary>
    public long MapVersion { get; set; }

    /// <summary>Open since MULTI; null outside of a transaction.</summary>
    public Transaction? Transaction { get; set; }

    /// <summary>Open since the first WATCH; null when nothing is watched.</summary>
    public WatchLease? Watch { get; set; }

    /// <summary>Made with the first SUBSCRIBE; null before.</summary>
    public SessionSubscriptions? Subscriptions { get; set; }

    /// <summary>CLIENT TRACKING; null while it is off.</summary>
    public ClientTracking? Tracking { get; set; }

    /// <summary>May be read from any thread.</summary>
    public bool IsSubscribed => Subscriptions is { IsEmpty: false };

    /// <summary>In RESP2 a subscriber cannot tell a reply from what was published, so it may do little but subscribe.</summary>
    public bool IsConfinedToSubscriptions => IsSubscribed && !IsResp3;

    /// <summary>A command of this client waits at a node. May be read from any thread.</summary>
    public bool IsBlocked => _blocked is not null;

    /// <summary>When the client last sent something, in Stopwatch ticks.</summary>
    public long LastHeardAt { get; private set; }

    /// <summary>Received and not taken; written and not sent; written since the beginning.</summary>
    public (long Unread, long Unsent, long Written) Bytes =>
        _connection is { } connection ? (connection.Input.Unread.Length, connection.Output.Unsent, connection.Output.Position) : default;

    /// <summary>WAIT speaks for writes since then, in Stopwatch ticks: the connection's begin, or its last count.</summary>
    public long CountsWritesSince { get; set; }

    public int Pending => _replies.Pending;

    /// <summary>Replies written, and not taken by the system. May be read from any thread.</summary>
    public long UnsentBytes => Volatile.Read(ref _connection)?.Output.UnsentSeenFromOutside ?? 0;

    /// <summary>Replies that wait for an earlier one. May be read from any thread.</summary>
    public long ParkedBytes => _replies.ParkedBytes;

    /// <inheritdoc cref="ReplyLine.Capture"/>
    public IReplyCapture? Capture => _replies.Capture;

    /// <summary>The request at hand is run as part of a transaction.</summary>
    public bool IsCapturing => Capture is not null;

    /// <summary>Until called with null, replies of the proxy's own go to <paramref name="capture"/> instead of the client.</summary>
    public void CaptureReplies(IReplyCapture? capture) => _replies.Capture = capture;

    /// <summary>The number that the next request takes: <see cref="Reserve"/>.</summary>
    public uint NextNumber => _replies.NextNumber;

    /// <summary>Counts what the client does.</summary>
    public SessionAccount Account { get; }

    /// <summary>What the client's tenant may use; null when it is not limited.</summary>
    public SessionAdmission? Admission { get; set; }

    /// <summary>What replies to reads of hot keys the client may be answered with; null when its tenant has no near cache.</summary>
    public SessionNearCache? Near { get; private set; }

    /// <summary>The client is gone: nothing of what it asked for is wanted any more.</summary>
    public bool IsClosed => _closed;

    /// <summary>No more requests are executed; replies may still be on their way.</summary>
    public bool IsClosing => _closing;

    public ProxyLoop Loop => _loop;

    /// <summary>The client's address as CLIENT LIST shows it; taken once, since other loops ask too.</summary>
    public string RemoteAddress { get; private set; } = "";

    public string LocalAddress { get; private set; } = "";

    // 1. Accept.
    public override void OnConnected(LoopConnection connection)
    {
        _connection = connection;
        _flow = new SessionFlow(connection, _loop.Events);
        _replies.Open(connection.Output, _flow);
        RemoteAddress = connection.RemoteEndPoint?.ToString() ?? "";
        LocalAddress = connection.LocalEndPoint?.ToString() ?? "";
        if (!_loop.Registry.TryAdd(this))
        {
            _replies.Write(WireErrors.MaxClients);
            CloseWhenSent();
            return;
        }

        if (SessionAdmission.TryEnter(this, Tenant)) _identity.ExpectAuthentication(_loop, Abort);
    }

    // 2. Scan to 5. Gate.
    public override void OnReadable(LoopConnection connection)
    {
        ReadOnlySpan<byte> unread = connection.Input.Unread;
        LastHeardAt = _loop.Events.Now;
        if (_closing)
        {
            connection.Input.Consume(unread.Length);
            return;
        }

        if (_blocked is not null && unread.Length > BlockedInput) connection.PauseReading();
        _flow.PauseIfUnsent();
        int consumed = _intake.ExecuteWhole(this, connection, unread);
        if (_closed) return;
        _isExhausted = !_flow.IsPaused || consumed == unread.Length;
        if (consumed > 0) connection.Input.Consume(_closing ? unread.Length : consumed);
        if (_peerFinished) CloseIfFinished();
    }

    public override void OnPeerFinished(LoopConnection connection)
    {
        // A half-closed client (printf ... | nc) still gets every reply that it is owed.
        _peerFinished = true;
        if (_blocked is not null) Abort();
        else CloseIfFinished();
    }

    public override void OnDrained(LoopConnection connection) => _flow.Resume(PauseReasons.Unsent);

    public override void OnClosed(LoopConnection connection, CloseReason reason)
    {
        _closed = true;
        _closing = true;
        _flow?.End();
        _identity.CancelDeadline();
        _blocked?.Cancel();
        Watch?.Abandon();
        Subscriptions?.Clear();
        Tracking?.End();
        _intake.Release(_loop);
        _replies.Clear();
        _loop.Registry.Remove(this);
        Admission?.Leave();
    }

    /// <inheritdoc cref="ReplyLine.Reserve"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Reserve() => _replies.Reserve();

    /// <inheritdoc cref="ReplyLine.TakeMark"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte TakeReplyMark() => _replies.TakeMark();

    /// <inheritdoc cref="ReplyLine.Answer"/>
    public void Reply(ReadOnlySpan<byte> reply) => _replies.Answer(reply);

    /// <summary>The request at hand has no reply (CLIENT REPLY OFF).</summary>
    public void ReplyNothing()
    {
        if (!IsCapturing) Account.Settle(default);
    }

    public void ReplyError(string text) => Reply(_loop.Builder.Start(IsResp3).Error(text).Written);

    public void ReplyError(ReadOnlySpan<byte> text) => Reply(_loop.Builder.Start(IsResp3).Error(text).Written);

    /// <summary>Puts a reply in its place: to the client if its turn has come, aside otherwise. An empty one only moves the line.</summary>
    public void Complete(uint number, ReadOnlySpan<byte> reply)
    {
        if (_closed) return;
        _replies.Complete(number, reply);
        if (_flow.IsPaused || _peerFinished) AfterReply();
    }

    /// <summary>The same with the request's mark, <see cref="TakeReplyMark"/>: a reply that the client does not want is left out.</summary>
    public void Complete(uint number, byte mark, ReadOnlySpan<byte> reply)
    {
        if (mark != 0 && !_closed)
        {
            Account.Swallow(number, reply);
            reply = default;
        }

        Complete(number, reply);
    }

    /// <summary>Sends what answers no request: between two replies, and whatever CLIENT REPLY says.</summary>
    public void Push(ReadOnlySpan<byte> push)
    {
        if (_closing) return;
        if (_replies.IsInParts)
        {
            Complete(_replies.ReservePush(), push);
            return;
        }

        Account.Push(push);
        _replies.Write(push);
    }

    /// <summary>Answers the request at hand with what CLIENT REPLY does not hold back; only SKIP's one command is over. Only when nothing is owed.</summary>
    public void Confirm(ReadOnlySpan<byte> confirmation)
    {
        TakeReplyMark();
        Account.Settle(confirmation);
        _replies.Write(confirmation);
    }

    /// <summary>As <see cref="Push"/>, but behind every reply that the client is owed now. A blocking command owes none that began before it.</summary>
    public void PushInTurn(ReadOnlySpan<byte> push)
    {
        if (Pending == 0 || IsBlocked) Push(push);
        else Complete(_replies.ReservePush(), push);
    }

    /// <summary>May be called from any thread.</summary>
    public int SubscriptionCount(SubscriptionKind kind) => Subscriptions?.Count(kind) ?? 0;

    // 12. Reply, 14. Strip, 15. Settle.
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (_closed) return;
        if (request.KeyBucket != 0) Near?.OnAnswered(request);
        if (request.Mark != 0) Complete(request.Tag, request.Mark, reply);
        else if (request.Command!.Reply == ReplyRule.Verbatim && reply[0] != '-') Complete(request.Tag, reply);
        else ReplyStripper.Complete(this, request, reply);
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes) => SlowRequests.Record(this, request, bytes);

    public void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) => _loop.Insight.Replies.Observe(this, request, bytes, reply);

    /// <summary>Where nobody has to see the whole of it.</summary>
    public bool TakesParts(in InFlightRequest request) =>
        !_closed && request is { Mark: 0, KeyBucket: 0, Command: { Reply: ReplyRule.Verbatim, Route: RouteRule.Keyed } } && _replies.TakesParts(request.Tag);

    public void OnPart(in InFlightRequest request, ReadOnlySpan<byte> part)
    {
        if (!_closed) _replies.WritePart(part);
    }

    public void OnLastPart(in InFlightRequest request, ReadOnlySpan<byte> bytes, in StreamedReply reply)
    {
        if (request.ObserveFrom != 0 && reply.Length >= request.ObserveFrom) _loop.Insight.Replies.Observe(this, request, bytes, reply);
        if (_closed) return;
        _replies.EndParts(request.Tag, reply.Length);
        if (_flow.IsPaused || _peerFinished) AfterReply();
    }

    /// <summary>Half a reply is written: what follows could not be told apart from its other half.</summary>
    public void OnBrokenReply(in InFlightRequest request)
    {
        if (_closed) return;
        _loop.Registry.LogBrokenReply(this);
        Abort();
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        if (_closed) return;
        if (request.KeyBucket != 0) Near?.OnAnswered(request);
        Complete(request.Tag, request.Mark, Refusals.Line(failure));
    }

    public void OnDelayed(in InFlightRequest request)
    {
        if (!_closed) _flow.HoldOrder();
    }

    /// <summary>A request has been answered: what waited for fewer to be owed, or for none, goes on.</summary>
    private void AfterReply()
    {
        if (Pending <= _loop.Limits.ClientPendingRequests / 2) _flow.Resume(PauseReasons.Pending);
        if (Pending > 0) return;
        _flow.ReleaseOrder();
        CloseIfFinished();
    }

    /// <summary>Stops reading until nothing is owed; the request at hand is then offered again. Always false, for the caller to return.</summary>
    public bool WaitUntilIdle()
    {
        _flow.Pause(PauseReasons.Order);
        return false;
    }

    /// <summary>Ends a <see cref="WaitUntilIdle"/> that waited for something else than replies.</summary>
    public void EndWait()
    {
        if (Pending == 0) _flow.Resume(PauseReasons.Order);
    }

    /// <summary>
    /// Waits for a blocking command. Later requests wait with it; the socket is still read, so that a client that goes away is noticed.
    /// </summary>
    public void Block(IBlockedCommand command)
    {
        _blocked = command;
        _flow.HoldOrderListening();
        command.Start();
    }

    /// <summary>The blocking command is about to be answered.</summary>
    public void EndBlocked() => _blocked = null;

    /// <summary>CLIENT UNBLOCK. False when the client is not blocked.</summary>
    public bool Unblock(bool withError) => _blocked?.Unblock(withError) ?? false;

    /// <summary>UNWATCH, DISCARD, RESET: nothing is watched any more.</summary>
    public void EndWatch()
    {
        Watch?.End();
        Watch = null;
    }

    /// <summary>False when the tenant has as many connections as it may: the client has been told and is closed.</summary>
    public bool Authenticate(Tenant tenant)
    {
        if (!SessionAdmission.TryEnter(this, tenant)) return false;
        _identity.CancelDeadline();
        EndWatch();
        // New credentials of the same tenant change nothing else, as in Redis: not the database either.
        if (tenant == Tenant) return true;
        Subscriptions?.Clear();
        Tracking?.End();
        SetTenant(tenant);
        return true;
    }

    /// <summary>Back to the state of a new connection, the tenant included: RESET. False as for <see cref="Authenticate"/>.</summary>
    public bool ResetState()
    {
        Tenant? tenant = Origin.TenantAmong(_loop.Tenants);
        if (!SessionAdmission.TryEnter(this, tenant)) return false;
        Transaction = null;
        EndWatch();
        Subscriptions?.Clear();
        Tracking?.End();
        SetTenant(tenant);
        _identity.IsResp3 = false;
        _identity.Name = "";
        ReplyMode = ReplyMode.On;
        return true;
    }

    /// <summary>Answers what was asked so far, then closes: QUIT, and the end of a drain. Requests not yet read are dropped.</summary>
    public void CloseWhenAnswered()
    {
        _closing = true;
        _flow.Pause(PauseReasons.Closing);
        CloseIfFinished();
    }

    /// <summary>Closes at once.</summary>
    public void Abort()
    {
        _closing = true;
        _closed = true;
        _flow?.End();
        _connection?.Abort();
    }

    /// <summary>The client is another tenant's, or its tenant's policy has changed.</summary>
    public void FollowNearCache() => Near = SessionNearCache.Enter(this, Tenant);

    private void SetTenant(Tenant? tenant)
    {
        _identity.Assign(tenant, _loop);
        Account.Enter(tenant?.Name);
        MapVersion = 0;
        FollowNearCache();
    }

    private void CloseIfFinished()
    {
        if (_closed || Pending > 0) return;
        if (_closing || (_peerFinished && _isExhausted)) CloseWhenSent();
    }

    private void CloseWhenSent()
    {
        _closing = true;
        _connection!.CloseWhenSent();
    }

    public override string ToString() => $"client {Id}";
}
