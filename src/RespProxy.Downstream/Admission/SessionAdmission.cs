using System.Numerics;
using System.Runtime.CompilerServices;
using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;

namespace RespProxy.Downstream.Admission;

/// <summary>
/// Stage 6 of docs/architecture.md for a client whose tenant is limited in some way; others have none of this.
///
/// <para>A request is admitted once: it pays, and when it then cannot run yet (order, a full node) it is offered again and has been paid
/// for. A delayed one has bought its turn: reading stops until then, so that nothing of this client overtakes it. Within MULTI a
/// refusal spoils the transaction, as any error at queueing does. No refusal closes a connection but that of one too many.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class SessionAdmission
{
    private readonly ClientSession _session;
    private readonly Tenant _tenant;
    private readonly TenantAdmission _bounds;
    private readonly ReplyRates _replyRates;
    private readonly bool _chargesReplies;

    /// <summary>Something is to be done when a reply comes.</summary>
    private readonly bool _counts;
    private LoopTimer? _timer;
    private bool _isConnected;

    /// <summary>The request that is offered next has been admitted before.</summary>
    private bool _isAdmitted;

    /// <summary>Requests of this client that count as in flight.</summary>
    private int _inFlight;

    private SessionAdmission(ClientSession session, Tenant tenant, TenantAdmission bounds)
    {
        _session = session;
        _tenant = tenant;
        _bounds = bounds;
        _chargesReplies = bounds.Rules is { HasReplyRates: true };
        _counts = _chargesReplies || bounds.BoundsInFlight;
        _replyRates = new ReplyRates();
    }

    /// <summary>
    /// The client is the tenant's from now on, or nobody's (null). False when the tenant has as many connections as it may: the client
    /// has been told and is closed.
    /// </summary>
    public static bool TryEnter(ClientSession session, Tenant? tenant)
    {
        if (session.Admission?._tenant == tenant) return true;
        session.Admission?.Leave();
        session.Admission = tenant?.Policy.Admission is { } bounds ? new SessionAdmission(session, tenant, bounds) : null;
        return session.Admission is null || session.Admission.TryConnect();
    }

    /// <summary>
    /// The tenant is under other limits from now on. The client stays, even as one connection too many; a request that waits to be offered again is
    /// judged anew.
    /// </summary>
    public static void Follow(ClientSession session, Tenant tenant, TenantPolicy policy)
    {
        session.Admission?.Leave();
        session.Admission = policy.Admission is { } bounds ? new SessionAdmission(session, tenant, bounds) : null;
        session.Admission?.Adopt();
        // The turn that a delayed request has bought was one under the old limits.
        session.Flow.Resume(PauseReasons.Admission);
    }

    /// <summary>Admits and executes. False: not now; the same request is offered again once the session reads on.</summary>
    public bool TryExecute(in RequestView request, CommandSpec spec)
    {
        if (!_isAdmitted && !IsAdmitted(request, spec, out bool isAnswered)) return isAnswered;
        uint next = _session.NextNumber;
        if (_chargesReplies) _replyRates.Expect(next, _session.Pending);
        _isAdmitted = !CommandGate.Execute(_session, request, spec);
        if (_chargesReplies && _session.NextNumber == next) _replyRates.Take(next);
        if (_bounds.BoundsInFlight) CountInFlight();
        return !_isAdmitted;
    }

    /// <summary>The request with this number has been answered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OnSettled(uint number, int replyLength)
    {
        if (_counts) Settle(number, replyLength);
    }

    private void Settle(uint number, int replyLength)
    {
        if (_chargesReplies) _bounds.Rules!.ChargeReply(_replyRates.Take(number), replyLength, _session.Loop.Events.Index);
        if (_bounds.BoundsInFlight) CountInFlight();
    }

    /// <summary>The request at hand has been answered without a number.</summary>
    public void OnAnswered(int replyLength)
    {
        if (_chargesReplies) _bounds.Rules!.ChargeReply(_replyRates.Of(_session.NextNumber), replyLength, _session.Loop.Events.Index);
    }

    /// <summary>The client is gone, or another tenant's.</summary>
    public void Leave()
    {
        _timer?.Cancel();
        _bounds.AddInFlight(-_inFlight);
        _inFlight = 0;
        if (_isConnected) _bounds.Disconnect();
        _isConnected = false;
    }

    private bool TryConnect()
    {
        _isConnected = _bounds.TryConnect();
        if (_isConnected) return true;
        _session.ReplyError(_bounds.TooManyConnections);
        _session.CloseWhenAnswered();
        return false;
    }

    private void Adopt()
    {
        _isConnected = true;
        _bounds.Adopt();
    }

    private void CountInFlight()
    {
        int pending = _session.Pending;
        if (pending != _inFlight) _bounds.AddInFlight(pending - _inFlight);
        _inFlight = pending;
    }

    /// <summary>False: answered with an error (<paramref name="isAnswered"/>), or to be offered again.</summary>
    private bool IsAdmitted(in RequestView request, CommandSpec spec, out bool isAnswered)
    {
        isAnswered = true;
        if (_bounds.BoundsInFlight && _bounds.IsFull && GoesInFlight(spec)) return WaitOrRefuse(out isAnswered);
        if (_bounds.EnforcedQuota is { } quota && QuotaGate.IsRefused(_session, request, spec, quota))
        {
            _session.Account.Usage.OverQuota++;
            return false;
        }

        if (_bounds.Rules is { } rules)
        {
            long now = _session.Loop.Admission.NowBy(rules.Clock);
            if (!rules.TryAllow(request, spec, now, _session.Loop.Events.Index)) return IsAdmittedBy(rules, request, spec, now, out isAnswered);
        }

        Accept(replyRates: 0);
        return true;
    }

    /// <summary>As <see cref="IsAdmitted"/>, apart: what a verdict needs room for would be cleared for every request.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsAdmittedBy(RuleSet rules, in RequestView request, CommandSpec spec, long now, out bool isAnswered)
    {
        isAnswered = true;
        rules.Decide(request, spec, _session.Loop.Admission.Scratch, now, out Verdict verdict);
        if (verdict.IsShadowed) _session.Account.Usage.Shadowed++;
        switch (verdict.Outcome)
        {
            case AdmissionOutcome.Denied:
                _session.Account.Usage.Denied++;
                _session.Identity.Insight?.OnUnsent(request, spec);
                Refuse(_session.Loop.Admission.TextOf(verdict.Denial!, spec));
                return false;
            case AdmissionOutcome.Throttled:
                _session.Account.Usage.Throttled++;
                _session.Identity.Insight?.OnUnsent(request, spec);
                Refuse(_session.Loop.Admission.TextOf(verdict.Rate!, verdict.Wait));
                return false;
            case AdmissionOutcome.Delayed:
                _session.Account.Usage.Delayed++;
                Accept(verdict.ReplyRates);
                Delay(verdict.Wait);
                isAnswered = false;
                return false;
            default:
                Accept(verdict.ReplyRates);
                return true;
        }
    }

    private void Accept(ulong replyRates)
    {
        _session.Account.Usage.Allowed++;
        _isAdmitted = true;
        if (_chargesReplies) _replyRates.Begin(replyRates, _session.Transaction is not null);
    }

    private void Delay(long wait)
    {
        _session.Flow.Pause(PauseReasons.Admission);
        TimeSpan due = TimeSpan.FromMilliseconds(AdmissionClock.ToMilliseconds(wait));
        if (_timer is null) _timer = _session.Loop.Events.Schedule(due, () => _session.Flow.Resume(PauseReasons.Admission));
        else _timer.Restart(due);
    }

    /// <summary>What the proxy answers itself, and what it only queues, waits for no node.</summary>
    private bool GoesInFlight(CommandSpec spec) =>
        spec.Route != RouteRule.Local && _session.Transaction is null && DenialRules.CanBeThrottled(spec);

    /// <summary>A client with requests in flight makes room by waiting for them; another one has nothing to wait for, and is refused. Always false.</summary>
    private bool WaitOrRefuse(out bool isAnswered)
    {
        isAnswered = _session.Pending == 0;
        if (!isAnswered) return _session.WaitUntilIdle();
        _session.Account.Usage.Throttled++;
        _session.ReplyError(_bounds.TooManyInFlight);
        return false;
    }

    private void Refuse(ReadOnlySpan<byte> text)
    {
        if (_session.Transaction is not null) _session.Transaction.IsDirty = true;
        _session.ReplyError(text);
    }

    /// <summary>
    /// Which rates each reply is to be charged to, by the request's number. EXEC's reply holds those of the queued commands and is charged to all
    /// of their rates.
    /// </summary>
    private sealed class ReplyRates
    {
        /// <summary>Ring by number; a power of two, and longer than what is pending.</summary>
        private ulong[] _ring = new ulong[16];
        private ulong _current;
        private ulong _ofTransaction;

        /// <summary>A request has been admitted.</summary>
        public void Begin(ulong rates, bool isInTransaction)
        {
            _ofTransaction = isInTransaction ? _ofTransaction | rates : 0;
            _current = isInTransaction ? _ofTransaction : rates;
        }

        /// <summary>The admitted request runs, and if it takes a number it is this one.</summary>
        public void Expect(uint number, int pending)
        {
            if (pending + 1 >= _ring.Length) Grow(number, pending);
            PlaceOf(_ring, number) = _current;
        }

        /// <summary>None for a number that nobody expected: an error before admission.</summary>
        public ulong Of(uint number) => PlaceOf(_ring, number);

        /// <summary>As <see cref="Of"/>, and the number is used up.</summary>
        public ulong Take(uint number)
        {
            ulong rates = PlaceOf(_ring, number);
            PlaceOf(_ring, number) = 0;
            return rates;
        }

        private static ref ulong PlaceOf(ulong[] ring, uint number) => ref ring[number & (uint)(ring.Length - 1)];

        private void Grow(uint next, int pending)
        {
            var larger = new ulong[BitOperations.RoundUpToPowerOf2((uint)pending + 2) * 2];
            for (uint number = next - (uint)pending; number != next; number++) PlaceOf(larger, number) = Of(number);
            _ring = larger;
        }
    }
}
