using System.Buffers;
using System.Runtime.CompilerServices;
using RespProxy.Configuration;
using RespProxy.Downstream.Blocking;
using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Routing;

/// <summary>
/// Stages 7 to 10: finds the keys, plans the route, writes the request in the tenant's namespace straight into the node connection's
/// output, and sends it.
///
/// <para>The plan: all keys in one slot, or a standalone upstream: the request goes whole. Otherwise a command whose replies can be
/// merged is split by slot; any other is refused with CROSSSLOT, as a cluster would. No ready connection: the request is parked
/// and sent as soon as there is one.</para>
///
/// One event loop's.
/// </summary>
internal sealed class RequestRouter(ProxyLoop loop)
{
    private readonly KeyIndexes _keys = new();
    private readonly SplitPlanner _planner = new();

    /// <summary>False: not now; offer the request again once nothing is owed to the client.</summary>
    public bool TryRoute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (!TryFindNames(request, spec, _keys, out ReadOnlySpan<byte> error))
        {
            session.ReplyError(error);
            return true;
        }

        UpstreamLoop upstream = session.Upstream;
        SlotMap? map = upstream.Map;
        if (map is not null && map.Version != session.MapVersion)
        {
            // Requests in flight were routed by an older map: a slot may have moved, and what is sent to its new owner now could run
            // before what is still under way to the old one.
            if (session.Pending > 0) return session.WaitUntilIdle();
            session.MapVersion = map.Version;
        }

        KeyNamespace ns = NamespaceOf(session, spec);
        if (_keys.HasMore && IsDealtWith(session, request, spec, map)) return true;
        int slot = ns.SlotOf(request[_keys[0]]);
        if (_keys.Count > 1 && upstream.Snapshot.Mode == UpstreamMode.Cluster && !AllIn(slot, request, ns))
        {
            if (spec.Route is RouteRule.Keyed or RouteRule.Blocking) session.Reply(WireErrors.CrossSlot);
            else Split(session, request, spec, map);
            return true;
        }

        if (spec.Route == RouteRule.Blocking || _keys.Blocks) return TryBlock(session, request, spec, slot);
        if (spec.Keys.Shape == KeyShape.Sort && session.Identity.IsConfined) return TryShare(session, request, spec, map, slot);
        SendWhole(session, request, spec, map, slot, ns, upstream);
        return true;
    }

    /// <summary>SORT reads keys by patterns, which the nodes allow no user with patterns of its own: as the upstream's user, and nothing beside it.</summary>
    private bool TryShare(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map, int slot)
    {
        if (session.Pending > 0) return session.WaitUntilIdle();
        SendWhole(session, request, spec, map, slot, session.Namespace, session.Identity.SharedUpstream);
        session.OnDelayed(default);
        return true;
    }

    /// <summary>Where the names of a request are: the client's database, or the tenant's channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KeyNamespace NamespaceOf(ClientSession session, CommandSpec spec) =>
        spec.Route == RouteRule.Channel ? ChannelName.NamespaceOf(session.Tenant!, spec) : session.Namespace;

    /// <summary>True when every pattern that the request names keys by has a form upstream.</summary>
    public static bool CanWritePatterns(in RequestView request, KeyIndexes keys, KeyNamespace ns)
    {
        foreach (int pattern in keys.Patterns)
        {
            if (!SortPattern.CanBeWritten(request[pattern], ns)) return false;
        }

        return true;
    }

    /// <summary>A request that names keys by patterns, or a key of another database. False: it can be sent as any other.</summary>
    private bool IsDealtWith(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map)
    {
        KeyNamespace ns = session.Namespace;
        if (_keys.DatabaseArgument == 0)
        {
            if (CanWritePatterns(request, _keys, ns)) return false;
            session.Reply(KeyspaceErrors.PatternWithoutTag);
        }
        else if (!DatabaseTransfer.TryRead(session, ns, request, spec, _keys, out DatabaseTransfer transfer, out ReadOnlySpan<byte> error))
        {
            session.Reply(error);
        }
        else if (transfer.Slot < 0)
        {
            session.Reply(KeyspaceErrors.DatabasesApart);
        }
        else
        {
            session.Identity.Insight?.OnRequestAlone(request, spec, _keys.Items[..1], ns.Database);
            SendBytes(session, InFlightOf(session, spec, transfer.Slot), map, transfer.Bytes);
        }

        return true;
    }

    /// <summary>Finds what goes into the namespace: the keys, or the channel of PUBLISH. False, with the text to answer, when there is nothing.</summary>
    public static bool TryFindNames(in RequestView request, CommandSpec spec, KeyIndexes names, out ReadOnlySpan<byte> error)
    {
        error = default;
        if (spec.Route == RouteRule.Channel)
        {
            names.Clear();
            names.Add(1);
            return true;
        }

        if (KeyExtractor.Extract(request, spec, names, out error) == KeyExtraction.Found && names.Count > 0) return true;
        if (error.IsEmpty) error = "ERR syntax error"u8;
        return false;
    }

    /// <summary>Gives the request a connection of its own to wait on. What was sent before must have run.</summary>
    private bool TryBlock(ClientSession session, in RequestView request, CommandSpec spec, int slot)
    {
        if (session.Pending > 0) return session.WaitUntilIdle();
        KeyNamespace ns = session.Namespace;
        session.Identity.Insight?.OnRequestAlone(request, spec, _keys.Items, ns.Database);
        var bytes = new byte[RequestRewriter.MaxLength(request.Frame.Length, _keys, ns)];
        Array.Resize(ref bytes, RequestRewriter.Write(request, _keys, ns, bytes));
        InFlightRequest inFlight = InFlightOf(session, spec, slot);
        if (session.Tracking is not null) inFlight.Sink = session.Tracking.Begin(request, spec, _keys.Items, node: null, session);
        session.Block(new BlockedRequest(session, bytes, inFlight));
        return true;
    }

    private bool AllIn(int slot, in RequestView request, KeyNamespace ns)
    {
        for (int i = 1; i < _keys.Count; i++)
        {
            if (ns.SlotOf(request[_keys[i]]) != slot) return false;
        }

        return true;
    }

    /// <summary>9. Reserves the reply's place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private InFlightRequest InFlightOf(ClientSession session, CommandSpec spec, int slot) => new()
    {
        Sink = session,
        Command = spec,
        StartedAt = loop.Events.Now,
        Slot = (ushort)slot,
        Mark = session.TakeReplyMark(),
        Tag = session.Reserve(),
    };

    private static void SendBytes(ClientSession session, in InFlightRequest inFlight, SlotMap? map, ReadOnlySpan<byte> bytes)
    {
        NodeConnection? node = map is null ? null : session.Upstream.Select(map, inFlight.Slot, session.IsResp3);
        if (node is null)
        {
            Park(session, session.Upstream, inFlight, bytes);
            return;
        }

        bytes.CopyTo(node.GetSpan(bytes.Length));
        node.Send(bytes.Length, inFlight);
        if (node.IsCongested) session.Flow.WaitForRelief(node);
    }

    private void SendWhole(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map, int slot, KeyNamespace ns, UpstreamLoop upstream)
    {
        int size = RequestRewriter.MaxLength(request.Frame.Length, _keys, ns);
        InFlightRequest inFlight = InFlightOf(session, spec, slot);
        if (session.Near is not null) session.Near.OnSending(ref inFlight, request, _keys);
        if (session.Identity.Insight is { } insight) inFlight.ObserveFrom = insight.OnRequest(request, spec, _keys.Items, ns.Database);
        NodeConnection? node = map is null ? null : upstream.Select(map, slot, session.IsResp3);
        if (session.Tracking is not null) inFlight.Sink = session.Tracking.Begin(request, spec, _keys.Items, node, session);
        if (node is not null)
        {
            node.Send(RequestRewriter.Write(request, _keys, ns, node.GetSpan(size)), inFlight);
            if (node.IsCongested) session.Flow.WaitForRelief(node);
        }
        else
        {
            byte[] scratch = ArrayPool<byte>.Shared.Rent(size);
            int length = RequestRewriter.Write(request, _keys, ns, scratch);
            Park(session, upstream, inFlight, scratch.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private void Split(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map)
    {
        KeyNamespace ns = session.Namespace;
        int stride = spec.Keys.Step;
        SplitRequest split = loop.Splits.Rent();
        int parts = _planner.Plan(request, _keys, ns);
        uint observeFrom = session.Identity.Insight?.OnRequest(request, spec, _keys.Items, ns.Database) ?? 0;
        split.Begin(session, spec.Route, session.TakeReplyMark(), session.Reserve(), _planner, parts);
        for (int part = 0; part < parts; part++)
        {
            ReadOnlySpan<int> keys = _planner.KeysOf(part);
            var inFlight = new InFlightRequest
            {
                Sink = split,
                Command = spec,
                StartedAt = loop.Events.Now,
                Slot = (ushort)_planner.SlotOf(part),
                Tag = (uint)part,
                ObserveFrom = observeFrom,
            };
            SendPart(session, request, inFlight, keys, stride, map);
        }
    }

    private static void SendPart(ClientSession session, in RequestView request, InFlightRequest inFlight, ReadOnlySpan<int> keys, int stride, SlotMap? map)
    {
        KeyNamespace ns = session.Namespace;
        int size = RequestRewriter.MaxPartLength(request, keys, stride, ns);
        NodeConnection? node = map is null ? null : session.Upstream.Select(map, inFlight.Slot, session.IsResp3);
        if (session.Tracking is not null) inFlight.Sink = session.Tracking.Begin(request, inFlight.Command!, keys, node, inFlight.Sink!);
        if (node is not null)
        {
            node.Send(RequestRewriter.WritePart(request, keys, stride, ns, node.GetSpan(size)), inFlight);
            if (node.IsCongested) session.Flow.WaitForRelief(node);
        }
        else
        {
            byte[] scratch = ArrayPool<byte>.Shared.Rent(size);
            int length = RequestRewriter.WritePart(request, keys, stride, ns, scratch);
            Park(session, session.Upstream, inFlight, scratch.AsSpan(0, length));
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static void Park(ClientSession session, UpstreamLoop upstream, in InFlightRequest inFlight, ReadOnlySpan<byte> bytes)
    {
        // Parked first, then told of the delay: a request that fails at once must find its session as it left it.
        session.OnDelayed(inFlight);
        upstream.Park(inFlight, bytes, session.IsResp3);
    }
}
