using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Transactions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Tracking;

/// <summary>Which keys a tracking client hears of (https://redis.io/docs/latest/commands/client-tracking/).</summary>
internal enum TrackingMode : byte
{
    /// <summary>Those it has read.</summary>
    Reads,

    /// <summary>Those it has read directly after CLIENT CACHING YES.</summary>
    OptIn,

    /// <summary>Those it has read, unless directly after CLIENT CACHING NO.</summary>
    OptOut,

    /// <summary>All of its namespace that start with one of its prefixes, read or not.</summary>
    Broadcast,
}

/// <summary>
/// CLIENT TRACKING of one client, from ON to OFF (or RESET, another tenant, HELLO 2, its end). A client that never tracks has none.
///
/// <para>What is guaranteed: of a value that was read while it was tracked, the client hears that it is void after the reply that
/// carried it, never before, once another has changed it and the node has said so. Where the proxy cannot be sure that the node
/// remembers a read (it was redirected, sent again or parked, or took a connection of its own), the key is invalidated directly
/// behind the reply: such a value is not kept, and none that is kept is forgotten. See docs/decisions/tracking.md.</para>
///
/// Loop thread only, but for what says otherwise.
/// </summary>
internal sealed class ClientTracking(ClientSession session, UpstreamTracking upstream)
{
    private Caching _next;

    /// <summary>What CLIENT CACHING has said of the next command.</summary>
    private enum Caching : byte
    {
        Unsaid,
        Yes,
        No,
    }

    /// <summary>May be read from any thread.</summary>
    public TrackingMode Mode { get; private set; }

    /// <summary>The client does not want to hear of its own writes.</summary>
    public bool IsNoLoop { get; private set; }

    /// <summary>BCAST: the client's prefixes, in byte order; a single empty one for all keys.</summary>
    public SortedSet<byte[]> Prefixes { get; } = new(PrefixOrder.Instance);

    /// <summary>Nothing is to be told to this client any more.</summary>
    public bool IsOver { get; private set; }

    /// <summary>CLIENT CACHING was called directly before.</summary>
    public bool IsCachingSaid => _next != Caching.Unsaid;

    private bool TracksNext => Mode switch
    {
        TrackingMode.Reads => true,
        TrackingMode.OptIn => _next == Caching.Yes,
        TrackingMode.OptOut => _next != Caching.No,
        _ => false,
    };

    public void Configure(TrackingMode mode, bool noLoop, IReadOnlyList<byte[]> prefixes)
    {
        Mode = mode;
        IsNoLoop = noLoop;
        Prefixes.UnionWith(prefixes);
        if (mode == TrackingMode.Broadcast && prefixes.Count == 0) Prefixes.Add([]);
    }

    public void SayCaching(bool yes) => _next = yes ? Caching.Yes : Caching.No;

    /// <summary>Runs a command of the client. False: not now; it is offered again.</summary>
    public bool Run(in RequestView request, CommandSpec spec)
    {
        bool done = CommandGate.Run(session, request, spec);
        if (done) AfterCommand(spec);
        return done;
    }

    /// <summary>What CLIENT CACHING said holds for one command; CLIENT's own do not count, and from MULTI to EXEC all are one.</summary>
    public void AfterCommand(CommandSpec? spec)
    {
        if (session.Transaction is null && spec?.Local is not (LocalCommand.Client or LocalCommand.Tracking)) _next = Caching.Unsaid;
    }

    /// <summary>
    /// Before a request is sent: sees to it that the node remembers what is read, and that the proxy does. Returns who is to get the reply
    /// in place of <paramref name="sink"/>.
    /// </summary>
    /// <param name="request">The client's request.</param>
    /// <param name="spec">Its command.</param>
    /// <param name="keys">The arguments that are its keys, or those of the part to be sent.</param>
    /// <param name="node">The shared connection it is to take; null when there is none just now, or when it takes another.</param>
    /// <param name="sink">Who is owed the reply.</param>
    public IReplySink Begin(in RequestView request, CommandSpec spec, ReadOnlySpan<int> keys, NodeConnection? node, IReplySink sink)
    {
        if (spec.IsReadOnly || spec.RunsScript) return TracksNext ? BeginRead(NamesIn(request, keys, session.Namespace), node, sink) : sink;
        if (!IsNoLoop || node is null || Mode == TrackingMode.Broadcast || !OwnWrite.IsCertain(request, spec)) return sink;
        return node.Pushes is TrackingTable table ? new OwnWrite(this, sink, table, [.. NamesIn(request, keys, session.Namespace).Select(key => key.Upstream)]) : sink;
    }

    /// <summary>Notes what a queued command will read.</summary>
    public void Queue(Transaction transaction, in RequestView request, CommandSpec spec, KeyIndexes keys)
    {
        if ((spec.IsReadOnly || spec.RunsScript) && Mode != TrackingMode.Broadcast) transaction.Reads.AddRange(NamesIn(request, keys.Items, transaction.Namespace));
    }

    /// <summary>As <see cref="Begin"/>, for MULTI ... EXEC as a whole.</summary>
    public IReplySink BeginUnit(Transaction transaction, NodeConnection? node, IReplySink sink)
    {
        if (transaction.Reads.Count == 0) return sink;
        // Of CLIENT CACHING among the queued commands it is enough to know that it is there: tracking too much costs an invalidation at worst.
        bool isTracked = TracksNext || transaction.Commands.Exists(command => command.Spec.Name == "CLIENT|CACHING");
        return isTracked ? BeginRead([.. transaction.Reads], node, sink) : sink;
    }

    /// <summary>A key the client may have cached was changed.</summary>
    public void Invalidate(ReadOnlySpan<byte> key)
    {
        if (!IsOver) session.PushInTurn(Start().Array(1).Bulk(key).Written);
    }

    /// <summary>Several of the client's keys were changed.</summary>
    public void Invalidate(List<byte[]> keys)
    {
        if (IsOver) return;
        ReplyBuilder push = Start().Array(keys.Count);
        foreach (byte[] key in keys) push.Bulk(key);
        session.PushInTurn(push.Written);
    }

    /// <summary>Nothing that the client has cached is sure any more.</summary>
    public void InvalidateAll()
    {
        if (!IsOver) session.PushInTurn(Start().Null().Written);
    }

    public void End()
    {
        if (IsOver) return;
        IsOver = true;
        upstream.Leave(this);
        session.Tracking = null;
    }

    private ReplyBuilder Start() => session.Loop.Builder.Start(resp3: true).Push(2).Bulk("invalidate"u8);

    private TrackedRead BeginRead(TrackedName[] keys, NodeConnection? node, IReplySink sink)
    {
        TrackingTable? table = node is null ? null : upstream.TableOf(node);
        table?.SendCachingYes(session.Loop.Events.Now);
        return new TrackedRead(this, sink, table, keys);
    }

    private static TrackedName[] NamesIn(in RequestView request, ReadOnlySpan<int> keys, KeyNamespace ns)
    {
        var names = new TrackedName[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            ReadOnlySpan<byte> key = request[keys[i]];
            names[i] = new TrackedName(ns.Encode(key), key.ToArray(), ns.SlotOf(key));
        }

        return names;
    }

    private sealed class PrefixOrder : IComparer<byte[]>
    {
        public static PrefixOrder Instance { get; } = new();

        public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}

/// <summary>A key that was read: as the nodes know it, as its client does, and its slot.</summary>
internal readonly record struct TrackedName(byte[] Upstream, byte[] Bare, int Slot);
