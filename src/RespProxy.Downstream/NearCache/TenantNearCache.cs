using Microsoft.Extensions.Logging;
using RespProxy.Downstream.Insight;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.Tracking;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.NearCache;
using RespProxy.Tenancy.Tenants;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.NearCache;

/// <summary>
/// One loop's near cache for one tenant: the replies it keeps, the reads under way that will fill it, and how well the nodes are heard. What it
/// promises, and why that holds, is in docs/decisions/nearcache.md.
///
/// Loop thread only, but for the counters.
/// </summary>
internal sealed partial class TenantNearCache : IInvalidationListener
{
    /// <summary>Looks at a node within the time that it may be silent: one lost turn must not make it look dead.</summary>
    private const int LooksWithinLag = 4;

    /// <summary>Reads under way that are kept for the next ones.</summary>
    private const int MostSpare = 256;

    private readonly ProxyLoop _loop;
    private readonly Tenant _tenant;
    private readonly TenantInsight? _insight;
    private readonly TenantHotKeys? _hotKeys;
    private readonly ILogger _logger;
    private readonly ReplyStore _store;
    private readonly UpstreamLoop _upstream;
    private readonly UpstreamTracking _tracking;
    private readonly Dictionary<NodeConnection, NearLink> _links = [];
    private readonly Dictionary<ulong, NearFill> _fills = [];
    private readonly Stack<NearFill> _spare = [];
    private readonly KeyIndexes _keys = new();
    private LoopTimer? _tick;
    private bool _isTicking;
    private long _mapVersion;
    private long _asked;
    private bool _isRefusalTold;

    public TenantNearCache(ProxyLoop loop, Tenant tenant, NearCacheRules rules, ILogger logger)
    {
        _loop = loop;
        _tenant = tenant;
        _insight = loop.Insight.Of(tenant);
        _hotKeys = _insight?.HotKeys;
        _logger = logger;
        Rules = rules;
        _store = new ReplyStore { MaxBytes = rules.Snapshot.MaxBytes };
        _keys.Add(1);
        _upstream = loop.Upstreams[tenant.UpstreamIndex];
        _tracking = loop.TrackingOf(_upstream);
        _tracking.AddListener(this);
    }

    public NearCacheRules Rules { get; private set; }

    /// <summary>False: the tenant's policy has no near cache any more.</summary>
    public bool IsOn { get; private set; } = true;

    public SeenMarks Seen { get; } = new();

    /// <summary>Any thread may read.</summary>
    public NearCacheCounters Counters { get; } = new();

    public ProxyLoop Loop => _loop;

    private TimeSpan TickTime => Rules.Snapshot.MaxLag / LooksWithinLag;

    /// <summary>Grows whenever everything is forgotten: what was asked for before must not be kept.</summary>
    public int Generation { get; private set; }

    /// <summary>
    /// Forgets what was read by an older slot map: another node may own the keys now, and this one not tell of them. So also when a node has sent a
    /// request on with ASK: what it did at the other node, with a key that this one does not have any more, or never had, this one will not tell.
    /// </summary>
    public void FollowSlots(SlotMap map)
    {
        long asked = _upstream.Counters.Asked;
        if (map.Version == _mapVersion && asked == _asked) return;
        _mapVersion = map.Version;
        _asked = asked;
        Flush();
    }

    /// <summary>Other rules are in force; null: nothing is kept any more.</summary>
    public void Follow(NearCacheRules? rules)
    {
        bool isSame = IsOn == rules is not null && (rules is null || rules.Snapshot == Rules.Snapshot);
        if (isSame) return;
        IsOn = rules is not null;
        Rules = rules ?? Rules;
        _store.MaxBytes = Rules.Snapshot.MaxBytes;
        Flush();
    }

    /// <summary>The tenant is gone.</summary>
    public void Close()
    {
        Follow(null);
        _tick?.Cancel();
        _tracking.RemoveListener(this);
    }

    public CachedReply? Find(in ReadIdentity read) => _store.Find(read);

    /// <summary>True when replies to reads of this key are to be kept.</summary>
    public bool IsWanted(ReadOnlySpan<byte> key, int database) => _hotKeys is not null && _hotKeys.IsHot(key, database) && Rules.Names(key);

    /// <summary>Counts a read of a hot key, which the router has not seen.</summary>
    public void CountRead(in RequestView request, CommandSpec spec, int database, bool isHit)
    {
        _insight?.OnLocalRead(request, spec, database);
        if (isHit) Counters.Hits++;
        else Counters.Misses++;
    }

    /// <summary>
    /// The read under way whose reply the client may have: one that was sent after <paramref name="since"/>, or a new one. Null when the node is not
    /// there, does not track, or is silent: the request is then to take its ordinary way.
    /// </summary>
    public NearFill? Fetch(ClientSession session, in RequestView request, CommandSpec spec, in ReadIdentity read, SlotMap map, int bucket, long since)
    {
        long now = _loop.Events.Now;
        if (_fills.TryGetValue(read.Hash, out NearFill? running) && running.MayBeJoined(read, since, now)) return running;
        int slot = session.Namespace.SlotOf(request[1]);
        if (session.Upstream.Select(map, slot, resp3: true) is not { } node || LinkTo(node) is not { } link || link.IsSilent(now)) return null;
        NearFill fill = _spare.TryPop(out NearFill? spare) ? spare : new NearFill(this);
        byte[] scratch = _loop.Events.Buffers.Rent(request[1].Length + session.Namespace.Growth);
        int length = session.Namespace.Encode(request[1], scratch);
        fill.Begin(read, link, new ReadOrigin(ReplyStore.HashOfKey(scratch.AsSpan(0, length)), bucket, now, link.Stream), Seen.Tick());
        _loop.Events.Buffers.Return(scratch);
        _fills[read.Hash] = fill;
        link.SendTracked(request, spec, _keys, session.Namespace, slot, fill);
        if (node.IsCongested) session.Flow.WaitForRelief(node);
        StartTick();
        return fill;
    }

    /// <summary>Keeps the reply to a read.</summary>
    public void Keep(in ReadIdentity read, ReadOnlySpan<byte> reply, in ReadOrigin origin)
    {
        _store.Put(read, reply.Length > Rules.Snapshot.MaxValueBytes ? default : reply, origin);
        Counters.Fills++;
        Counters.Bytes = _store.Bytes;
        StartTick();
    }

    /// <summary>What is kept for the read is older than what a client has got.</summary>
    public void Forget(ulong hash)
    {
        _store.Remove(hash);
        Counters.Bytes = _store.Bytes;
    }

    /// <summary>A read is not to be joined any more.</summary>
    public void Leave(NearFill fill)
    {
        if (_fills.TryGetValue(fill.Hash, out NearFill? newest) && newest == fill) _fills.Remove(fill.Hash);
    }

    public void Return(NearFill fill)
    {
        if (_spare.Count < MostSpare) _spare.Push(fill);
    }

    /// <summary>Forgets everything.</summary>
    public void Flush()
    {
        Generation++;
        if (_store.Count == 0) return;
        _store.Clear();
        Counters.Flushes++;
        Counters.Bytes = 0;
    }

    public void OnInvalidated(ReadOnlySpan<byte> upstreamKey)
    {
        if (_store.Count == 0 || !_store.RemoveKey(ReplyStore.HashOfKey(upstreamKey))) return;
        Counters.Invalidations++;
        Counters.Bytes = _store.Bytes;
    }

    public void OnAllInvalidated() => Flush();

    public void OnLost(NodeConnection connection)
    {
        if (_links.Remove(connection)) Flush();
    }

    /// <summary>The node's side of the tracking; null when it has none.</summary>
    private NearLink? LinkTo(NodeConnection node)
    {
        if (_links.TryGetValue(node, out NearLink? link)) return IsRefused(link) ? null : link;
        _links.Add(node, link = new NearLink(this, node, _tracking.TableOf(node)));
        return IsRefused(link) ? null : link;
    }

    private bool IsRefused(NearLink link)
    {
        if (!link.IsRefused) return false;
        if (!_isRefusalTold) LogRefused(_tenant.Name, link.Node);
        _isRefusalTold = true;
        return true;
    }

    private void StartTick()
    {
        if (_isTicking) return;
        _isTicking = true;
        if (_tick is null) _tick = _loop.Events.Schedule(TickTime, OnTick);
        else _tick.Restart(TickTime);
    }

    /// <summary>Asks the nodes whether they are there, and forgets what is too old. With nothing kept an idle loop sleeps.</summary>
    private void OnTick()
    {
        _isTicking = false;
        long now = _loop.Events.Now;
        _store.RemoveOlder(Rules.OldestAllowed(now));
        foreach (NearLink link in _links.Values)
        {
            if (link.IsSilent(now)) Flush();
            else link.Probe(now);
        }

        Counters.Bytes = _store.Bytes;
        if (_store.Count > 0 || _fills.Count > 0) StartTick();
    }

    [LoggerMessage(3501, LogLevel.Warning, "Tenant {Tenant}: nothing is kept of what {Node} holds, as it does not track what is read")]
    private partial void LogRefused(string tenant, Node node);
}
