using System.Buffers;
using System.Buffers.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Routing;

/// <summary>
/// 14. Merge: one request that was sent in parts, one per slot, and the replies of its parts.
/// Sums are added; elements are put back in argument order; OK needs every part's OK. If a part ends in an error, the client gets the first
/// such error and the other parts' effects stand, as with any cluster client that splits.
///
/// Pooled; goes back once every part is answered, whether or not its client is still there.
/// </summary>
internal sealed class SplitRequest(SplitPool pool) : IReplySink
{
    /// <summary>A request with more keys than half of this is not pooled: its arrays would never be given back.</summary>
    private const int MostKeptElements = 4096;

    private ClientSession? _session;
    private RouteRule _rule;
    private byte _mark;
    private uint _number;
    private int _remaining;
    private long _sum;
    private byte[]? _error;
    private int[] _starts = new int[16];
    private int[] _ordinals = new int[16];
    private (int Offset, int Length)[] _elements = new (int, int)[16];
    private int _elementCount;
    private byte[] _bytes = [];
    private int _used;

    public void Begin(ClientSession session, RouteRule rule, byte mark, uint number, SplitPlanner plan, int parts)
    {
        _session = session;
        _rule = rule;
        _mark = mark;
        _number = number;
        _remaining = parts;
        _sum = 0;
        _error = null;
        _used = 0;
        _elementCount = plan.KeyCount;
        if (rule == RouteRule.SplitArray) KeepPlan(plan, parts);
    }

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (reply[0] == '-') KeepError(reply);
        else if (_error is null && !TryMerge((int)request.Tag, reply)) _error = "-ERR upstream sent a reply of an unexpected form\r\n"u8.ToArray();
        PartDone();
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes) => SlowRequests.Record(_session!, request, bytes);

    public void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) => _session!.OnObserved(request, bytes, reply);

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        _error ??= Refusals.Line(failure).ToArray();
        PartDone();
    }

    public void OnDelayed(in InFlightRequest request) => _session!.OnDelayed(request);

    private void KeepPlan(SplitPlanner plan, int parts)
    {
        if (_starts.Length < parts + 1) _starts = new int[(parts + 1) * 2];
        if (_ordinals.Length < plan.KeyCount)
        {
            _ordinals = new int[plan.KeyCount * 2];
            _elements = new (int, int)[plan.KeyCount * 2];
        }

        for (int part = 0; part <= parts; part++) _starts[part] = plan.StartOf(part);
        plan.Ordinals.CopyTo(_ordinals);
    }

    private bool TryMerge(int part, ReadOnlySpan<byte> reply)
    {
        switch (_rule)
        {
            case RouteRule.SplitSum:
                if (!ReplyCursor.TryReadInteger(reply, out long value)) return false;
                _sum += value;
                return true;
            case RouteRule.SplitOk:
                return reply.SequenceEqual("+OK\r\n"u8);
            default:
                return TryKeepElements(part, reply);
        }
    }

    private bool TryKeepElements(int part, ReadOnlySpan<byte> reply)
    {
        int start = _starts[part];
        int count = _starts[part + 1] - start;
        var cursor = new ReplyCursor(reply);
        if (cursor.Kind != '*' || cursor.ReadAggregateHeader() != count) return false;
        if (_bytes.Length - _used < reply.Length) GrowBytes(reply.Length);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> element = cursor.Skip();
            element.CopyTo(_bytes.AsSpan(_used));
            _elements[_ordinals[start + i]] = (_used, element.Length);
            _used += element.Length;
        }

        return true;
    }

    private void KeepError(ReadOnlySpan<byte> reply)
    {
        if (_error is not null) return;
        KeyNamespace ns = _session!.Namespace;
        byte[] text = reply.ToArray();
        if (ReplyRewriter.QuotesNamespace(reply, ns)) Array.Resize(ref text, ReplyRewriter.Write(reply, ReplyRule.Verbatim, ns, text));
        _error = text;
    }

    private void PartDone()
    {
        if (--_remaining > 0) return;
        ClientSession session = _session!;
        if (_mark != 0) session.Complete(_number, _mark, _error);
        else if (_error is not null) session.Complete(_number, _error);
        else CompleteMerged(session);
        _session = null;
        if (_bytes.Length > 64 * 1024)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }

        if (_elements.Length <= MostKeptElements) pool.Return(this);
    }

    private void CompleteMerged(ClientSession session)
    {
        switch (_rule)
        {
            case RouteRule.SplitSum:
                session.Complete(_number, session.Loop.Builder.Start(session.IsResp3).Integer(_sum).Written);
                break;
            case RouteRule.SplitOk:
                session.Complete(_number, "+OK\r\n"u8);
                break;
            default:
                CompleteArray(session);
                break;
        }
    }

    private void CompleteArray(ClientSession session)
    {
        byte[] merged = ArrayPool<byte>.Shared.Rent(_used + 16);
        merged[0] = (byte)'*';
        Utf8Formatter.TryFormat(_elementCount, merged.AsSpan(1), out int digits);
        int length = 1 + digits;
        merged[length++] = (byte)'\r';
        merged[length++] = (byte)'\n';
        for (int i = 0; i < _elementCount; i++)
        {
            (int offset, int size) = _elements[i];
            _bytes.AsSpan(offset, size).CopyTo(merged.AsSpan(length));
            length += size;
        }

        session.Complete(_number, merged.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(merged);
    }

    private void GrowBytes(int more)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(1024, checked((_used + more) * 2)));
        _bytes.AsSpan(0, _used).CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}

/// <summary>Split requests not in use. One event loop's.</summary>
internal sealed class SplitPool
{
    /// <summary>Kept at the most: as many as are plausibly in flight at once.</summary>
    private const int Capacity = 256;

    private readonly Stack<SplitRequest> _free = new();

    public SplitRequest Rent() => _free.TryPop(out SplitRequest? split) ? split : new SplitRequest(this);

    public void Return(SplitRequest split)
    {
        if (_free.Count < Capacity) _free.Push(split);
    }
}
