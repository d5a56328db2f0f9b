using System.Buffers.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// SCAN: one page of one primary, and a cursor that says where to go on. https://redis.io/docs/latest/commands/scan/
///
/// <para>Redis's guarantee, that a key which is there from the beginning to the end is returned at least once, holds over all primaries as long as every slot
/// keeps its owner; when one does not, the scan ends in an error that asks to start again. What is not seen: a key that moved in
/// a migration of which the proxy learns only after the scan has ended.</para>
/// </summary>
internal sealed class ScanTask(ClientSession session, ScanFilter filter) : KeyspaceTask(session, filter)
{
    private ScanOrder? _order;
    private int _ordinal;

    public void Begin(ulong cursor, ScanRequest request)
    {
        SlotMap? map = Upstream.Map;
        ScanOrder? order = map is null ? null : ScanOrder.Of(map);
        if (order is null || !order.IsComplete)
        {
            Answer(KeyspaceErrors.Incomplete);
            return;
        }

        if (!ScanCursor.TryDecode(cursor, order, out _ordinal, out ulong nodeCursor))
        {
            Answer(KeyspaceErrors.Restart);
            return;
        }

        _order = order;
        SendScan(order.Nodes[_ordinal], request.From(nodeCursor), tag: 0);
    }

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (IsOver) return;
        if (reply[0] == '-') AnswerNodeError(reply);
        else if (!TryReadPage(reply, out ScanPage page)) Answer(KeyspaceErrors.UnexpectedForm);
        else if (!_order!.IsStill(Upstream.Map)) Answer(KeyspaceErrors.Restart);
        else if (!TryNext(page.Cursor, out ulong next)) Answer(KeyspaceErrors.CursorTooLarge);
        else AnswerPage(page, next, reply.Length);
    }

    public override void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        // A lost connection leaves no doubt about what a read has done: nothing.
        if (!IsOver) Answer(_order!.IsStill(Upstream.Map) ? Refusals.Line(UpstreamFailure.NotExecuted) : KeyspaceErrors.Restart);
    }

    /// <summary>The position after a page: further in this node, at the next node's beginning, or the end.</summary>
    private bool TryNext(ulong nodeCursor, out ulong next)
    {
        next = 0;
        if (nodeCursor != 0) return ScanCursor.TryEncode(_order!, _ordinal, nodeCursor, out next);
        return _ordinal + 1 == _order!.Nodes.Length || ScanCursor.TryEncode(_order, _ordinal + 1, 0, out next);
    }

    private void AnswerPage(in ScanPage page, ulong next, int replyLength)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(next, digits, out int count);
        // The client's cursor may be longer than the node's; all else only gets shorter.
        byte[] scratch = Session.Loop.Events.Buffers.Rent(replyLength + 32);
        var writer = new PageWriter(scratch);
        writer.Header((byte)'*', 2);
        writer.Bulk(digits[..count]);
        writer.Header((byte)'*', page.Count);
        foreach (ReadOnlySpan<byte> key in page) writer.Bulk(Filter.KeyOf(key));
        Answer(scratch.AsSpan(0, writer.Length));
        Session.Loop.Events.Buffers.Return(scratch);
    }

    private ref struct PageWriter(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Length { get; private set; }

        public void Header(byte kind, int value)
        {
            _destination[Length++] = kind;
            Length += RespNumber.Write(_destination[Length..], value);
            EndLine();
        }

        public void Bulk(scoped ReadOnlySpan<byte> payload)
        {
            Header((byte)'$', payload.Length);
            payload.CopyTo(_destination[Length..]);
            Length += payload.Length;
            EndLine();
        }

        private void EndLine()
        {
            "\r\n"u8.CopyTo(_destination[Length..]);
            Length += 2;
        }
    }
}
