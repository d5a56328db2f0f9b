using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.NearCache;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.NearCache;

/// <summary>
/// A tracked read of a hot key on its way, for all the clients that want the same at the moment. Its reply is kept when it comes, and not before: then it
/// stands in the node's stream behind every invalidation that was for an earlier read, and before those for this one.
///
/// Pooled; goes back once it is answered. Loop thread only.
/// </summary>
internal sealed class NearFill(TenantNearCache cache) : IReplySink
{
    private readonly List<(ClientSession Session, uint Number)> _waiting = [];
    private byte[] _request = [];
    private int _requestLength;
    private int _database;
    private bool _isResp3;
    private NearLink _link = null!;
    private ReadOrigin _origin;
    private int _generation;
    private bool _isElsewhere;

    /// <summary>When it was sent, on the clock of <see cref="SeenMarks"/>.</summary>
    public long Moment { get; private set; }

    public ulong Hash { get; private set; }

    private ReadIdentity Read => new(_request.AsSpan(0, _requestLength), _database, _isResp3);

    public void Begin(in ReadIdentity read, NearLink link, in ReadOrigin origin, long moment)
    {
        if (_request.Length < read.Request.Length) _request = new byte[read.Request.Length];
        read.Request.CopyTo(_request);
        _requestLength = read.Request.Length;
        _database = read.Database;
        _isResp3 = read.IsResp3;
        Hash = read.Hash;
        _link = link;
        _origin = origin;
        Moment = moment;
        _generation = cache.Generation;
        _isElsewhere = false;
    }

    /// <summary>True when its reply is one that a client may have who has seen nothing later than <paramref name="since"/>.</summary>
    public bool MayBeJoined(in ReadIdentity read, long since, long now) =>
        Moment >= since && _generation == cache.Generation && !_link.IsSilent(now) && Read.IsSameAs(read);

    /// <summary>The client gets the reply in its turn.</summary>
    public void Add(ClientSession session, uint number) => _waiting.Add((session, number));

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        cache.Leave(this);
        if (!_isElsewhere) _link.Stream.OnAnswered(Moment, _origin.ReadAt);
        if (_isResp3 || reply[0] == '-')
        {
            Settle(request.Command!, reply, isKeepable: true);
            return;
        }

        byte[] scratch = cache.Loop.Events.Buffers.Rent(Resp2Form.MaxLength(reply.Length));
        int length = Resp2Form.Write(reply, scratch);
        if (length < 0) Settle(request.Command!, "-ERR upstream sent a reply of an unexpected form\r\n"u8, isKeepable: false);
        else Settle(request.Command!, scratch.AsSpan(0, length), isKeepable: true);
        cache.Loop.Events.Buffers.Return(scratch);
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        cache.Leave(this);
        cache.Forget(Hash);
        foreach ((ClientSession session, uint number) in _waiting) session.OnFailure(new InFlightRequest { Command = request.Command, Tag = number }, failure);
        End();
    }

    /// <summary>It will be answered elsewhere, or later: by a node, or over a connection, that does not track it.</summary>
    public void OnDelayed(in InFlightRequest request)
    {
        _isElsewhere = true;
        cache.Leave(this);
        foreach ((ClientSession session, _) in _waiting) session.OnDelayed(request);
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        foreach ((ClientSession session, uint number) in _waiting)
        {
            InFlightRequest own = request;
            own.Tag = number;
            session.OnSlow(own, bytes);
            return;
        }
    }

    private void Settle(CommandSpec spec, ReadOnlySpan<byte> reply, bool isKeepable)
    {
        bool isTracked = !_isElsewhere && _link.IsTracking && _generation == cache.Generation;
        if (isKeepable && isTracked && reply[0] != '-') cache.Keep(Read, reply, _origin);
        else cache.Forget(Hash);
        // What was read elsewhere may be newer than what is kept, or is being read, of this key.
        if (_isElsewhere) cache.Seen.Mark(_origin.Bucket);
        foreach ((ClientSession session, uint number) in _waiting) session.OnReply(new InFlightRequest { Command = spec, Tag = number }, reply);
        End();
    }

    private void End()
    {
        _waiting.Clear();
        _link = null!;
        cache.Return(this);
    }
}
