using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;
using RespProxy.Upstream.Redirects;
using RespProxy.Upstream.Subscriptions;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Connections;

/// <summary>
/// One loop's side of an upstream: its connection to each node, and what is done with lost connections and nodes that are not
/// ready. What comes of redirects is the <see cref="Redirects.Redirector"/>'s.
///
/// Loop thread only.
/// </summary>
public sealed partial class UpstreamLoop
{
    /// <summary>How often timeouts are looked for. Seldom: an idle proxy should sleep.</summary>
    private static readonly TimeSpan TimeoutTick = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a leased connection is kept for the next client.</summary>
    private static readonly TimeSpan LeaseIdleTime = TimeSpan.FromSeconds(30);

    /// <summary>A connection that has lived this long says that the node is well: as long as the longest backoff.</summary>
    private static readonly long SoundAfter = Ticks(TimeSpan.FromSeconds(2));

    /// <summary>How long a node that was replaced may take to answer what it was asked before.</summary>
    private static readonly long DeposedPatience = Ticks(TimeSpan.FromSeconds(1));

    private readonly EventLoop _loop;
    private readonly ClusterTopology _topology;
    private readonly NodeResolver _resolver;
    private readonly ILogger _logger;
    private readonly RequestParking _parking;
    private readonly LeasePool _leases;
    private readonly HashSet<NodeConnection> _leased = [];
    private readonly List<ConfinedUpstream> _confined = [];
    private readonly long _requestTimeout;
    private NodeLinks[] _links = [];
    private LoopTimer? _timeoutTick;
    private bool _stopped;

    /// <param name="loop">Whose connections they are.</param>
    /// <param name="snapshot">Of the upstream.</param>
    /// <param name="topology">May be shared.</param>
    /// <param name="resolver">May be shared.</param>
    /// <param name="logger">For connections made and lost.</param>
    /// <param name="user">Whom the connections are made for in place of the upstream's own user; null for that.</param>
    /// <param name="counters">Where to count; null for counters of its own.</param>
    public UpstreamLoop(
        EventLoop loop, UpstreamSnapshot snapshot, ClusterTopology topology, NodeResolver resolver, ILogger logger, ConfinedUser? user = null, UpstreamCounters? counters = null)
    {
        User = user;
        Counters = counters ?? new UpstreamCounters();
        _loop = loop;
        Snapshot = snapshot;
        _topology = topology;
        _resolver = resolver;
        _logger = logger;
        _requestTimeout = Ticks(snapshot.RequestTimeout);
        _parking = new RequestParking(this, loop);
        Redirector = new Redirector(this, topology);
        _leases = new LeasePool(snapshot.MaxLeasedConnections, LeaseIdleTime, Counters);
        Subscriptions = new UpstreamSubscriptions(loop, this, topology, resolver, logger);
        NodeEvents = new NodeEvents(() => Map, node => new UpstreamSubscriptions(loop, this, topology, resolver, logger, node));
    }

    public UpstreamSnapshot Snapshot { get; }

    /// <summary>Time from request to reply, in Stopwatch ticks, from which its sink is told that it was slow.</summary>
    public long SlowAfter { get; init; } = long.MaxValue;

    internal long Now => _loop.Now;

    /// <summary>No connection is made any more, and nothing sent.</summary>
    internal bool IsStopped => _stopped;

    public UpstreamCounters Counters { get; }

    internal ConfinedUser? User { get; }

    /// <summary>What becomes of requests whose reply is not for the client.</summary>
    internal Redirector Redirector { get; }

    /// <summary>Told of every handshake with the nodes that was completed (false) or refused (true).</summary>
    internal Action<bool>? HandshakeEnded { get; init; }

    /// <summary>The channels this loop listens to for its clients.</summary>
    public UpstreamSubscriptions Subscriptions { get; }

    /// <summary>What this loop listens to at every primary.</summary>
    public NodeEvents NodeEvents { get; }

    /// <summary>False once a node has refused HELLO 3.</summary>
    public bool SupportsResp3 { get; private set; } = true;

    /// <summary>The nodes' version as the last handshake told; null before the first.</summary>
    public string? ServerVersion { get; private set; }

    /// <summary>When a connection that was in use was lost, or a primary lost its slots, for the last time, in Stopwatch ticks: writes from before may be lost with it.</summary>
    public long LastLossAt { get; private set; } = long.MinValue;

    /// <summary>The slot map in force; null before the topology is known. Read once per request.</summary>
    public SlotMap? Map
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _topology.Current;
    }

    /// <summary>All connections to nodes, leased and confined ones included, ready or not.</summary>
    public IEnumerable<NodeConnection> Connections =>
        _links.SelectMany(links => new[] { links.Resp2, links.Resp3 }).OfType<NodeConnection>().Concat(_leased).Concat(_confined.SelectMany(confined => confined.Loop.Connections));

    /// <summary>The slot map has changed. Raised on the loop's thread, after the loop itself has followed.</summary>
    public event Action<SlotMap>? MapChanged;

    /// <summary>Begins to connect and to keep time. Call on the loop's thread.</summary>
    public void Start()
    {
        _topology.Changed += OnTopologyChanged;
        ConnectToPrimaries();
        _timeoutTick = _loop.Schedule(TimeoutTick, OnTimeoutTick);
    }

    /// <summary>Connections to the same nodes as another user, closed with these. Not begun yet.</summary>
    public ConfinedUpstream Confine(ConfinedUser user)
    {
        var confined = new ConfinedUpstream(_loop, user, this, _topology, _resolver, _logger);
        _confined.Add(confined);
        return confined;
    }

    /// <summary>Closes the connections made for a user that is not wanted any more.</summary>
    public void Release(ConfinedUpstream confined)
    {
        ArgumentNullException.ThrowIfNull(confined);
        _confined.Remove(confined);
        confined.Loop.Stop();
    }

    /// <summary>Closes all connections; requests in flight end in an error.</summary>
    public void Stop()
    {
        _stopped = true;
        _topology.Changed -= OnTopologyChanged;
        foreach (NodeLinks links in _links)
        {
            links.Resp2?.Abort("shutting down");
            links.Resp3?.Abort("shutting down");
        }

        foreach (NodeConnection connection in _leased.ToArray()) connection.Abort("shutting down");
        Subscriptions.Stop();
        NodeEvents.Stop();
        foreach (ConfinedUpstream confined in _confined) confined.Loop.Stop();
    }

    /// <summary>The ready connection to a slot's owner; null when there is none just now: the request is then to be given to <see cref="Park"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NodeConnection? Select(SlotMap map, int slot, bool resp3)
    {
        Node? node = map.PrimaryOf(slot);
        return node is null ? null : ConnectionTo(node, resp3);
    }

    /// <summary>Takes a request, as the node shall get it, that has no connection to go to. It is sent, or fails, within the request timeout.</summary>
    public void Park(in InFlightRequest request, ReadOnlySpan<byte> bytes, bool resp3) => ParkUntil(request, bytes, resp3, _loop.Now, target: null);

    /// <summary>
    /// A connection to a node that the caller has for itself until <see cref="Return"/>; perhaps not ready yet. Null when the bounded
    /// pool is empty.
    /// </summary>
    public NodeConnection? Lease(Node node, bool resp3)
    {
        if (_leases.TakeIdle(node, resp3) is { } idle) return idle;
        if (_stopped || _leases.IsFull) return null;
        var connection = new NodeConnection(this, node, resp3, leased: true);
        _leases.Opened();
        _leased.Add(connection);
        Dial(connection, attempt: 0);
        return connection;
    }

    /// <summary>Ends a lease. The connection must be as it was got: nothing watched, no transaction open.</summary>
    public void Return(NodeConnection connection)
    {
        if (!connection.IsClosed) _leases.Return(connection, _loop.Now);
    }

    /// <summary>The owner that a MOVED names, learned; for leased connections, whose errors their sinks see.</summary>
    public Node? LearnMoved(NodeConnection from, ReadOnlySpan<byte> reply)
    {
        Counters.Moved++;
        return NodeErrors.TryReadRedirect(reply, out int slot, out string host, out int port) ? _topology.Learn(slot, host, port, from.Node) : null;
    }

    /// <summary>The node that an ASK names; null when it names none.</summary>
    public Node? NodeOfAsk(NodeConnection from, ReadOnlySpan<byte> reply)
    {
        Counters.Asked++;
        return NodeErrors.TryReadRedirect(reply, out _, out string host, out int port) ? _topology.NodeAt(host, port, from.Node) : null;
    }

    /// <summary>The shared connection to one node, if it is ready; it is being made otherwise.</summary>
    public NodeConnection? ReadyConnectionTo(Node node, bool resp3) => ConnectionTo(node, resp3);

    /// <summary>The shared connection to one node, perhaps not ready yet; null when none can be made just now.</summary>
    public NodeConnection? SharedConnectionTo(Node node, bool resp3) =>
        ConnectionTo(node, resp3) ?? (node.Index < _links.Length ? _links[node.Index].Of(resp3) : null);

    /// <summary>
    /// Sends a request without keys, in RESP2, to this very node, or waits for a connection to it. Lost with the connection, it is sent again to the
    /// same node if it only reads; it fails once the node is no longer a primary of the slot map. Its slot must be <see cref="InFlightRequest.BoundToNode"/>.
    /// </summary>
    public void SendTo(Node node, in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        NodeConnection? connection = ConnectionTo(node, resp3: false);
        if (connection is not null) connection.SendAgain(bytes, request, asking: false);
        else ParkUntil(request, bytes, resp3: false, _loop.Now, node);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal NodeConnection? ConnectionTo(Node node, bool resp3)
    {
        NodeLinks[] links = _links;
        if ((uint)node.Index < (uint)links.Length && links[node.Index].Of(resp3) is { IsReady: true } connection) return connection;
        Establish(node, resp3);
        return null;
    }

    /// <summary>Starts a connection unless one is under way or it is too soon after a failure.</summary>
    private void Establish(Node node, bool resp3)
    {
        if (_stopped || (resp3 && !SupportsResp3)) return;
        while (_links.Length <= node.Index) _links = [.. _links, new NodeLinks()];
        NodeLinks links = _links[node.Index];
        if (links.Of(resp3) is not null || _loop.Now < links.NextAttempt) return;
        var connection = new NodeConnection(this, node, resp3);
        links.Set(resp3, connection);
        Dial(connection, links.Failures);
    }

    private void Dial(NodeConnection connection, int attempt)
    {
        ValueTask<IPEndPoint> resolving = _resolver.ResolveAsync(connection.Node.Address, attempt);
        if (resolving.IsCompletedSuccessfully) connection.Connect(_loop, resolving.Result);
        else _ = ConnectWhenResolvedAsync(connection, resolving.AsTask());
    }

    private async Task ConnectWhenResolvedAsync(NodeConnection connection, Task<IPEndPoint> resolving)
    {
        await ((Task)resolving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _loop.Post(() =>
        {
            if (_stopped) return;
            if (resolving.IsCompletedSuccessfully) connection.Connect(_loop, resolving.Result);
            else
            {
                connection.FailToConnect();
                ForgetConnection(connection, resolving.Exception?.InnerException?.Message ?? "the name does not resolve");
            }
        });
    }

    internal void OnConnectionReady(NodeConnection connection, string? serverVersion)
    {
        ServerVersion = serverVersion ?? ServerVersion;
        Counters.Connected++;
        connection.Node.IsReachable = true;
        HandshakeEnded?.Invoke(false);
        if (connection.IsLeased) return;
        LogConnected(Snapshot.Name, connection.Node, connection.IsResp3 ? 3 : 2);
        _parking.Offer();
    }

    internal void OnResp3Unsupported() => SupportsResp3 = false;

    internal void OnConnectionClosed(NodeConnection connection, CloseReason reason)
    {
        string why = connection.CloseDetail ?? connection.SocketError ?? reason.ToString();
        if (reason == CloseReason.ConnectFailed) Counters.ConnectFailed++;
        else Counters.ConnectionsLost++;
        ForgetConnection(connection, why);
    }

    private void ForgetConnection(NodeConnection connection, string why)
    {
        if (connection.IsLeased)
        {
            _leased.Remove(connection);
            _leases.Closed(connection);
            return;
        }

        NodeLinks links = _links[connection.Node.Index];
        if (links.Of(connection.IsResp3) == connection) links.Set(connection.IsResp3, null);
        if (connection.ReadySince > 0) LastLossAt = _loop.Now;
        if (_stopped) return;
        connection.Node.IsReachable = false;
        // A node that takes connections and drops each with its first request is as bad as one that takes none.
        if (connection.ReadySince > 0 && _loop.Now - connection.ReadySince > SoundAfter) links.Failures = 0;
        links.NextAttempt = _loop.Now + Ticks(ReconnectBackoff.Next(links.Failures++, Random.Shared.NextDouble()));
        LogConnectionLost(Snapshot.Name, connection.Node, why);
        _topology.RequestRefresh("lost connection to " + connection.Node);
    }

    /// <summary>Keeps a request until <paramref name="dueAt"/> (Stopwatch ticks) and until its node, or <paramref name="target"/>, can take it.</summary>
    internal void ParkUntil(in InFlightRequest request, ReadOnlySpan<byte> bytes, bool resp3, long dueAt, Node? target)
    {
        if (_stopped) Fail(request, UpstreamFailure.NotExecuted);
        else if (!_parking.TryAdd(request, bytes, resp3, dueAt, target)) Fail(request, UpstreamFailure.Overloaded);
    }

    internal void Fail(in InFlightRequest request, UpstreamFailure failure)
    {
        Counters.Count(failure);
        request.Sink!.OnFailure(request, failure);
    }

    private void OnTopologyChanged(SlotMap map) => _loop.Post(() =>
    {
        if (_stopped) return;
        ConnectToPrimaries();
        _parking.Offer();
        Subscriptions.FollowTopology();
        NodeEvents.FollowTopology();
        if (Map is { } current) MapChanged?.Invoke(current);
    });

    /// <summary>Connects before the first request needs it, so that no client pays for the handshake.</summary>
    internal void ConnectToPrimaries()
    {
        if (Map is not { } map) return;
        foreach (Node node in map.Primaries) ConnectionTo(node, resp3: false);
        for (int index = 0; index < _links.Length; index++)
        {
            NodeLinks links = _links[index];
            bool hasSlots = map.Primaries.Any(node => node.Index == index);
            if (links.HadSlots && !hasSlots) LastLossAt = _loop.Now;
            links.IsDeposed = !hasSlots && (links.HadSlots || links.IsDeposed);
            links.HadSlots = hasSlots;
        }
    }

    private void OnTimeoutTick()
    {
        if (_stopped) return;
        long oldestAllowed = _loop.Now - _requestTimeout;
        foreach (NodeLinks links in _links)
        {
            links.Resp2?.CheckTimeout(oldestAllowed);
            links.Resp3?.CheckTimeout(oldestAllowed);
            if (!links.IsDeposed) continue;
            links.Resp2?.CheckDeposed(_loop.Now - DeposedPatience);
            links.Resp3?.CheckDeposed(_loop.Now - DeposedPatience);
        }

        // Those of confined users count in the same place.
        if (User is null) CountQueues();
        _leases.CloseIdle(_loop.Now, Stopwatch.Frequency);
        Subscriptions.OnTick();
        NodeEvents.OnTick();
        _timeoutTick!.Restart(TimeoutTick);
    }

    private void CountQueues()
    {
        var tally = new QueueTally();
        AddQueuesTo(ref tally);
        tally.WriteTo(Counters.Queues);
    }

    private void AddQueuesTo(ref QueueTally tally)
    {
        tally.Add(_parking);
        foreach (NodeLinks links in _links)
        {
            tally.Add(links.Resp2);
            tally.Add(links.Resp3);
        }

        foreach (NodeConnection connection in _leased) tally.Add(connection);
        foreach (ConfinedUpstream confined in _confined) confined.Loop.AddQueuesTo(ref tally);
    }

    internal static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    [LoggerMessage(4101, LogLevel.Information, "Upstream {Upstream}: connected to {Node} (RESP{Version})")]
    private partial void LogConnected(string upstream, Node node, int version);

    [LoggerMessage(4102, LogLevel.Warning, "Upstream {Upstream}: no connection to {Node}: {Reason}")]
    private partial void LogConnectionLost(string upstream, Node node, string reason);

    /// <summary>A loop's connections to one node.</summary>
    private sealed class NodeLinks
    {
        public NodeConnection? Resp2;
        public NodeConnection? Resp3;
        public int Failures;
        public long NextAttempt;
        public bool HadSlots;

        /// <summary>The node had slots and has none now.</summary>
        public bool IsDeposed;

        public NodeConnection? Of(bool resp3) => resp3 ? Resp3 : Resp2;

        public void Set(bool resp3, NodeConnection? connection)
        {
            if (resp3) Resp3 = connection;
            else Resp2 = connection;
        }
    }
}
