using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>What asking several nodes gave.</summary>
/// <param name="Views">The answers.</param>
/// <param name="Asked">Who was asked, those that did not answer included.</param>
internal sealed record ProbeResult(IReadOnlyCollection<ClusterView> Views, IReadOnlyCollection<NodeAddress> Asked)
{
    /// <summary>Both rounds as one: a node asked in both has one vote, its later one.</summary>
    public ProbeResult FollowedBy(ProbeResult later) => new(
        [.. later.Views.UnionBy(Views, view => view.Source)],
        [.. Asked.Union(later.Asked)]);
}

/// <summary>Asks nodes how they see the cluster, in parallel. Holds nothing between calls.</summary>
internal sealed class TopologyProbe(UpstreamSnapshot upstream, NodeResolver resolver, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Most nodes asked in one round of known nodes. Three of five can be outvoted by nobody, and a large cluster is not
    /// asked by every proxy on every node.
    /// </summary>
    public const int MaxKnown = 5;

    // A discovery asks the seeds and what they name: a bound for seeds that name hundreds.
    private const int MaxDiscovered = 16;

    /// <summary>Asks nodes already known: no more than <see cref="MaxKnown"/>, chosen at random.</summary>
    public async Task<ProbeResult> AskKnownAsync(IEnumerable<Node> nodes, CancellationToken cancellation)
    {
        Node[] chosen = [.. nodes];
        Random.Shared.Shuffle(chosen);
        await using var round = new Round(this, cancellation);
        foreach (Node node in chosen.Take(MaxKnown)) await round.AskAsync(node.Address, node).ConfigureAwait(false);
        return await round.CollectAsync(widen: false).ConfigureAwait(false);
    }

    /// <summary>Asks the given nodes and seeds, every address of a seed's name, and then the nodes which these name.</summary>
    public async Task<ProbeResult> DiscoverAsync(IEnumerable<Node> nodes, CancellationToken cancellation)
    {
        Node[] chosen = [.. nodes];
        Random.Shared.Shuffle(chosen);
        await using var round = new Round(this, cancellation);
        foreach (NodeAddress seed in upstream.Seeds)
        {
            foreach (NodeAddress address in await ExpandAsync(seed, cancellation).ConfigureAwait(false))
                await round.AskAsync(address).ConfigureAwait(false);
        }

        foreach (Node node in chosen.Take(MaxKnown)) await round.AskAsync(node.Address, node).ConfigureAwait(false);
        return await round.CollectAsync(widen: true).ConfigureAwait(false);
    }

    // A name that stands for many nodes (a headless service) is as many seeds; one that stands for this machine is one.
    private async Task<IReadOnlyList<NodeAddress>> ExpandAsync(NodeAddress seed, CancellationToken cancellation)
    {
        resolver.Forget(seed.Host);
        IReadOnlyList<IPEndPoint> found = await ResolveAsync(seed, cancellation).ConfigureAwait(false);
        return found.Count <= 1 || found.All(endPoint => IPAddress.IsLoopback(endPoint.Address))
            ? [seed]
            : [.. found.Select(endPoint => new NodeAddress(endPoint.Address.ToString(), endPoint.Port))];
    }

    private async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(NodeAddress address, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(upstream.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await resolver.ResolveAllAsync(address, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            TopologyLog.NodeNotAsked(logger, upstream.Name, address, $"the name does not resolve: {e.Message}");
            return [];
        }
    }

    private async Task<ClusterView?> AskAsync(NodeAddress address, IReadOnlyList<IPEndPoint> endPoints, Node? node, CancellationToken cancellation)
    {
        try
        {
            NodeControlConnection connection =
                await NodeControlConnection.ConnectAsync(address, endPoints, upstream, time, cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                ClusterView view = await ViewOfAsync(connection, address, cancellation).ConfigureAwait(false);
                if (node is not null) node.IsReachable = true;
                return view;
            }
        }
        catch (Exception e) when (e is NodeControlException or InvalidDataException)
        {
            TopologyLog.NodeNotAsked(logger, upstream.Name, address, e.Message);
            if (node is not null) node.IsReachable = false;
            return null;
        }
        catch (OperationCanceledException)
        {
            // The others have decided, or the proxy ends: nothing is known of this node.
            return null;
        }
    }

    private static async Task<ClusterView> ViewOfAsync(NodeControlConnection connection, NodeAddress address, CancellationToken cancellation)
    {
        ReplyNode info = await connection.AskAsync(["CLUSTER", "INFO"], cancellation).ConfigureAwait(false);
        if (info.IsError) throw new NodeControlException($"{address}: CLUSTER INFO refused: {info.Text}");
        ClusterHealth health = ClusterViewParser.ParseHealth(info.Text);

        // Redis 7 and Valkey know SHARDS; whoever refuses it, for its age or by its ACL, is asked for SLOTS.
        ReplyNode shards = await connection.AskAsync(["CLUSTER", "SHARDS"], cancellation).ConfigureAwait(false);
        if (!shards.IsError) return new ClusterView(address, health, ClusterViewParser.ParseShards(shards, address));
        ReplyNode slots = await connection.AskAsync(["CLUSTER", "SLOTS"], cancellation).ConfigureAwait(false);
        if (slots.IsError) throw new NodeControlException($"{address}: CLUSTER SLOTS refused: {slots.Text}");
        return new ClusterView(address, health, ClusterViewParser.ParseSlots(slots, address));
    }

    /// <summary>One round of asking. No end point is asked twice, whatever names lead to it: a node has one vote.</summary>
    private sealed class Round(TopologyProbe probe, CancellationToken cancellation) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _decided = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        private readonly HashSet<IPEndPoint> _askedEndPoints = [];
        private readonly HashSet<NodeAddress> _asked = [];
        private readonly List<Task<ClusterView?>> _pending = [];
        private readonly List<ClusterView> _views = [];

        public async Task AskAsync(NodeAddress address, Node? node = null)
        {
            if (_asked.Contains(address)) return;
            IReadOnlyList<IPEndPoint> endPoints = await probe.ResolveAsync(address, cancellation).ConfigureAwait(false);
            if (endPoints.Any(_askedEndPoints.Contains)) return;
            _asked.Add(address);
            _askedEndPoints.UnionWith(endPoints);
            if (endPoints.Count > 0) _pending.Add(probe.AskAsync(address, endPoints, node, _decided.Token));
        }

        /// <summary>Awaits answers until most nodes asked agree: a node that hangs does not hold up the others.</summary>
        public async Task<ProbeResult> CollectAsync(bool widen)
        {
            while (_pending.Count > 0)
            {
                Task<ClusterView?> answered = await Task.WhenAny(_pending).ConfigureAwait(false);
                _pending.Remove(answered);
                if (await answered.ConfigureAwait(false) is not { } view) continue;
                _views.Add(view);
                if (widen) await AskNamedAsync(view).ConfigureAwait(false);
                if (ViewElection.IsDecided(_views, _asked.Count)) break;
            }

            cancellation.ThrowIfCancellationRequested();
            return new ProbeResult(_views, _asked);
        }

        public async ValueTask DisposeAsync()
        {
            await _decided.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(_pending).ConfigureAwait(false);
            _decided.Dispose();
        }

        private async Task AskNamedAsync(ClusterView view)
        {
            foreach (ViewNode named in view.Nodes)
            {
                if (_asked.Count >= MaxDiscovered) return;
                await AskAsync(named.Address).ConfigureAwait(false);
            }
        }
    }
}
