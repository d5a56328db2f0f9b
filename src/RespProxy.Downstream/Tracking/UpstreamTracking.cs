using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// The tracking clients of one loop at one upstream: a <see cref="TrackingTable"/> for each shared connection, a <see cref="Broadcast"/> for
/// each namespace with BCAST clients. Bounded: with more keys than configured some are invalidated. Loop thread only.
/// </summary>
internal sealed class UpstreamTracking
{
    public static readonly CommandSpec TrackingSpec = CommandTable.FindSubcommand(CommandTable.Find("CLIENT"u8)!, "TRACKING"u8)!;

    private readonly ProxyLoop _loop;
    private readonly UpstreamLoop _upstream;
    private readonly HashSet<ClientTracking> _clients = [];
    private readonly List<TrackingTable> _tables = [];
    private readonly List<IInvalidationListener> _listeners = [];
    private readonly Dictionary<KeyNamespace, Broadcast> _broadcasts = [];
    private LoopTimer? _tick;
    private int _remembered;
    private bool _isTicking;

    public UpstreamTracking(ProxyLoop loop, UpstreamLoop upstream)
    {
        _loop = loop;
        _upstream = upstream;
        upstream.MapChanged += FollowMap;
    }

    private TimeSpan TickTime => _upstream.Snapshot.RequestTimeout / 2;

    /// <summary>
    /// Has every primary track for this loop, or for BCAST this namespace; then calls back, at once when they do already. False: a node refused.
    /// A node that cannot be reached is left out: it is asked when it is there, and until then its keys are not kept.
    /// </summary>
    public void WhenTracking(KeyNamespace ns, bool isBroadcast, Action<bool> callback)
    {
        if (isBroadcast)
        {
            BroadcastOf(ns).WhenListening(callback);
            return;
        }

        var tables = new List<TrackingTable>();
        Node[] nodes = [.. _upstream.Map?.Primaries ?? []];
        int awaited = nodes.Length + 1;
        foreach (Node node in nodes)
        {
            if (_upstream.SharedConnectionTo(node, resp3: true) is { } connection) connection.WhenReady(() => Ask(connection));
            else Done();
        }

        Done();

        void Ask(NodeConnection connection)
        {
            if (!connection.IsReady)
            {
                Done();
                return;
            }

            TrackingTable table = TableOf(connection);
            tables.Add(table);
            table.WhenAnswered(Done);
        }

        void Done()
        {
            if (--awaited == 0) callback(!tables.Exists(table => table.IsRefused && !table.Connection.IsClosed));
        }
    }

    /// <summary>The table of a ready connection, which the node is asked to keep its half of if it was not yet.</summary>
    public TrackingTable TableOf(NodeConnection connection)
    {
        if (connection.Pushes is TrackingTable known) return known;
        var table = new TrackingTable(this, connection);
        connection.Pushes = table;
        _tables.Add(table);
        table.Begin(_loop.Events.Now);
        return table;
    }

    public void Join(ClientTracking client, KeyNamespace ns)
    {
        if (client.Mode == TrackingMode.Broadcast) BroadcastOf(ns).Join(client);
        else _clients.Add(client);
        StartTick();
    }

    public void Leave(ClientTracking client)
    {
        if (_clients.Remove(client) || client.Mode != TrackingMode.Broadcast) return;
        foreach (Broadcast broadcast in _broadcasts.Values.ToArray()) broadcast.Leave(client);
    }

    /// <summary>No BCAST client of the namespace is left.</summary>
    public void Remove(Broadcast broadcast) => _broadcasts.Remove(broadcast.Namespace);

    /// <summary>The node has forgotten everything at once (FLUSHALL there): so must whoever reads through this loop.</summary>
    public void InvalidateAll()
    {
        foreach (ClientTracking client in _clients.ToArray()) client.InvalidateAll();
        foreach (IInvalidationListener listener in _listeners) listener.OnAllInvalidated();
    }

    /// <summary>Has someone besides the clients hear what the nodes say, from now on.</summary>
    public void AddListener(IInvalidationListener listener) => _listeners.Add(listener);

    public void RemoveListener(IInvalidationListener listener) => _listeners.Remove(listener);

    /// <summary>A node says that a key has changed.</summary>
    public void OnInvalidated(ReadOnlySpan<byte> upstreamKey)
    {
        foreach (IInvalidationListener listener in _listeners) listener.OnInvalidated(upstreamKey);
    }

    public void OnLost(TrackingTable table)
    {
        _tables.Remove(table);
        foreach (IInvalidationListener listener in _listeners) listener.OnLost(table.Connection);
    }

    public void OnRemembered(TrackingTable table)
    {
        // Several at once, since finding them is not free.
        if (++_remembered > _loop.Limits.TrackedKeys) table.Evict(1 + (_loop.Limits.TrackedKeys / 64));
    }

    public void OnForgotten(int count) => _remembered -= count;

    private Broadcast BroadcastOf(KeyNamespace ns)
    {
        if (!_broadcasts.TryGetValue(ns, out Broadcast? broadcast))
        {
            _broadcasts.Add(ns, broadcast = new Broadcast(this, _loop, _upstream, ns));
            broadcast.Begin();
        }

        return broadcast;
    }

    private void FollowMap(SlotMap map)
    {
        foreach (TrackingTable table in _tables) table.FollowMap(map);
        foreach (Broadcast broadcast in _broadcasts.Values.ToArray()) broadcast.FollowMap(map);
    }

    private void StartTick()
    {
        if (_isTicking) return;
        _isTicking = true;
        if (_tick is null) _tick = _loop.Events.Schedule(TickTime, OnTick);
        else _tick.Restart(TickTime);
    }

    private void OnTick()
    {
        foreach (TrackingTable table in _tables) table.CheckHealth(_loop.Events.Now);
        foreach (Broadcast broadcast in _broadcasts.Values.ToArray()) broadcast.CheckHealth();
        _isTicking = false;
        if (_clients.Count > 0 || _broadcasts.Count > 0) StartTick();
    }
}
