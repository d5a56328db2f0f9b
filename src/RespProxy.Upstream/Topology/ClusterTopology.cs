using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// Keeps one upstream's slot map: refreshed on a period, on request (debounced) and corrected slot by slot by MOVED.
/// Any thread. Nothing here blocks a loop: <see cref="Current"/> is one volatile read, <see cref="Learn"/> a 32 KiB copy.
/// <para>
/// A refresh asks the primaries of the current map (at most five, at random); when they give nothing credible, or there
/// is no map yet, the seeds, the map's replicas and the nodes which these name. <see cref="ViewElection"/> says which
/// answer is believed. When none is, the last good map stays.
/// </para>
/// </summary>
public sealed class ClusterTopology : IAsyncDisposable
{
    /// <summary>Least time between the beginnings of two refreshes: a burst of MOVED is one refresh.</summary>
    public static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>What that time doubles up to while refreshes fail: an outage ends within about a second of its end.</summary>
    public static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(1);

    // Added to waits so that a fleet of proxies does not ask in step.
    private const double Jitter = 0.25;

    private readonly UpstreamSnapshot _upstream;
    private readonly NodeResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TopologyProbe _probe;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Holds at most the one reason that is waited for; more requests are the same request.
    private readonly Channel<string> _requests =
        Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private volatile SlotMap? _current;
    private ITimer? _period;
    private Task _running = Task.CompletedTask;

    // Of the refreshing task alone.
    private long? _epoch;
    private bool _wasOk = true;
    private long _lastBegun;
    private int _failuresInARow;

    private bool _disposed;

    private long _lastGoodTicks;
    private long _refreshes;
    private long _failures;
    private long _movedLearned;

    public ClusterTopology(UpstreamSnapshot upstream, NodeResolver resolver, TimeProvider time, ILogger logger)
    {
        _upstream = upstream;
        _resolver = resolver;
        _time = time;
        _logger = logger;
        _probe = new TopologyProbe(upstream, resolver, time, logger);
    }

    /// <summary>Every node seen so far, by <see cref="Node.Index"/>.</summary>
    public NodeTable Nodes { get; } = new();

    /// <summary>The last good map; null until the first one is had.</summary>
    public SlotMap? Current => _current;

    /// <summary>Raised after <see cref="Current"/> has changed, on the thread that changed it (a loop's, for MOVED). Must be quick.</summary>
    public event Action<SlotMap>? Changed;

    /// <summary>When a refresh last got a credible view; null before the first. A standalone's is its start.</summary>
    public DateTimeOffset? LastGoodView =>
        Interlocked.Read(ref _lastGoodTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Refreshes ended since the start, well or badly.</summary>
    public long Refreshes => Interlocked.Read(ref _refreshes);

    /// <summary>Refreshes that got no credible view and left the map as it was.</summary>
    public long RefreshFailures => Interlocked.Read(ref _failures);

    /// <summary>Slots corrected by MOVED.</summary>
    public long MovedLearned => Interlocked.Read(ref _movedLearned);

    /// <summary>Begins to look for the cluster. Once. A standalone is ready when this returns.</summary>
    public void Start()
    {
        if (_upstream.Mode == UpstreamMode.Standalone)
        {
            Publish(SlotMap.Standalone(Nodes.GetOrAdd(_upstream.Seeds[0])));
            MarkGood();
            return;
        }

        _lastBegun = _time.GetTimestamp();
        _period = _time.CreateTimer(_ => RequestRefresh("period"), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Completes when <see cref="Current"/> has its first map.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellation = default) => _ready.Task.WaitAsync(cancellation);

    /// <summary>
    /// The node a redirect names, added when it is new. An empty or unknown (<c>?</c>) host means that of the node which
    /// sent the redirect.
    /// </summary>
    public Node NodeAt(string host, int port, Node sender) =>
        Nodes.GetOrAdd(new NodeAddress(host is "" or "?" ? sender.Address.Host : host, port));

    /// <summary>As <see cref="NodeAt"/>, but null when the topology has never had such a node.</summary>
    public Node? KnownNodeAt(string host, int port, Node sender) =>
        Nodes.TryGet(new NodeAddress(host is "" or "?" ? sender.Address.Host : host, port), out Node? node) ? node : null;

    /// <summary>Takes the word of a MOVED: the slot's owner is this node, from now on. Asks for a refresh too.</summary>
    /// <param name="slot">0 to 16,383.</param>
    /// <param name="host">As in the error; see <see cref="NodeAt"/>.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="sender">The node that sent the MOVED.</param>
    /// <returns>The node to send the command to.</returns>
    public Node Learn(int slot, string host, int port, Node sender)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)HashSlot.Count, nameof(slot));
        Node owner = NodeAt(host, port, sender);
        while (_current is { IsCluster: true } current && current.PrimaryOf(slot) != owner)
        {
            SlotMap corrected = current.With(slot, owner);
            if (Interlocked.CompareExchange(ref _current, corrected, current) != current) continue;
            Interlocked.Increment(ref _movedLearned);
            TopologyLog.SlotMoved(_logger, _upstream.Name, slot, owner.Address);
            RaiseChanged(corrected);
            RequestRefresh("MOVED");
            break;
        }

        return owner;
    }

    /// <summary>
    /// Asks for a refresh soon: at once when the last one is <see cref="MinInterval"/> ago, else when it is. Cheap, and
    /// repeated calls become one refresh. For a standalone: its name is resolved anew by the next connection.
    /// </summary>
    /// <param name="reason">For the log.</param>
    public void RequestRefresh(string reason)
    {
        if (_upstream.Mode == UpstreamMode.Standalone) _resolver.Forget(_upstream.Seeds[0].Host);
        else _requests.Writer.TryWrite(reason);
    }

    /// <summary>Ends the refreshes and those who wait for the first map. The map stays readable. May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_period is not null) await _period.DisposeAsync().ConfigureAwait(false);
        _ready.TrySetCanceled(CancellationToken.None);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        await RefreshAsync("start", cancellation).ConfigureAwait(false);
        await foreach (string reason in _requests.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            TimeSpan wait = NextInterval() - _time.GetElapsedTime(_lastBegun);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, cancellation).ConfigureAwait(false);

            // What was asked for while waiting is answered by this refresh; what is asked for during it, by the next.
            _requests.Reader.TryRead(out _);
            await RefreshAsync(reason, cancellation).ConfigureAwait(false);
        }
    }

    private TimeSpan NextInterval()
    {
        TimeSpan backedOff = MinInterval * (1 << Math.Min(_failuresInARow, 10));
        return (backedOff < MaxInterval ? backedOff : MaxInterval) * Jittered();
    }

    private async Task RefreshAsync(string reason, CancellationToken cancellation)
    {
        _lastBegun = _time.GetTimestamp();
        bool good = await TryRefreshAsync(reason, cancellation).ConfigureAwait(false);
        _failuresInARow = good ? 0 : _failuresInARow + 1;
        if (!good)
        {
            Interlocked.Increment(ref _failures);
            RequestRefresh("retry");
        }

        // TopologyRefresh is the longest time between two looks: here the jitter shortens.
        _period!.Change(_upstream.TopologyRefresh / Jittered(), Timeout.InfiniteTimeSpan);
        Interlocked.Increment(ref _refreshes);
    }

    private async Task<bool> TryRefreshAsync(string reason, CancellationToken cancellation)
    {
        try
        {
            ClusterView? view = await AskAsync(reason, cancellation).ConfigureAwait(false);
            if (view is null) return false;
            Accept(view, reason);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            TopologyLog.RefreshFaulted(_logger, e, _upstream.Name);
            return false;
        }
    }

    private async Task<ClusterView?> AskAsync(string reason, CancellationToken cancellation)
    {
        SlotMap? map = _current;
        ProbeResult known = await _probe.AskKnownAsync(map?.Primaries ?? [], cancellation).ConfigureAwait(false);
        if (Choose(known) is { } view) return view;

        IEnumerable<Node> replicas = map is null ? [] : map.Primaries.SelectMany(primary => map.ReplicasOf(primary));
        ProbeResult found = await _probe.DiscoverAsync(replicas, cancellation).ConfigureAwait(false);

        // While a known primary answers, the silent ones count: it may be cut off from them. When none does, the cluster
        // may have been built anew elsewhere, and the old addresses must not outvote it for ever.
        ProbeResult all = known.Views.Count > 0 ? known.FollowedBy(found) : found;
        ClusterView? chosen = Choose(all);
        if (chosen is null) TopologyLog.NoCredibleView(_logger, _upstream.Name, all.Views.Count, all.Asked.Count, reason);
        return chosen;
    }

    private ClusterView? Choose(ProbeResult result) => ViewElection.Choose(result.Views, result.Asked.Count, _epoch);

    private void Accept(ClusterView view, string reason)
    {
        _epoch = view.Health.CurrentEpoch;
        NoteNodes(view);
        while (true)
        {
            SlotMap? current = _current;
            SlotMap next = MapOf(view, (current?.Version ?? 0) + 1);
            if (current is not null && current.HasSameAssignments(next)) break;
            if (Interlocked.CompareExchange(ref _current, next, current) != current) continue;
            TopologyLog.MapChanged(_logger, _upstream.Name, next.Version, view.Source, next.Primaries.Length, next.CoveredSlots, reason);
            RaiseChanged(next);
            break;
        }

        // Once per change: during an outage refreshes come several times a second.
        if (!view.Health.IsOk && _wasOk) TopologyLog.ClusterNotOk(_logger, _upstream.Name, view.Source, _current!.CoveredSlots);
        if (view.Health.IsOk && !_wasOk) TopologyLog.ClusterOkAgain(_logger, _upstream.Name);
        _wasOk = view.Health.IsOk;
        MarkGood();
    }

    private SlotMap MapOf(ClusterView view, long version)
    {
        var replicas = ImmutableDictionary.CreateBuilder<Node, ImmutableArray<Node>>();
        foreach (ViewRange range in view.Ranges.Where(range => range.Replicas.Length > 0))
            replicas[Nodes.GetOrAdd(range.Primary.Address)] = [.. range.Replicas.Select(node => Nodes.GetOrAdd(node.Address))];
        IEnumerable<(int, int, Node)> ranges =
            view.Ranges.Select(range => (range.First, range.Last, Nodes.GetOrAdd(range.Primary.Address)));
        return SlotMap.Cluster(version, ranges, replicas.ToImmutable());
    }

    private void NoteNodes(ClusterView view)
    {
        var roles = new Dictionary<Node, NodeRole>();
        foreach (ViewNode named in view.Nodes)
        {
            Node node = Nodes.GetOrAdd(named.Address);
            node.Id = named.Id;
            roles[node] = NodeRole.Replica;
        }

        foreach (ViewRange range in view.Ranges) roles[Nodes.GetOrAdd(range.Primary.Address)] = NodeRole.Primary;
        foreach (Node node in Nodes.Nodes) node.Role = roles.GetValueOrDefault(node, NodeRole.Unknown);
    }

    /// <summary>Puts a map in force, whoever found it.</summary>
    internal void Publish(SlotMap map)
    {
        _current = map;
        RaiseChanged(map);
    }

    private void MarkGood()
    {
        Interlocked.Exchange(ref _lastGoodTicks, _time.GetUtcNow().UtcTicks);
        _ready.TrySetResult();
    }

    private void RaiseChanged(SlotMap map)
    {
        try
        {
            Changed?.Invoke(map);
        }
        catch (Exception e)
        {
            // An observer's fault must not end the refreshes, nor the loop that learned of a MOVED.
            TopologyLog.ObserverFaulted(_logger, e, _upstream.Name);
        }
    }

    // CA5394: the spread of waits guards no secret.
#pragma warning disable CA5394
    private static double Jittered() => 1 + Random.Shared.NextDouble() * Jitter;
#pragma warning restore CA5394
}
