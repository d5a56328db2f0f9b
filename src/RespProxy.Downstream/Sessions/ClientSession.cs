using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using RespProxy.Downstream.Blocking;
using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.Local;
using RespProxy.Downstream.PubSub;
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

    /// <summary>Bytes the client has not taken at which reading its requests stops (Kestrel's response buffer default is 64 KiB; pipelines want more).</summary>
    private const long UnsentHighWater = 1024 * 1024;

    private readonly ProxyLoop _loop;
    private LoopConnection? _connection;
    private RequestReader? _partial;
    private BlockedRequest? _blocked;
    private IBufferWriter<byte>? _capture;
    private ReplyQueue _replies;
    private PauseReasons _paused;
    private LoopTimer? _authenticationTimer;
    private bool _delayed;
    private bool _closing;
    private bool _peerFinished;

    /// <summary>Nothing more is to be written: the connection is over, or about to be.</summary>
    private bool _closed;

    /// <summary>Every whole request received so far has been executed.</summary>
    private bool _isExhausted = true;

    public ClientSession(ProxyLoop loop, SessionOrigin origin, long id)
    {
        _loop = loop;
        Origin = origin;
        Id = id;
        CreatedAt = loop.Time.GetUtcNow();
        SetTenant(origin.Tenant);
    }

    /// <summary>Unique among the proxy's connections since its start: CLIENT ID.</summary>
    public long Id { get; }

    public SessionOrigin Origin { get; }

    public DateTimeOffset CreatedAt { get; }

    /// <summary>Null until authenticated.</summary>
    public Tenant? Tenant { get; private set; }

    /// <summary>This loop's side of the tenant's upstream. Only with a tenant.</summary>
    public UpstreamLoop Upstream { get; private set; } = null!;

    /// <summary>The client asked for RESP3 with HELLO 3.</summary>
    public bool IsResp3 { get; set; }

    /// <summary>What the client says of itself: CLIENT SETNAME and SETINFO. May be read from any thread.</summary>
    public ClientLabels Labels { get; } = new();

    /// <summary>CLIENT REPLY ON, OFF or SKIP.</summary>
    public ReplyMode ReplyMode { get; set; }

    /// <summary>Version of the slot map that the requests in flight were routed by.</summary>
    public long MapVersion { get; set; }

    /// <summary>Open since MULTI; null outside of a transaction.</summary>
    public Transaction? Transaction { get; set; }

    /// <summary>Open since the first WATCH; null when nothing is watched.</summary>
    public WatchLease? Watch { get; set; }

    /// <summary>Made with the first SUBSCRIBE; null before.</summary>
    public SessionSubscriptions? Subscriptions { get; set; }

    /// <summary>May be read from any thread.</summary>
    public bool IsSubscribed => Subscriptions is { IsEmpty: false };

    /// <summary>In RESP2 a subscriber cannot tell a reply from what was published, so it may do little but subscribe.</summary>
    public bool IsConfinedToSubscriptions => IsSubscribed && !IsResp3;

    /// <summary>A command of this client waits at a node. May be read from any thread.</summary>
    public bool IsBlocked => _blocked is not null;

    public int Pending => _replies.Pending;

    /// <summary>The client is gone: nothing of what it asked for is wanted any more.</summary>
    public bool IsClosed => _closed;

    public ProxyLoop Loop => _loop;

    public LoopConnection Connection => _connection!;

    /// <summary>The last command's name, for CLIENT LIST. May be read from any thread.</summary>
    public CommandSpec? LastCommand { get; private set; }

    /// <summary>The client's address as CLIENT LIST shows it; taken once, since other loops ask too.</summary>
    public string RemoteAddress { get; private set; } = "";

    public string LocalAddress { get; private set; } = "";

    // 1. Accept.
    public override void OnConnected(LoopConnection connection)
    {
        _connection = connection;
        RemoteAddress = connection.RemoteEndPoint?.ToString() ?? "";
        LocalAddress = connection.LocalEndPoint?.ToString() ?? "";
        if (!_loop.Registry.TryAdd(this))
        {
            Write(WireErrors.MaxClients);
            CloseWhenSent();
            return;
        }

        if (Tenant is null) _authenticationTimer = _loop.Events.Schedule(_loop.Limits.AuthenticationTimeout, Abort);
    }

    // 2. Scan, 3. Read: whole requests are executed, half of one waits for its rest.
    public override void OnReadable(LoopConnection connection)
    {
        ReadOnlySpan<byte> unread = connection.Input.Unread;
        if (_closing)
        {
            connection.Input.Consume(unread.Length);
            return;
        }

        if (_blocked is not null && unread.Length > BlockedInput) connection.PauseReading();
        if (connection.Output.Unsent > UnsentHighWater) WaitUntilSent();
        int consumed = 0;
        while (consumed < unread.Length && _paused == PauseReasons.None && !_closing)
        {
            ReadOnlySpan<byte> rest = unread[consumed..];
            RequestReader reader = _partial ?? _loop.Reader;
            ReadStatus status = reader.Read(rest, Tenant is null ? RequestLimits.Unauthenticated : _loop.RequestLimits, out int length);
            if (status == ReadStatus.Incomplete)
            {
                KeepPartial(reader, rest.Length);
                break;
            }

            if (status == ReadStatus.Invalid)
            {
                RefuseProtocol(reader);
                return;
            }

            bool executed = status == ReadStatus.Nothing || Execute(reader.View(rest, length));
            if (_partial is not null) ReleasePartial();
            if (!executed) break;
            consumed += length;
        }

        if (_closed) return;
        _isExhausted = _paused == PauseReasons.None || consumed == unread.Length;
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

    public override void OnDrained(LoopConnection connection) => Resume(PauseReasons.Unsent);

    public override void OnClosed(LoopConnection connection, CloseReason reason)
    {
        _closed = true;
        _closing = true;
        _authenticationTimer?.Cancel();
        _blocked?.Cancel();
        Watch?.Abandon();
        Subscriptions?.Clear();
        if (_partial is not null) ReleasePartial();
        _replies.Clear(_loop.Events.Buffers);
        _loop.Registry.Remove(this);
    }

    // 4. Look up, 5. Gate. False: not now; the same request is offered again once nothing is owed.
    private bool Execute(in RequestView request)
    {
        CommandSpec? spec = CommandTable.Find(request[0]);
        if (spec is null)
        {
            AnswerUnknown(request);
            return true;
        }

        if (spec.IsContainer && request.Count > 1)
        {
            CommandSpec? subcommand = CommandTable.FindSubcommand(spec, request[1]);
            if (subcommand is null)
            {
                RefuseCommand(Refusals.UnknownSubcommand(spec, request[1]));
                return true;
            }

            spec = subcommand;
        }

        LastCommand = spec;
        _loop.Counters.Requests++;
        if (!spec.AcceptsArgumentCount(request.Count))
        {
            RefuseCommand(Refusals.WrongArity(spec));
            return true;
        }

        if (Tenant is null && (spec.Flags & CommandFlags.NoAuth) == 0)
        {
            Reply(WireErrors.NoAuth);
            return true;
        }

        if (IsConfinedToSubscriptions && !RunsWhileSubscribed(spec.Local))
        {
            RefuseCommand(Refusals.WhileSubscribed(spec));
            return true;
        }

        if (spec.Route == RouteRule.None)
        {
            RefuseCommand(Refusals.Text(spec, Tenant!));
            return true;
        }

        if (Transaction is not null && spec.Route == RouteRule.Keyspace)
        {
            RefuseCommand(Refusals.NotInTransaction(spec));
            return true;
        }

        if (Transaction is not null && !RunsInsideTransaction(spec.Local))
        {
            TransactionCommands.Queue(this, request, spec);
            return true;
        }

        if (spec.Route == RouteRule.Local) return LocalCommands.TryExecute(this, request, spec);
        if (spec.Route == RouteRule.Keyspace) return KeyspaceCommands.TryExecute(this, request, spec);
        return _loop.Router.TryRoute(this, request, spec);
    }

    /// <summary>Between MULTI and EXEC these run at once; all else is queued.</summary>
    private static bool RunsInsideTransaction(LocalCommand command) =>
        command is LocalCommand.Multi or LocalCommand.Exec or LocalCommand.Discard or LocalCommand.Watch or LocalCommand.Quit or LocalCommand.Reset;

    private static bool RunsWhileSubscribed(LocalCommand command) =>
        command is LocalCommand.Subscribe or LocalCommand.Unsubscribe or LocalCommand.Ping or LocalCommand.Quit or LocalCommand.Reset;

    /// <summary>An error before the command has run; it spoils a transaction.</summary>
    private void RefuseCommand(string text)
    {
        if (Transaction is not null) Transaction.IsDirty = true;
        ReplyError(text);
    }

    private void AnswerUnknown(in RequestView request)
    {
        // What a browser sends when a page makes it talk to a Redis port: end it, as Redis does, before its body is read as commands.
        if (Ascii.EqualsIgnoreCase(request[0], "post"u8) || Ascii.EqualsIgnoreCase(request[0], "host:"u8)) Abort();
        else if (Tenant is null) Reply(WireErrors.NoAuth);
        else RefuseCommand(Refusals.UnknownCommand(request));
    }

    /// <summary>9. Takes the request's place in the line of replies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Reserve()
    {
        uint number = _replies.Reserve();
        if (_replies.Pending >= _loop.Limits.ClientPendingRequests) Pause(PauseReasons.Pending);
        return number;
    }

    /// <summary>The mark for a request to be sent upstream now: whether its reply is to be swallowed (CLIENT REPLY OFF and SKIP).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte TakeReplyMark() => ReplyMode == ReplyMode.On ? (byte)0 : TakeSilence();

    private byte TakeSilence()
    {
        if (ReplyMode == ReplyMode.SkipNext) ReplyMode = ReplyMode.On;
        return 1;
    }

    /// <summary>Answers the request at hand with a reply of the proxy's own, in its turn.</summary>
    public void Reply(ReadOnlySpan<byte> reply)
    {
        if (_capture is not null)
        {
            _capture.Write(reply);
            return;
        }

        if (TakeReplyMark() != 0) return;
        if (_replies.Pending > 0)
        {
            Complete(Reserve(), reply);
            return;
        }

        // A small request of the proxy's own may have a large answer: thousands of them fit into one read.
        Write(reply);
        if (!_closed && _connection!.Output.Unsent > UnsentHighWater) WaitUntilSent();
    }

    public void ReplyError(string text) => Reply(_loop.Builder.Start(IsResp3).Error(text).Written);

    public void ReplyError(ReadOnlySpan<byte> text) => Reply(_loop.Builder.Start(IsResp3).Error(text).Written);

    /// <summary>Sends what answers no request, or a confirmation: between two replies, and whatever CLIENT REPLY says.</summary>
    public void Push(ReadOnlySpan<byte> push)
    {
        if (!_closing) Write(push);
    }

    /// <summary>May be called from any thread.</summary>
    public int SubscriptionCount(SubscriptionKind kind) => Subscriptions?.Count(kind) ?? 0;

    // 12. Reply, 14. Strip, 15. Settle.
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (_closed) return;
        if (request.Mark != 0) Complete(request.Tag, default);
        else if (request.Command!.Reply == ReplyRule.Verbatim && reply[0] != '-') Complete(request.Tag, reply);
        else CompleteRewritten(request, reply);
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        if (!_closed) Complete(request.Tag, request.Mark != 0 ? default : Refusals.Line(failure));
    }

    public void OnDelayed(in InFlightRequest request)
    {
        if (_closed) return;
        _delayed = true;
        Pause(PauseReasons.Order);
    }

    private void CompleteRewritten(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        KeyNamespace ns = Tenant!.Namespace;
        ReplyRule rule = request.Command!.Reply;
        if (rule == ReplyRule.Verbatim && !ReplyRewriter.QuotesNamespace(reply, ns))
        {
            Complete(request.Tag, reply);
            return;
        }

        byte[] scratch = _loop.Events.Buffers.Rent(reply.Length);
        int length = ReplyRewriter.Write(reply, rule, ns, scratch);
        if (length < 0) _loop.Counters.IsolationFaults++;
        Complete(request.Tag, length < 0 ? ReplyRewriter.Withheld : scratch.AsSpan(0, length));
        _loop.Events.Buffers.Return(scratch);
    }

    /// <summary>Puts a reply in its place: to the client if its turn has come, aside otherwise. An empty one only moves the line.</summary>
    public void Complete(uint number, ReadOnlySpan<byte> reply)
    {
        if (_closed) return;
        if (_replies.IsHead(number))
        {
            _replies.Advance();
            Write(reply);
            if (_replies.HasParked) WriteParked();
        }
        else
        {
            _replies.Park(number, reply, _loop.Events.Buffers);
            if (_replies.ParkedBytes > UnsentHighWater) HoldParked();
        }

        if (_paused != PauseReasons.None || _peerFinished) AfterReply();
    }

    /// <summary>A slow node makes the others' replies wait here: no more is asked for meanwhile, and what was asked for is bounded.</summary>
    private void HoldParked()
    {
        if (_replies.ParkedBytes > _loop.Limits.ClientOutputBuffer) CloseForUnread(_replies.ParkedBytes);
        else Pause(PauseReasons.Order);
    }

    /// <summary>Like Redis's client-output-buffer-limit: what a client does not read must not become the proxy's memory.</summary>
    private void CloseForUnread(long unread)
    {
        _loop.Registry.LogOutputLimit(this, unread);
        Abort();
    }

    private void WriteParked()
    {
        while (_replies.TryTakeHead(out ReadOnlySpan<byte> reply)) Write(reply);
        _replies.ReleaseUnused(_loop.Events.Buffers);
    }

    private void AfterReply()
    {
        if (_replies.Pending <= _loop.Limits.ClientPendingRequests / 2) Resume(PauseReasons.Pending);
        if (_replies.Pending > 0) return;
        _delayed = false;
        Resume(PauseReasons.Order);
        CloseIfFinished();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(ReadOnlySpan<byte> reply)
    {
        if (_closed) return;
        LoopPipeWriter output = _connection!.Output;
        if (output.Unsent > _loop.Limits.ClientOutputBuffer)
        {
            CloseForUnread(output.Unsent);
            return;
        }

        reply.CopyTo(output.GetSpan(reply.Length));
        output.Advance(reply.Length);
        output.Flush();
    }

    /// <summary>Stops reading until nothing is owed; the request at hand is then offered again. Always false, for the caller to return.</summary>
    public bool WaitUntilIdle()
    {
        Pause(PauseReasons.Order);
        return false;
    }

    /// <summary>Ends a <see cref="WaitUntilIdle"/> that waited for something else than replies.</summary>
    public void EndWait()
    {
        if (Pending == 0) Resume(PauseReasons.Order);
    }

    /// <summary>
    /// Waits for a blocking command. Later requests wait with it; the socket is still read, so that a client that goes away is noticed.
    /// </summary>
    public void Block(BlockedRequest request)
    {
        _blocked = request;
        _delayed = true;
        _paused |= PauseReasons.Order;
        request.Start();
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

    /// <summary>Runs a command that was queued for the proxy itself; its reply becomes an element of EXEC's.</summary>
    public void RunQueued(in QueuedCommand command, ArrayBufferWriter<byte> output)
    {
        int before = output.WrittenCount;
        var reader = new RequestReader();
        reader.Read(command.LocalFrame, RequestLimits.Default, out int length);
        _capture = output;
        LocalCommands.TryExecute(this, reader.View(command.LocalFrame, length), command.Spec);
        _capture = null;
        // EXEC's array has one element for each command, also for one that answers nothing by itself.
        if (output.WrittenCount == before) output.Write("+OK\r\n"u8);
    }

    /// <summary>Stops reading until the client has taken its replies.</summary>
    private void WaitUntilSent()
    {
        if ((_paused & PauseReasons.Unsent) != 0) return;
        Pause(PauseReasons.Unsent);
        // OnDrained follows short writes only. If the flush at the end of this turn gets rid of everything at once, nobody would call.
        long written = _connection!.Output.Position;
        _loop.Events.Schedule(TimeSpan.FromMilliseconds(1), () =>
        {
            if (!_closed && _connection!.Output.SentPosition >= written) Resume(PauseReasons.Unsent);
        });
    }

    /// <summary>Stops reading while a node takes no more.</summary>
    public void WaitForRelief(NodeConnection node)
    {
        if ((_paused & PauseReasons.Upstream) != 0) return;
        Pause(PauseReasons.Upstream);
        node.WhenRelieved(() => Resume(PauseReasons.Upstream));
    }

    public void Authenticate(Tenant tenant)
    {
        _authenticationTimer?.Cancel();
        EndWatch();
        if (tenant != Tenant) Subscriptions?.Clear();
        SetTenant(tenant);
    }

    /// <summary>Back to the state of a new connection, the tenant included: RESET.</summary>
    public void ResetState()
    {
        Transaction = null;
        EndWatch();
        Subscriptions?.Clear();
        SetTenant(Origin.Tenant);
        IsResp3 = false;
        ReplyMode = ReplyMode.On;
        Labels.Name = "";
    }

    /// <summary>Answers what was asked so far, then closes: QUIT, and the end of a drain. Requests not yet read are dropped.</summary>
    public void CloseWhenAnswered()
    {
        _closing = true;
        Pause(PauseReasons.Closing);
        CloseIfFinished();
    }

    /// <summary>Closes at once.</summary>
    public void Abort()
    {
        _closing = true;
        _closed = true;
        _connection?.Abort();
    }

    private void SetTenant(Tenant? tenant)
    {
        Tenant = tenant;
        Upstream = tenant is null ? null! : _loop.Upstreams[tenant.UpstreamIndex];
        MapVersion = 0;
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

    private void Pause(PauseReasons reason)
    {
        if (_paused == PauseReasons.None && !_closed) _connection!.PauseReading();
        _paused |= reason;
    }

    private void Resume(PauseReasons reason)
    {
        if ((_paused & reason) == 0 || (reason == PauseReasons.Order && _delayed)) return;
        _paused &= ~reason;
        if (_paused != PauseReasons.None || _closed) return;
        // Only a paused connection offers what it holds; while blocked it was not.
        if (!_connection!.IsReadingPaused) _connection.PauseReading();
        _connection.ResumeReading();
    }

    private void KeepPartial(RequestReader reader, int received)
    {
        if (Math.Max(reader.Needed, received) > _loop.Limits.ClientQueryBuffer)
        {
            Abort();
            return;
        }

        _connection!.Input.ExpectAtLeast(reader.Needed);
        if (_partial is not null) return;
        if (reader.IsInsideFrame) _partial = _loop.DetachReader();
        else reader.Reset();
    }

    private void ReleasePartial()
    {
        _loop.ReturnReader(_partial!);
        _partial = null;
    }

    private void RefuseProtocol(RequestReader reader)
    {
        string text = "ERR Protocol error: " + ProtocolErrors.Text(reader.Error, reader.ErrorByte);
        reader.Reset();
        ReplyMode = ReplyMode.On;
        ReplyError(text);
        CloseWhenAnswered();
        _connection!.Input.Consume(_connection.Input.Unread.Length);
    }

    public override string ToString() => $"client {Id}";

    [Flags]
    private enum PauseReasons
    {
        None = 0,

        /// <summary>A later request must not overtake an earlier one.</summary>
        Order = 1,

        /// <summary>Too many requests unanswered.</summary>
        Pending = 2,

        /// <summary>The client does not read its replies.</summary>
        Unsent = 4,

        /// <summary>A node does not take more requests.</summary>
        Upstream = 8,

        /// <summary>No more requests are wanted.</summary>
        Closing = 16,
    }
}
