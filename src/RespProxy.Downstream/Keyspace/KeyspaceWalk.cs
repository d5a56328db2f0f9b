using RespProxy.Downstream.Sessions;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// Visits every key of the tenant that is meant, on every primary: all primaries at the same time, one page of each in flight. A node is never held up longer than
/// one page takes, where KEYS, sent as it is, would hold up all tenants for as long as it takes to look at all their keys.
///
/// <para>Costs one look at every key of the upstream, other tenants' included, and a round trip for each <see cref="PageBuckets"/> of them.
/// A pass during which slots got other owners may have missed keys: it is forgotten and done again, <see cref="MaxPasses"/> times at the most.</para>
/// </summary>
internal abstract class KeyspaceWalk : KeyspaceTask
{
    /// <summary>Hash buckets of one page, some 0.2 ms of a node's time.</summary>
    public const int PageBuckets = 1000;

    private const int MaxPasses = 3;

    private readonly ScanRequest _request;
    private ScanOrder? _order;
    private uint _pass;
    private int _nodesLeft;

    /// <param name="session">Whose command it is.</param>
    /// <param name="filter">The keys it is after.</param>
    protected KeyspaceWalk(ClientSession session, ScanFilter filter)
        : base(session, filter)
    {
        _request = new ScanRequest(filter.NodePattern, PageBuckets);
    }

    /// <summary>Visits every key of the client's database.</summary>
    protected KeyspaceWalk(ClientSession session)
        : this(session, ScanFilter.OfDatabase(session.Namespace, "*"u8))
    {
    }

    protected int NodeCount => _order!.Nodes.Length;

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (IsOver || !IsOfThisPass(request)) return;
        if (reply[0] == '-') AnswerNodeError(reply);
        else if (!TryReadPage(reply, out ScanPage page)) Answer(KeyspaceErrors.UnexpectedForm);
        else TakePage(OrdinalOf(request), page);
    }

    public override void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        if (IsOver || !IsOfThisPass(request)) return;
        if (_order!.IsStill(Upstream.Map)) Answer(FailureLine);
        else WalkAgain();
    }

    /// <summary>Begins a pass over all nodes.</summary>
    protected void Walk()
    {
        if (!TryTakeOrder()) return;
        uint pass = ++_pass;
        _nodesLeft = NodeCount;
        for (int ordinal = 0; ordinal < _order!.Nodes.Length && pass == _pass && !IsOver; ordinal++) RequestPage(ordinal, 0);
    }

    /// <summary>Looks at the slot map; false, and answered, when there is none that covers all slots.</summary>
    protected bool TryTakeOrder()
    {
        SlotMap? map = Upstream.Map;
        _order = map is null ? null : ScanOrder.Of(map);
        if (_order is { IsComplete: true }) return true;
        Answer(KeyspaceErrors.Incomplete);
        return false;
    }

    protected void RequestPage(int ordinal, ulong cursor) => SendScan(_order!.Nodes[ordinal], _request.From(cursor), TagOf(ordinal));

    /// <summary>Goes on at a node after its page has been dealt with; 0 is the node's end.</summary>
    protected void Advance(int ordinal, ulong cursor)
    {
        if (cursor != 0) RequestPage(ordinal, cursor);
        else if (--_nodesLeft > 0) return;
        else if (_order!.IsStill(Upstream.Map)) OnWalked();
        else WalkAgain();
    }

    protected uint TagOf(int ordinal) => (_pass << 16) | (uint)ordinal;

    protected static int OrdinalOf(in InFlightRequest request) => (ushort)request.Tag;

    /// <summary>False for what an abandoned pass left behind.</summary>
    protected bool IsOfThisPass(in InFlightRequest request) => request.Tag >> 16 == _pass;

    /// <summary>What the client hears when a node cannot be asked. A walk only reads: its outcome is never in doubt.</summary>
    protected virtual ReadOnlySpan<byte> FailureLine => Refusals.Line(UpstreamFailure.NotExecuted);

    /// <summary>Deals with a page, then calls <see cref="Advance"/> or answers.</summary>
    protected abstract void TakePage(int ordinal, in ScanPage page);

    /// <summary>Forgets what an incomplete pass has found.</summary>
    protected abstract void Forget();

    /// <summary>Every node is through.</summary>
    protected abstract void OnWalked();

    private void WalkAgain()
    {
        Forget();
        if (_pass < MaxPasses) Walk();
        else Answer(KeyspaceErrors.KeptMoving);
    }
}
