using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// A command that reads pages of the keyspace from primaries and answers its client once. It takes the next step when a reply comes, so the
/// loop never waits for it.
///
/// <para>It begins with nothing owed to the client, and the client's later requests wait for its answer: what it sees and does
/// stands exactly at its place among the client's requests, whichever connections those take. When the client is gone,
/// the next reply is the last.</para>
///
/// Node requests go over the RESP2 connections, which every node has; SCAN's reply is the same in both versions. Loop thread only.
/// </summary>
internal abstract class KeyspaceTask : IReplySink
{
    private static readonly CommandSpec Scan = CommandTable.Find("SCAN"u8)!;

    private readonly IReplyCapture? _capture;
    private readonly byte _mark;
    private readonly uint _number;
    private bool _isAnswered;

    /// <summary>Takes the request's place in the line of replies; within a transaction that is EXEC's, which has taken it already.</summary>
    /// <param name="session">Whose command it is.</param>
    /// <param name="filter">The keys it is after.</param>
    protected KeyspaceTask(ClientSession session, ScanFilter filter)
    {
        Filter = filter;
        Session = session;
        Namespace = session.Namespace;
        Upstream = session.Identity.SharedUpstream;
        _capture = session.Capture;
        if (_capture is null)
        {
            _mark = session.TakeReplyMark();
            _number = session.Reserve();
        }

        session.OnDelayed(default);
    }

    protected ClientSession Session { get; }

    protected KeyNamespace Namespace { get; }

    protected ScanFilter Filter { get; }

    protected UpstreamLoop Upstream { get; }

    /// <summary>Answered, or nobody is there to hear the answer.</summary>
    protected bool IsOver => _isAnswered || Session.IsClosed;

    public abstract void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply);

    public abstract void OnFailure(in InFlightRequest request, UpstreamFailure failure);

    public void OnDelayed(in InFlightRequest request)
    {
        // Later requests are held back already.
    }

    protected void Answer(ReadOnlySpan<byte> reply)
    {
        if (_isAnswered) return;
        _isAnswered = true;
        if (_capture is not null) _capture.Take(reply);
        else Session.Complete(_number, _mark, reply);
    }

    /// <summary>Answers with an error that a node gave, less the namespace.</summary>
    protected void AnswerNodeError(ReadOnlySpan<byte> reply)
    {
        var text = new byte[reply.Length];
        Answer(text.AsSpan(0, ReplyRewriter.Write(reply, ReplyRule.Verbatim, Namespace, text)));
    }

    /// <summary>Asks one node for a page.</summary>
    protected void SendScan(Node node, ReadOnlySpan<byte> bytes, uint tag) => Upstream.SendTo(
        node,
        new InFlightRequest { Sink = this, Command = Scan, StartedAt = Session.Loop.Events.Now, Slot = InFlightRequest.BoundToNode, Tag = tag },
        bytes);

    /// <summary>Reads a page and counts what should not be in it; false: it has no such form.</summary>
    protected bool TryReadPage(ReadOnlySpan<byte> reply, out ScanPage page)
    {
        if (!ScanPage.TryRead(reply, Filter, out page)) return false;
        Session.Loop.Counters.IsolationFaults += page.Foreign;
        return true;
    }
}
