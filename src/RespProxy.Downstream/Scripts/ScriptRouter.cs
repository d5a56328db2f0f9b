using System.Buffers;
using RespProxy.Configuration;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Scripts;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Scripts;

/// <summary>
/// EVAL, EVALSHA, SCRIPT LOAD, FCALL: stages 7 to 10 for scripts, direct and queued. Keys are put into the namespace as everywhere; what a script does
/// beyond them is for the node to refuse (<see cref="ScriptUsers"/>).
///
/// <para>A call by digest goes out with the source the first time a connection sees it, and by digest after that: a node that has not got
/// the script is then rare (its cache was flushed), and told the source at once. In a transaction the source always goes along.</para>
///
/// <para>Without keys it goes to the owner of the slot of the bare namespace: the same node for every such script of a tenant, and in a transaction
/// wherever the keys are. One event loop's.</para>
/// </summary>
internal sealed class ScriptRouter(ProxyLoop loop)
{
    private readonly KeyIndexes _keys = new();
    private readonly ScriptUsers _users = new(loop);

    /// <summary>The tenant is not configured any more, and has no clients.</summary>
    public void Forget(Tenant tenant) => _users.Forget(tenant);

    /// <summary>False: not now; offered again.</summary>
    public bool TryExecute(ClientSession session, in RequestView request, CommandSpec spec)
    {
        if (KeyExtractor.Extract(request, spec, _keys, out ReadOnlySpan<byte> error) != KeyExtraction.Found)
        {
            Refuse(session, spec, error);
            return true;
        }

        ScriptEntry entry = _users.TryEnter(session, spec);
        if (entry != ScriptEntry.Allowed) return entry == ScriptEntry.Refused;
        KeptScript? script = null;
        if (IsByDigest(spec) && !TryFind(session, request[1], out script) && session.Pending > 0) return session.WaitUntilIdle();
        if (session.Transaction is { } transaction)
        {
            Queue(session, request, spec, script, transaction);
            return true;
        }

        return TryRun(session, request, spec, script);
    }

    /// <summary>Within a transaction a node finds such an error when it executes, and executes the rest.</summary>
    private static void Refuse(ClientSession session, CommandSpec spec, ReadOnlySpan<byte> error)
    {
        if (session.Transaction is not { } transaction)
        {
            session.ReplyError(error);
            return;
        }

        transaction.QueueAnswer(spec, [(byte)'-', .. error, .. "\r\n"u8]);
        session.Reply(TransactionCommands.Queued);
    }

    private bool TryRun(ClientSession session, in RequestView request, CommandSpec spec, KeptScript? script)
    {
        if (IsByDigest(spec) && script is null)
        {
            session.Reply(WireErrors.NoScript);
            return true;
        }

        SlotMap? map = session.Upstream.Map;
        if (map is not null && map.Version != session.MapVersion)
        {
            if (session.Pending > 0) return session.WaitUntilIdle();
            session.MapVersion = map.Version;
        }

        int slot = SlotOf(request, session);
        if (slot >= 0) session.Identity.Insight?.OnRequestAlone(request, spec, _keys.Items, session.Namespace.Database);
        if (slot < 0) session.Reply(WireErrors.CrossSlot);
        else if (IsFunction(spec)) SendFunction(session, request, spec, map, slot);
        else if (script is not null) SendByDigest(session, request, spec, map, slot, script);
        else SendSource(session, request, spec, map, slot);
        return true;
    }

    /// <summary>EVAL, SCRIPT LOAD.</summary>
    private void SendSource(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map, int slot)
    {
        bool isLoad = IsLoad(spec);
        ReadOnlySpan<byte> source = request[isLoad ? 2 : 1];
        ScriptDigest digest = ScriptDigest.Of(source);
        ScriptRegistry registry = session.Tenant!.Scripts;
        bool isKnown = registry.TryGet(digest, out _) && !isLoad;
        IReplySink sink = isKnown ? session : new FirstRun(session, session.Tenant, digest, source.ToArray(), isLoad);
        NodeConnection? node = map is null ? null : session.Upstream.Select(map, slot, session.IsResp3);
        Send(session, request, InFlight(session, spec, Tracked(session, request, spec, node, sink), slot), node);
        node?.SentScripts.Add(digest.Short);
    }

    private void SendByDigest(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map, int slot, KeptScript script)
    {
        NodeConnection? node = map is null ? null : session.Upstream.Select(map, slot, session.IsResp3);
        bool isSent = node is not null && node.SentScripts.Contains(script.Digest.Short);
        // Sinks tell their own calls apart from those that carry the source already.
        IReplySink sink = Tracked(session, request, spec, node, isSent ? new ScriptCall(session, spec, script) : session);
        InFlightRequest inFlight = InFlight(session, spec, sink, slot);
        if (isSent)
        {
            Send(session, request, inFlight, node);
            return;
        }

        byte[] call = ScriptRequest.WithSource(spec, Rewritten(session, request), script.Source);
        Send(session, call, inFlight, node);
        node?.SentScripts.Add(script.Digest.Short);
    }

    private void SendFunction(ClientSession session, in RequestView request, CommandSpec spec, SlotMap? map, int slot)
    {
        NodeConnection? node = map is null ? null : session.Upstream.Select(map, slot, session.IsResp3);
        byte[] call = ScriptRequest.WithPrefix(Rewritten(session, request), session.Namespace.FunctionPrefix);
        Send(session, call, InFlight(session, spec, Tracked(session, request, spec, node, session), slot), node);
    }

    private void Send(ClientSession session, in RequestView request, in InFlightRequest inFlight, NodeConnection? node)
    {
        KeyNamespace ns = session.Namespace;
        int size = RequestRewriter.MaxLength(request.Frame.Length, _keys, ns);
        if (node is not null)
        {
            node.Send(RequestRewriter.Write(request, _keys, ns, node.GetSpan(size)), inFlight);
            if (node.IsCongested) session.Flow.WaitForRelief(node);
            return;
        }

        byte[] scratch = ArrayPool<byte>.Shared.Rent(size);
        Send(session, scratch.AsSpan(0, RequestRewriter.Write(request, _keys, ns, scratch)), inFlight, null);
        ArrayPool<byte>.Shared.Return(scratch);
    }

    private static void Send(ClientSession session, ReadOnlySpan<byte> bytes, in InFlightRequest inFlight, NodeConnection? node)
    {
        if (node is null)
        {
            session.OnDelayed(inFlight);
            session.Upstream.Park(inFlight, bytes, session.IsResp3);
            return;
        }

        bytes.CopyTo(node.GetSpan(bytes.Length));
        node.Send(bytes.Length, inFlight);
        if (node.IsCongested) session.Flow.WaitForRelief(node);
    }

    /// <summary>For a client that tracks: what a script reads counts as read by its caller, as in Redis.</summary>
    private IReplySink Tracked(ClientSession session, in RequestView request, CommandSpec spec, NodeConnection? node, IReplySink sink) =>
        session.Tracking is null ? sink : session.Tracking.Begin(request, spec, _keys.Items, node, sink);

    private InFlightRequest InFlight(ClientSession session, CommandSpec spec, IReplySink sink, int slot) => new()
    {
        Sink = sink,
        Command = spec,
        StartedAt = loop.Events.Now,
        Slot = (ushort)slot,
        Mark = session.TakeReplyMark(),
        Tag = session.Reserve(),
    };

    /// <summary>Within MULTI a script counts as the tenant's from when it is queued; nobody can tell before EXEC whether it compiles.</summary>
    private void Queue(ClientSession session, in RequestView request, CommandSpec spec, KeptScript? script, Transaction transaction)
    {
        if (IsByDigest(spec) && script is null)
        {
            transaction.QueueLocal(spec, request);
            session.Reply(TransactionCommands.Queued);
            return;
        }

        if (transaction.Trailing.Count > 0)
        {
            transaction.IsDirty = true;
            session.ReplyError(Refusals.BehindKeyspace(spec));
            return;
        }

        if (TransactionCommands.IsTooLarge(session, transaction, request.Frame.Length + (script?.Source.Length ?? 0))) return;
        int slot = SlotOf(request, session);
        if (!TryPlace(session, transaction, slot))
        {
            transaction.IsDirty = true;
            session.Reply(WireErrors.CrossSlot);
            return;
        }

        session.Tracking?.Queue(transaction, request, spec, _keys);
        session.Identity.Insight?.OnRequestAlone(request, spec, _keys.Items, transaction.Namespace.Database);
        byte[] call = Rewritten(session, request);
        if (IsFunction(spec)) call = ScriptRequest.WithPrefix(call, session.Namespace.FunctionPrefix);
        else if (script is not null) call = ScriptRequest.WithSource(spec, call, script.Source);
        else Keep(session, request[IsLoad(spec) ? 2 : 1], IsLoad(spec));
        call.CopyTo(transaction.Reserve(call.Length));
        transaction.Queue(spec, call.Length);
        session.Reply(TransactionCommands.Queued);
    }

    private bool TryPlace(ClientSession session, Transaction transaction, int slot)
    {
        if (_keys.Count == 0)
        {
            if (transaction.ChannelSlot < 0) transaction.ChannelSlot = slot;
            return true;
        }

        int wanted = transaction.Slot >= 0 ? transaction.Slot : session.Watch?.Slot ?? slot;
        if (slot < 0 || slot != wanted) return false;
        transaction.Slot = slot;
        return true;
    }

    private static void Keep(ClientSession session, ReadOnlySpan<byte> source, bool isLoad) =>
        session.Tenant!.Scripts.Add(ScriptDigest.Of(source), source, isLoad);

    private byte[] Rewritten(ClientSession session, in RequestView request)
    {
        KeyNamespace ns = NamespaceOf(session);
        var bytes = new byte[RequestRewriter.MaxLength(request.Frame.Length, _keys, ns)];
        Array.Resize(ref bytes, RequestRewriter.Write(request, _keys, ns, bytes));
        return bytes;
    }

    /// <summary>The slot of all keys, or of the bare namespace when there are none; -1 when they are not in one.</summary>
    private int SlotOf(in RequestView request, ClientSession session)
    {
        if (session.Upstream.Snapshot.Mode == UpstreamMode.Standalone) return 0;
        KeyNamespace ns = NamespaceOf(session);
        int slot = ns.SlotOf(_keys.Count == 0 ? default : request[_keys[0]]);
        for (int i = 1; i < _keys.Count; i++)
        {
            if (ns.SlotOf(request[_keys[i]]) != slot) return -1;
        }

        return slot;
    }

    /// <summary>A SELECT that is queued holds for what is queued after it.</summary>
    private static KeyNamespace NamespaceOf(ClientSession session) => session.Transaction?.Namespace ?? session.Namespace;

    private static bool TryFind(ClientSession session, ReadOnlySpan<byte> digest, out KeptScript? script)
    {
        script = null;
        return ScriptDigest.TryParse(digest, out ScriptDigest parsed) && session.Tenant!.Scripts.TryGet(parsed, out script);
    }

    private static bool IsByDigest(CommandSpec spec) => spec.Name is "EVALSHA" or "EVALSHA_RO";

    private static bool IsFunction(CommandSpec spec) => spec.Name is "FCALL" or "FCALL_RO";

    private static bool IsLoad(CommandSpec spec) => spec.Name == "SCRIPT|LOAD";
}
