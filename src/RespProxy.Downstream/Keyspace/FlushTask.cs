using System.Buffers;
using System.Globalization;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Slots;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// FLUSHDB and FLUSHALL: unlinks the keys of one database of the tenant, or of all, page by page: a node gets its next page to look for when the last one's keys are unlinked.
/// https://redis.io/docs/latest/commands/flushdb/
///
/// <para>Not atomic: what other clients write meanwhile may stay. ASYNC and SYNC are the same here: the answer comes when the keys are gone,
/// their memory is freed in the node's background. A flush whose client is gone stops where it is.</para>
/// </summary>
internal sealed class FlushTask(ClientSession session, ScanFilter filter) : KeyspaceWalk(session, filter)
{
    private static readonly CommandSpec Unlink = CommandTable.Find("UNLINK"u8)!;

    private readonly List<(int Slot, byte[] Key)> _keys = [];
    private readonly ArrayBufferWriter<byte> _request = new(1024);
    private NodeState[] _nodes = [];

    public void Begin() => Walk();

    public override void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (request.Command != Unlink) base.OnReply(request, reply);
        else if (IsOver || !IsOfThisPass(request)) return;
        else if (reply[0] == '-') AnswerNodeError(reply);
        else UnlinkDone(OrdinalOf(request));
    }

    protected override ReadOnlySpan<byte> FailureLine => KeyspaceErrors.FlushUnfinished;

    protected override void TakePage(int ordinal, in ScanPage page)
    {
        if (_nodes.Length < NodeCount) _nodes = new NodeState[NodeCount];
        // One more than is sent, so that a request that is answered at once does not end the page before its last is sent.
        _nodes[ordinal] = new NodeState { Cursor = page.Cursor, Unanswered = 1 };
        bool isCluster = Upstream.Snapshot.Mode == UpstreamMode.Cluster;
        _keys.Clear();
        foreach (ReadOnlySpan<byte> key in page) _keys.Add((isCluster ? HashSlot.Of(key) : 0, key.ToArray()));
        _keys.Sort((one, other) => one.Slot.CompareTo(other.Slot));
        // A request that fails at once may end the flush, or begin another pass.
        uint tag = TagOf(ordinal);
        for (int start = 0, end; start < _keys.Count && !IsOver && tag == TagOf(ordinal); start = end)
        {
            end = start + 1;
            while (end < _keys.Count && _keys[end].Slot == _keys[start].Slot) end++;
            SendUnlink(ordinal, start, end);
        }

        if (!IsOver && tag == TagOf(ordinal)) UnlinkDone(ordinal);
    }

    protected override void Forget() => _nodes = [];

    protected override void OnWalked() => Answer("+OK\r\n"u8);

    private void UnlinkDone(int ordinal)
    {
        if (--_nodes[ordinal].Unanswered == 0) Advance(ordinal, _nodes[ordinal].Cursor);
    }

    /// <summary>Unlinks keys of one slot, wherever that is by now.</summary>
    private void SendUnlink(int ordinal, int start, int end)
    {
        _request.ResetWrittenCount();
        _request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{end - start + 1}\r\n$6\r\nUNLINK\r\n")));
        for (int i = start; i < end; i++) ScanRequest.Append(_request, _keys[i].Key);
        var inFlight = new InFlightRequest
        {
            Sink = this,
            Command = Unlink,
            StartedAt = Session.Loop.Events.Now,
            Slot = (ushort)_keys[start].Slot,
            Tag = TagOf(ordinal),
        };
        _nodes[ordinal].Unanswered++;
        SlotMap? map = Upstream.Map;
        NodeConnection? node = map is null ? null : Upstream.Select(map, inFlight.Slot, resp3: false);
        if (node is null)
        {
            Upstream.Park(inFlight, _request.WrittenSpan, resp3: false);
            return;
        }

        _request.WrittenSpan.CopyTo(node.GetSpan(_request.WrittenCount));
        node.Send(_request.WrittenCount, inFlight);
    }

    private struct NodeState
    {
        /// <summary>Where the node goes on once the page's keys are unlinked.</summary>
        public ulong Cursor;

        /// <summary>UNLINK requests of the page not answered yet.</summary>
        public int Unanswered;
    }
}
