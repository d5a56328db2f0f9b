using RespProxy.Downstream.Routing;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Insight;

/// <summary>
/// Looks at replies whose requests were sampled, and at large ones. Which keys they are of is read where the requests still are, in the output of
/// the node connection, so that nothing is kept for those that are not looked at. Allocation-free; loop thread only.
/// </summary>
internal sealed class ObservedReplies(ProxyLoop loop)
{
    private readonly RequestReader _reader = new();
    private readonly KeyIndexes _keys = new();

    /// <summary>A request, or the part of one that went to one node, and the reply to it.</summary>
    public void Observe(ClientSession session, in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) =>
        Observe(session, request.Command!, isSampled: request.ObserveFrom == TenantInsight.AnyReply, bytes, reply);

    /// <summary>A request and its reply, which came in parts: its length, and of a value how many elements it has, are all that is told by it.</summary>
    public void Observe(ClientSession session, in InFlightRequest request, ReadOnlySpan<byte> bytes, in StreamedReply reply)
    {
        CommandSpec spec = request.Command!;
        if (session.Identity.Insight is not { } insight || !TryRead(bytes, spec, out RequestView view)) return;
        KeyNamespace ns = session.Namespace;
        if (request.ObserveFrom == TenantInsight.AnyReply) CountBytes(insight, view, reply.Length, ns);
        if (insight.BigKeys is null || ReplySize.RuleOf(spec) != ReplySizeRule.Value || _keys.Count != 1) return;
        long count = ReplySize.ElementsOf(reply.Head, ArePairs(view, spec));
        Note(insight.BigKeys, view[_keys[0]], reply.Length, count, spec, ns);
    }

    /// <summary>The commands of a transaction as they were sent, MULTI before and EXEC after them, and their replies.</summary>
    public void ObserveUnit(ClientSession session, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply)
    {
        if (reply[0] != '*') return;
        var replies = new ReplyCursor(reply);
        long count = replies.ReadAggregateHeader();
        bytes = bytes[LengthOf(bytes)..];
        for (; count > 0 && LengthOf(bytes) is > 0 and int length; count--)
        {
            ReadOnlySpan<byte> command = bytes[..length];
            ReadOnlySpan<byte> answer = replies.Skip();
            if (SpecOf(command) is { } spec) Observe(session, spec, isSampled: false, command, answer);
            bytes = bytes[length..];
        }
    }

    private static long Share(long bytes, int keys) => bytes / Math.Max(1, keys);

    private void Observe(ClientSession session, CommandSpec spec, bool isSampled, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply)
    {
        if (session.Identity.Insight is not { } insight || !TryRead(bytes, spec, out RequestView request)) return;
        KeyNamespace ns = session.Namespace;
        if (isSampled) CountBytes(insight, request, reply.Length, ns);
        if (insight.BigKeys is not null && reply[0] != '-') NoteSizes(insight.BigKeys, request, spec, reply, ns);
    }

    private bool TryRead(ReadOnlySpan<byte> bytes, CommandSpec spec, out RequestView request)
    {
        request = default;
        if (_reader.Read(bytes, loop.RequestLimits, out int length) != ReadStatus.Request)
        {
            _reader.Reset();
            return false;
        }

        request = _reader.View(bytes, length);
        return RequestRouter.TryFindNames(request, spec, _keys, out _);
    }

    private int LengthOf(ReadOnlySpan<byte> bytes)
    {
        if (_reader.Read(bytes, loop.RequestLimits, out int length) == ReadStatus.Request) return length;
        _reader.Reset();
        return 0;
    }

    private CommandSpec? SpecOf(ReadOnlySpan<byte> command)
    {
        if (_reader.Read(command, loop.RequestLimits, out int length) != ReadStatus.Request) return null;
        RequestView request = _reader.View(command, length);
        CommandSpec? spec = CommandTable.Find(request[0]);
        return spec is { IsContainer: true } && request.Count > 1 ? CommandTable.FindSubcommand(spec, request[1]) : spec;
    }

    private void CountBytes(TenantInsight insight, in RequestView request, long replyLength, KeyNamespace ns)
    {
        long share = Share(request.Frame.Length + replyLength, _keys.Count);
        foreach (int argument in _keys.Items)
        {
            byte[] scratch = Decode(request[argument], ns, out int length);
            if (length >= 0) insight.HotKeys!.CountBytes(new SketchKey(scratch.AsSpan(0, length), ns.Database), share);
            loop.Events.Buffers.Return(scratch);
        }
    }

    private void NoteSizes(BigKeyTable bigKeys, in RequestView request, CommandSpec spec, ReadOnlySpan<byte> reply, KeyNamespace ns)
    {
        switch (ReplySize.RuleOf(spec))
        {
            case ReplySizeRule.Elements when ReplyCursor.TryReadInteger(reply, out long elements):
                Note(bigKeys, request[_keys[0]], bytes: 0, elements, spec, ns);
                break;
            case ReplySizeRule.Bytes when ReplyCursor.TryReadInteger(reply, out long size):
                Note(bigKeys, request[_keys[0]], size, elements: 0, spec, ns);
                break;
            case ReplySizeRule.Value when _keys.Count == 1:
                (long bytes, long count) = ReplySize.OfValue(reply, ArePairs(request, spec));
                Note(bigKeys, request[_keys[0]], bytes, count, spec, ns);
                break;
            case ReplySizeRule.ValueOfEach:
                NoteEach(bigKeys, request, spec, reply, ns);
                break;
            default:
                break;
        }
    }

    private void NoteEach(BigKeyTable bigKeys, in RequestView request, CommandSpec spec, ReadOnlySpan<byte> reply, KeyNamespace ns)
    {
        var replies = new ReplyCursor(reply);
        if (replies.Kind != '*' || replies.ReadAggregateHeader() != _keys.Count) return;
        foreach (int argument in _keys.Items) Note(bigKeys, request[argument], replies.Skip().Length, elements: 0, spec, ns);
    }

    private void Note(BigKeyTable bigKeys, ReadOnlySpan<byte> upstreamKey, long bytes, long elements, CommandSpec spec, KeyNamespace ns)
    {
        byte[] scratch = Decode(upstreamKey, ns, out int length);
        if (length >= 0) bigKeys.Note(new SketchKey(scratch.AsSpan(0, length), ns.Database), bytes, elements, spec);
        loop.Events.Buffers.Return(scratch);
    }

    /// <summary>HGETALL, and ranges WITHSCORES or WITHVALUES: RESP2 has a flat array of pairs.</summary>
    private static bool ArePairs(in RequestView request, CommandSpec spec)
    {
        if (spec.Name == "HGETALL") return true;
        ReadOnlySpan<byte> last = request[request.Count - 1];
        return System.Text.Ascii.EqualsIgnoreCase(last, "WITHSCORES"u8) || System.Text.Ascii.EqualsIgnoreCase(last, "WITHVALUES"u8);
    }

    /// <summary>The client's name of a key, in a buffer that is to be returned; length -1 when it is none of the database's.</summary>
    private byte[] Decode(ReadOnlySpan<byte> upstreamKey, KeyNamespace ns, out int length)
    {
        byte[] scratch = loop.Events.Buffers.Rent(upstreamKey.Length);
        length = ns.Decode(upstreamKey, scratch);
        return scratch;
    }
}
