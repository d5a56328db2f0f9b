using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.NearCache;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.NearCache;

/// <summary>
/// The near cache as one client sees it: what it may be answered with, given what it has written and read before. Only clients of tenants with a near
/// cache have one.
///
/// <para>A request on one key that is sent to a node is remembered by its key's bucket while it is under way, and when it is answered the bucket is
/// marked (<see cref="SeenMarks"/>). Whatever else takes a number in the line of replies, a transaction or a script, may have told the client
/// anything: while it is under way nothing is served, and afterwards only what was confirmed since.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class SessionNearCache
{
    private readonly ClientSession _session;
    private readonly TenantNearCache _cache;

    /// <summary>Requests on one key, to the nodes by the ordinary way.</summary>
    private PendingBuckets _elsewhere;

    /// <summary>Reads whose reply will also be kept.</summary>
    private PendingBuckets _fetched;

    /// <summary>When the latest of these was sent.</summary>
    private long _fetchedAt;

    /// <summary>The number that the next request takes if all before it are known here.</summary>
    private uint _expected;

    /// <summary>The latest request that is not.</summary>
    private uint _unknown;
    private bool _hasUnknown;

    /// <summary>The client may have been told anything before this moment.</summary>
    private long _seen;

    private SessionNearCache(ClientSession session, TenantNearCache cache)
    {
        _session = session;
        _cache = cache;
        _expected = session.NextNumber;
        // RESET: what was done before it was done by this client.
        _hasUnknown = _expected != 0;
        _unknown = _expected - 1;
    }

    /// <summary>Number of the oldest request that is unanswered.</summary>
    private uint Head => _session.NextNumber - (uint)_session.Pending;

    /// <summary>
    /// What the client has from now on: it is this tenant's, or nobody's (null), or the tenant's policy has changed. While reads of the client are under
    /// way it keeps what it had, even if nothing is kept any more: what it asks for must still not overtake them.
    /// </summary>
    public static SessionNearCache? Enter(ClientSession session, Tenant? tenant)
    {
        TenantNearCache? cache = tenant is null ? null : session.Loop.NearCaches.Of(tenant);
        if (session.Near is { } current && (current._cache == cache || session.Pending > 0)) return current;
        return cache is null ? null : new SessionNearCache(session, cache);
    }

    /// <summary>True when the request was answered, or will be; or, with <paramref name="isDone"/> false, cannot run yet.</summary>
    public bool Takes(in RequestView request, CommandSpec spec, out bool isDone)
    {
        isDone = true;
        if (spec.IsCacheable && TryRead(request, spec)) return true;
        if (!_fetched.Any(Head)) return false;
        // A read is under way over a connection that this request does not take: it must not overtake it.
        isDone = _session.WaitUntilIdle();
        return true;
    }

    /// <summary>A request is about to be sent to a node.</summary>
    public void OnSending(ref InFlightRequest inFlight, in RequestView request, KeyIndexes keys)
    {
        if (keys.Count != 1 || keys.HasMore) return;
        NoteUnknown(inFlight.Tag);
        _expected = inFlight.Tag + 1;
        int bucket = SeenMarks.BucketOf(request[keys[0]], _session.Namespace.Database);
        _elsewhere.Add(bucket, inFlight.Tag);
        inFlight.KeyBucket = (ushort)(bucket + 1);
    }

    /// <summary>A request that <see cref="OnSending"/> has seen was answered: other clients of this loop see no less from now on than this one.</summary>
    public void OnAnswered(in InFlightRequest request) => _cache.Seen.Mark(request.KeyBucket - 1);

    private bool TryRead(in RequestView request, CommandSpec spec)
    {
        if (!_cache.IsOn || !IsPlain(request, spec) || _session.Upstream.Map is not { } map || !IsRoutedBy(map)) return false;
        _cache.FollowSlots(map);
        if (IsUnknownPending()) return false;
        int database = _session.Namespace.Database;
        var read = new ReadIdentity(request.Frame, database, _session.IsResp3);
        CachedReply? kept = _cache.Find(read);
        if (kept is null && !_cache.IsWanted(request[1], database)) return false;
        int bucket = kept?.Bucket ?? SeenMarks.BucketOf(request[1], database);
        if (_elsewhere.Contains(bucket, Head)) return false;
        long seen = Math.Max(_seen, _cache.Seen.Of(bucket));
        bool isFetched = _fetched.Contains(bucket, Head);
        long now = _session.Loop.Events.Now;
        if (kept is { IsTooLong: true })
        {
            if (_cache.Rules.IsYoung(kept, now)) return false;
        }
        else if (kept is not null && !isFetched && _cache.Rules.MayServe(kept, now, seen))
        {
            _session.Reply(kept.Reply);
            _expected = _session.NextNumber;
            _cache.CountRead(request, spec, database, isHit: true);
            return true;
        }

        return TryFetch(request, spec, read, map, bucket, isFetched ? Math.Max(seen, _fetchedAt) : seen);
    }

    private bool TryFetch(in RequestView request, CommandSpec spec, in ReadIdentity read, SlotMap map, int bucket, long since)
    {
        if (_cache.Fetch(_session, request, spec, read, map, bucket, since) is not { } fill) return false;
        uint number = _session.Reserve();
        _expected = number + 1;
        _fetched.Add(bucket, number);
        _fetchedAt = fill.Moment;
        fill.Add(_session, number);
        _cache.CountRead(request, spec, read.Database, isHit: false);
        return true;
    }

    /// <summary>
    /// A read of one key by a client in an ordinary state. Not one that watches keys: what it reads must be as new as what it watches. Nor one that
    /// caches by itself, nor one that has run scripts, whose requests go to the nodes as another user.
    /// </summary>
    private bool IsPlain(in RequestView request, CommandSpec spec) =>
        _session is { Transaction: null, Watch: null, Tracking: null, ReplyMode: ReplyMode.On, IsCapturing: false, Identity.IsConfined: false }
        && (spec.Route == RouteRule.Keyed || request.Count == 2)
        && request.Frame.Length <= _cache.Rules.Snapshot.MaxValueBytes;

    /// <summary>False while a request is under way that was routed by an older map: the router has the client wait for it.</summary>
    private bool IsRoutedBy(SlotMap map)
    {
        if (_session.MapVersion == map.Version) return true;
        if (_session.Pending > 0) return false;
        _session.MapVersion = map.Version;
        return true;
    }

    /// <summary>True while a request is under way that may tell the client of any key.</summary>
    private bool IsUnknownPending()
    {
        NoteUnknown(_session.NextNumber);
        if (!_hasUnknown) return false;
        if ((int)(_unknown - Head) >= 0) return true;
        _hasUnknown = false;
        _seen = _cache.Seen.Tick();
        return false;
    }

    /// <summary>Numbers up to here that nobody has told of were taken by requests of any kind.</summary>
    private void NoteUnknown(uint next)
    {
        if (next == _expected) return;
        _unknown = next - 1;
        _hasUnknown = true;
        _expected = next;
    }
}
