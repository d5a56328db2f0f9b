using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Subscriptions;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// Who has read what over one shared connection: the proxy's half of a tracking table whose other half is the node's.
///
/// <para>The connection tracks with OPTIN: only a read that follows CLIENT CACHING YES is remembered by the node, once for the connection;
/// this table knows the clients. Both change in the order of the connection's stream: a reply adds, an invalidation behind it
/// removes. So the node never forgets a key that is still in here without saying so.</para>
///
/// A client that is gone stays in here until the key is invalidated or makes room, as in Redis. Loop thread only.
/// </summary>
internal sealed class TrackingTable(UpstreamTracking owner, NodeConnection connection) : IPushSink, IReplySink
{
    private readonly Dictionary<byte[], TrackedKey> _keys = new(ByteStringComparer.Instance);
    private readonly List<Action> _waiting = [];
    private ClientTracking? _writer;
    private byte[][] _written = [];
    private uint _writtenAt;

    public NodeConnection Connection { get; } = connection;

    /// <summary>The node has said whether it tracks, or the connection is gone.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>The node does not track, or the connection is gone.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>Keys, each once for every client that has read it.</summary>
    public int Count { get; private set; }

    /// <summary>Asks the node to track. Reads may follow at once: what became of this is known before they are answered.</summary>
    public void Begin(long now) => Send("*4\r\n$6\r\nCLIENT\r\n$8\r\nTRACKING\r\n$2\r\nON\r\n$5\r\nOPTIN\r\n"u8, new InFlightRequest { Sink = this, Command = UpstreamTracking.TrackingSpec, StartedAt = now });

    /// <summary>Has the node remember what the next request on the connection reads.</summary>
    public void SendCachingYes(long now)
    {
        if (!IsRefused) Send("*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$3\r\nYES\r\n"u8, new InFlightRequest { StartedAt = now });
    }

    /// <summary>Asks an idle node whether it is there: a connection that is silently dead would never bring an invalidation.</summary>
    public void CheckHealth(long now)
    {
        if (Count > 0 && Connection is { IsReady: true, InFlightCount: 0 }) Send("*1\r\n$4\r\nPING\r\n"u8, new InFlightRequest { StartedAt = now });
    }

    public void WhenAnswered(Action callback)
    {
        if (IsAnswered) callback();
        else _waiting.Add(callback);
    }

    /// <summary>A read was answered.</summary>
    public void Remember(in TrackedName name, ClientTracking client)
    {
        if (client.IsOver) return;
        if (!_keys.TryGetValue(name.Upstream, out TrackedKey? key)) _keys.Add(name.Upstream, key = new TrackedKey(name));
        if (!key.TryAdd(client)) return;
        Count++;
        owner.OnRemembered(this);
    }

    /// <summary>A write that has changed these keys was answered.</summary>
    public void NoteWrite(ClientTracking writer, byte[][] keys)
    {
        _writer = writer;
        _written = keys;
        _writtenAt = Connection.Answered;
    }

    public void OnPush(NodeConnection from, ReadOnlySpan<byte> push)
    {
        var cursor = new ReplyCursor(push);
        if (cursor.ReadAggregateHeader() != 2 || !cursor.TryReadBulk(out ReadOnlySpan<byte> kind) || !kind.SequenceEqual("invalidate"u8)) return;
        if (cursor.IsNull)
        {
            Clear();
            owner.InvalidateAll();
            return;
        }

        long count = cursor.ReadAggregateHeader();
        for (long i = 0; i < count && cursor.TryReadBulk(out ReadOnlySpan<byte> name); i++)
        {
            owner.OnInvalidated(name);
            Invalidate(name);
        }
    }

    /// <summary>Whatever was read over it may be changed from now on without a word.</summary>
    public void OnLost(NodeConnection connection)
    {
        IsRefused = true;
        Answer();
        owner.OnLost(this);
        var clients = new HashSet<ClientTracking>(_keys.Values.SelectMany(key => key.Clients));
        Clear();
        foreach (ClientTracking client in clients) client.InvalidateAll();
    }

    /// <summary>A key whose slot is another node's now will not be heard of from this one.</summary>
    public void FollowMap(SlotMap map)
    {
        if (_keys.Count == 0) return;
        foreach (TrackedKey key in _keys.Values.Where(key => map.PrimaryOf(key.Slot) != Connection.Node).ToArray()) Invalidate(key.Upstream);
    }

    /// <summary>Makes room: so many keys are invalidated.</summary>
    public void Evict(int keys)
    {
        foreach (byte[] name in _keys.Keys.Take(keys).ToArray()) Invalidate(name);
    }

    /// <summary>The answer to <see cref="Begin"/>.</summary>
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        IsRefused = reply[0] == '-';
        Answer();
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        IsRefused = true;
        Answer();
    }

    public void OnDelayed(in InFlightRequest request)
    {
        // Answered elsewhere it says nothing of this connection, which is gone.
        IsRefused = true;
    }

    private void Invalidate(ReadOnlySpan<byte> name)
    {
        if (!_keys.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name, out _, out TrackedKey? key)) return;
        Count -= key.ClientCount;
        owner.OnForgotten(key.ClientCount);
        ClientTracking? author = _writer is not null && _writtenAt == Connection.Answered && WasWritten(name) ? _writer : null;
        foreach (ClientTracking client in key.Clients)
        {
            if (client != author) client.Invalidate(key.Bare);
        }
    }

    private bool WasWritten(ReadOnlySpan<byte> name)
    {
        foreach (byte[] written in _written)
        {
            if (name.SequenceEqual(written)) return true;
        }

        return false;
    }

    private void Clear()
    {
        owner.OnForgotten(Count);
        Count = 0;
        _keys.Clear();
    }

    private void Answer()
    {
        IsAnswered = true;
        Action[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (Action callback in waiting) callback();
    }

    private void Send(ReadOnlySpan<byte> command, in InFlightRequest request)
    {
        command.CopyTo(Connection.GetSpan(command.Length));
        Connection.Send(command.Length, request);
    }

    /// <summary>A key and who has read it: most often one client.</summary>
    private sealed class TrackedKey(in TrackedName name)
    {
        private ClientTracking? _first;
        private HashSet<ClientTracking>? _more;

        public byte[] Upstream { get; } = name.Upstream;

        public byte[] Bare { get; } = name.Bare;

        public int Slot { get; } = name.Slot;

        public int ClientCount => (_first is null ? 0 : 1) + (_more?.Count ?? 0);

        public IEnumerable<ClientTracking> Clients
        {
            get
            {
                if (_first is not null) yield return _first;
                if (_more is null) yield break;
                foreach (ClientTracking client in _more) yield return client;
            }
        }

        public bool TryAdd(ClientTracking client)
        {
            if (client == _first) return false;
            if (_first is not null) return (_more ??= []).Add(client);
            _first = client;
            return true;
        }
    }
}
