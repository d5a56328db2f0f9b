using RespProxy.Configuration;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.Keyspace;
using RespProxy.Downstream.PubSub;
using RespProxy.Downstream.Routing;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Transactions;

/// <summary>Stages 7 to 10 for transactions: what may be queued, where EXEC and WATCH go. One event loop's.</summary>
internal sealed class TransactionRouter(ProxyLoop loop)
{
    private static readonly CommandSpec ExecSpec = CommandTable.Find("EXEC"u8)!;

    private readonly KeyIndexes _keys = new();

    /// <summary>Adds a command for the node to the transaction; otherwise answers why not and returns false.</summary>
    public bool TryQueue(ClientSession session, in RequestView request, CommandSpec spec, Transaction transaction)
    {
        if (transaction.Trailing.Count > 0)
        {
            session.ReplyError(Refusals.BehindKeyspace(spec));
            return false;
        }

        if (!RequestRouter.TryFindNames(request, spec, _keys, out ReadOnlySpan<byte> error))
        {
            // A node finds such an error when it executes, and executes the rest.
            transaction.QueueAnswer(spec, [(byte)'-', .. error, .. "\r\n"u8]);
            return true;
        }

        KeyNamespace ns = spec.Route == RouteRule.Channel ? ChannelName.NamespaceOf(session.Tenant!, spec) : transaction.Namespace;
        if (_keys.HasMore && IsDealtWith(session, request, spec, transaction, out bool isQueued)) return isQueued;
        if (!TryTakeSlot(session, spec, transaction, CommonSlot(request, ns, session.Upstream))) return false;
        session.Tracking?.Queue(transaction, request, spec, _keys);
        session.Identity.Insight?.OnRequestAlone(request, spec, _keys.Items, ns.Database);
        int size = RequestRewriter.MaxLength(request.Frame.Length, _keys, ns);
        transaction.Queue(spec, RequestRewriter.Write(request, _keys, ns, transaction.Reserve(size)));
        return true;
    }

    /// <summary>All keys of a transaction are in one slot. Otherwise answers so and returns false.</summary>
    private static bool TryTakeSlot(ClientSession session, CommandSpec spec, Transaction transaction, int slot)
    {
        int wanted = transaction.Slot >= 0 ? transaction.Slot : session.Watch?.Slot ?? slot;
        if (spec.Name == "PUBLISH")
        {
            // Any node will do: it goes along with the keys.
            if (transaction.ChannelSlot < 0) transaction.ChannelSlot = slot;
        }
        else if (slot < 0 || slot != wanted)
        {
            session.Reply(WireErrors.CrossSlot);
            return false;
        }
        else
        {
            transaction.Slot = slot;
        }

        return true;
    }

    /// <summary>Queues what names a key of another database, or refuses a pattern without a form upstream. False: it is queued as any other.</summary>
    private bool IsDealtWith(ClientSession session, in RequestView request, CommandSpec spec, Transaction transaction, out bool isQueued)
    {
        isQueued = false;
        if (_keys.DatabaseArgument == 0)
        {
            if (RequestRouter.CanWritePatterns(request, _keys, transaction.Namespace)) return false;
            session.Reply(KeyspaceErrors.PatternWithoutTag);
        }
        else if (!DatabaseTransfer.TryRead(session, transaction.Namespace, request, spec, _keys, out DatabaseTransfer transfer, out ReadOnlySpan<byte> error))
        {
            transaction.QueueAnswer(spec, error);
            isQueued = true;
        }
        else if (transfer.Slot < 0)
        {
            session.Reply(KeyspaceErrors.DatabasesApart);
        }
        else if (TryTakeSlot(session, spec, transaction, session.Upstream.Snapshot.Mode == UpstreamMode.Standalone ? 0 : transfer.Slot))
        {
            transfer.Bytes.CopyTo(transaction.Reserve(transfer.Bytes.Length));
            transaction.Queue(spec, transfer.Bytes.Length);
            isQueued = true;
        }

        return true;
    }

    /// <summary>Sends MULTI ... EXEC as one. False: not now; offered again when nothing is owed.</summary>
    public bool TryExec(ClientSession session, Transaction transaction)
    {
        WatchLease? watch = session.Watch;
        SlotMap? map = session.Upstream.Map;
        bool mapChanged = map is not null && map.Version != session.MapVersion;
        // A guarded EXEC takes another connection than what was sent before it, and the whole keyspace takes all of them; a SELECT in it changes what
        // their replies are read by.
        if (session.Pending > 0 && (mapChanged || watch is not null || transaction.HasKeyspace || transaction.Selects)) return session.WaitUntilIdle();
        if (mapChanged) session.MapVersion = map!.Version;
        session.Transaction = null;
        session.Watch = null;
        if (watch is not null && (watch.IsBroken || watch.Connection.IsClosed))
        {
            watch.End();
            session.Reply(loop.Builder.Start(session.IsResp3).NullArray().Written);
        }
        else
        {
            Run(session, transaction, new TransactionRun(session, transaction, watch, session.TakeReplyMark(), session.Reserve()), watch);
        }

        return true;
    }

    /// <summary>Commands on the whole keyspace that were queued first come first; then what the node runs as one, which the rest follows.</summary>
    private void Run(ClientSession session, Transaction transaction, TransactionRun run, WatchLease? watch)
    {
        // Nothing of the client's may get in between.
        if (transaction.HasKeyspace) session.OnDelayed(default);
        if (transaction.Leading.Count > 0) run.Steps.Run(transaction.Leading, () => SendUnit(session, transaction, run, watch));
        else SendUnit(session, transaction, run, watch);
    }

    private void SendUnit(ClientSession session, Transaction transaction, TransactionRun run, WatchLease? watch)
    {
        if (watch is null && transaction.NodeCommands == 0) run.CompleteLocally();
        else Send(session, transaction, run, watch);
    }

    /// <summary>Sends WATCH over the client's leased connection. False: not now; offered again when nothing is owed.</summary>
    public bool TryWatch(ClientSession session, in RequestView request, CommandSpec spec)
    {
        // What was sent before must have run before the watch begins.
        if (session.Pending > 0) return session.WaitUntilIdle();
        if (KeyExtractor.Extract(request, spec, _keys, out ReadOnlySpan<byte> error) != KeyExtraction.Found)
        {
            session.ReplyError(error);
            return true;
        }

        KeyNamespace ns = session.Namespace;
        int slot = CommonSlot(request, ns, session.Upstream);
        if (slot < 0 || (session.Watch is { } open && open.Slot != slot))
        {
            session.Reply(WireErrors.CrossSlot);
            return true;
        }

        if (session.Watch is null && !TryLease(session, slot)) return true;
        WatchLease watch = session.Watch!;
        if (!watch.Connection.IsReady && !watch.Connection.IsClosed) return WaitForLease(session, watch);
        SendWatch(session, request, spec, watch, ns);
        return true;
    }

    private void Send(ClientSession session, Transaction transaction, TransactionRun run, WatchLease? watch)
    {
        SlotMap? map = session.Upstream.Map;
        transaction.Close();
        int slot = transaction.Slot >= 0 ? transaction.Slot : watch?.Slot ?? transaction.ChannelSlot;
        var inFlight = new InFlightRequest
        {
            Sink = run,
            Command = ExecSpec,
            StartedAt = loop.Events.Now,
            Slot = (ushort)slot,
            Mark = run.Mark,
            Tag = run.Number,
            EarlyReplies = transaction.NodeCommands + 1,
            ObserveFrom = session.Identity.Insight?.BigKeys is null ? 0 : TenantInsight.AnyReply,
        };
        NodeConnection? node = watch?.Connection ?? (map is null ? null : session.Upstream.Select(map, slot, session.IsResp3));
        // The connection of a watch does not track.
        if (session.Tracking is not null) inFlight.Sink = session.Tracking.BeginUnit(transaction, watch is null ? node : null, run);
        if (node is not null)
        {
            transaction.Bytes.CopyTo(node.GetSpan(transaction.Length));
            node.Send(transaction.Length, inFlight);
            // And what comes after a guarded one takes the shared connection again; what the proxy answers itself has its effect with EXEC's reply.
            if (watch is not null || transaction.HasLocalCommands) session.OnDelayed(inFlight);
        }
        else
        {
            session.OnDelayed(inFlight);
            session.Upstream.Park(inFlight, transaction.Bytes, session.IsResp3);
        }
    }

    private void SendWatch(ClientSession session, in RequestView request, CommandSpec spec, WatchLease watch, KeyNamespace ns)
    {
        if (watch.Connection.IsClosed)
        {
            session.EndWatch();
            session.Reply(WireErrors.NotExecuted);
            return;
        }

        var inFlight = new InFlightRequest
        {
            Sink = watch,
            Command = spec,
            StartedAt = loop.Events.Now,
            Slot = (ushort)watch.Slot,
            Mark = session.TakeReplyMark(),
            Tag = session.Reserve(),
        };
        int size = RequestRewriter.MaxLength(request.Frame.Length, _keys, ns);
        watch.Sent();
        watch.Connection.Send(RequestRewriter.Write(request, _keys, ns, watch.Connection.GetSpan(size)), inFlight);
        // A read that overtook the watch could be stale by the time the watch begins.
        session.OnDelayed(inFlight);
    }

    private static bool TryLease(ClientSession session, int slot)
    {
        UpstreamLoop upstream = session.Upstream;
        Node? node = upstream.Map?.PrimaryOf(slot);
        NodeConnection? connection = node is null ? null : upstream.Lease(node, session.IsResp3);
        if (connection is null)
        {
            session.Reply(node is null ? WireErrors.NotExecuted : WireErrors.TooManyLeases);
            return false;
        }

        session.Watch = new WatchLease(session, upstream, connection, slot);
        return true;
    }

    private static bool WaitForLease(ClientSession session, WatchLease watch)
    {
        session.WaitUntilIdle();
        watch.Connection.WhenReady(session.EndWait);
        return false;
    }

    /// <summary>The slot of all keys, or -1; on a standalone any slot will do, so it is that of the first.</summary>
    private int CommonSlot(in RequestView request, KeyNamespace ns, UpstreamLoop upstream)
    {
        if (upstream.Snapshot.Mode == UpstreamMode.Standalone) return 0;
        int slot = ns.SlotOf(request[_keys[0]]);
        for (int i = 1; i < _keys.Count; i++)
        {
            if (ns.SlotOf(request[_keys[i]]) != slot) return -1;
        }

        return slot;
    }
}
