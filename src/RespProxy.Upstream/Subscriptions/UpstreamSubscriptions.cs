using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Protocol.Resp;
using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Subscriptions;

/// <summary>
/// What one loop listens to at an upstream, each channel once for however many clients, and where.
///
/// <para>Channels and patterns are subscribed at one primary, the home: the cluster's bus brings every PUBLISH to every node. Shard channels are
/// subscribed at the owner of their slot. A lost connection, a home that left, a slot that moved: what was there is subscribed anew
/// elsewhere, and confirmed anew; what was published in between is lost, as it is for any client of Redis that reconnects.</para>
///
/// Loop thread only.
/// </summary>
public sealed partial class UpstreamSubscriptions
{
    /// <summary>Pause after a refusal that passes: a slot on its way, a node that is loading.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Pause after any other refusal, such as the upstream user's missing right.</summary>
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection without subscriptions is kept for the next one.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(30);

    private readonly EventLoop _loop;
    private readonly UpstreamLoop _owner;
    private readonly ClusterTopology _topology;
    private readonly NodeResolver _resolver;
    private readonly ILogger _logger;
    private readonly Dictionary<byte[], UpstreamSubscription>[] _byKind =
        [new(ByteStringComparer.Instance), new(ByteStringComparer.Instance), new(ByteStringComparer.Instance)];

    private readonly Node? _onlyAt;
    private readonly HashSet<UpstreamSubscription> _homeless = [];
    private readonly Dictionary<Node, Link> _links = [];
    private Node? _home;
    private bool _stopped;

    /// <summary>With <paramref name="onlyAt"/> everything is subscribed at that node, whatever it is.</summary>
    internal UpstreamSubscriptions(EventLoop loop, UpstreamLoop owner, ClusterTopology topology, NodeResolver resolver, ILogger logger, Node? onlyAt = null)
    {
        _onlyAt = onlyAt;
        _loop = loop;
        _owner = owner;
        _topology = topology;
        _resolver = resolver;
        _logger = logger;
    }

    internal UpstreamSnapshot Snapshot => _owner.Snapshot;

    /// <summary>The subscription of that name, or null.</summary>
    public UpstreamSubscription? Find(SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        _byKind[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out UpstreamSubscription? subscription) ? subscription : null;

    /// <summary>Begins to listen; the sink hears when a node has confirmed it. There must be none of that name yet.</summary>
    public UpstreamSubscription Add(SubscriptionKind kind, byte[] name, ISubscriptionSink sink)
    {
        var subscription = new UpstreamSubscription(kind, name, sink);
        _byKind[(int)kind].Add(name, subscription);
        Place(subscription);
        return subscription;
    }

    /// <summary>Listens no more. The sink hears nothing more of it.</summary>
    public void Remove(UpstreamSubscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        _byKind[(int)subscription.Kind].Remove(subscription.Bytes);
        TakeAway(subscription);
        _homeless.Remove(subscription);
    }

    /// <summary>The slot map has changed: what is elsewhere now is subscribed there.</summary>
    internal void FollowTopology()
    {
        if (_stopped || _owner.Map is not { } map) return;
        if (_home is not null && !map.Primaries.Contains(_home)) _home = null;
        foreach (Dictionary<byte[], UpstreamSubscription> subscriptions in _byKind)
        {
            foreach (UpstreamSubscription subscription in subscriptions.Values)
            {
                if (subscription.Connection is null || subscription.Connection.Node == NodeFor(subscription)) continue;
                TakeAway(subscription);
                Place(subscription);
            }
        }
    }

    /// <summary>Looks after what has no node, and after silent and idle connections.</summary>
    internal void OnTick()
    {
        if (_stopped) return;
        if (_homeless.Count > 0)
        {
            foreach (UpstreamSubscription subscription in _homeless.ToArray()) Place(subscription);
        }

        if (_links.Count == 0) return;
        long patience = Ticks(Snapshot.RequestTimeout);
        foreach (Link link in _links.Values)
        {
            if (link.Connection is not { } connection) continue;
            if (connection.Kept == 0 && connection.IsReady && _loop.Now - connection.IdleSince > Ticks(IdleTime)) connection.Abort("idle");
            else connection.CheckHealth(_loop.Now, patience);
        }
    }

    internal void Stop()
    {
        _stopped = true;
        foreach (Link link in _links.Values) link.Connection?.Abort("shutting down");
    }

    internal void OnResp3Unsupported() => _owner.OnResp3Unsupported();

    internal void OnReady(SubscriptionConnection connection)
    {
        _links[connection.Node].Failures = 0;
        LogConnected(Snapshot.Name, connection.Node, connection.Kept);
        foreach (UpstreamSubscription subscription in On(connection)) connection.Subscribe(subscription);
    }

    internal void OnClosed(SubscriptionConnection connection, string why)
    {
        Link link = _links[connection.Node];
        if (link.Connection == connection) link.Connection = null;
        if (_stopped) return;
        UpstreamSubscription[] lost = [.. On(connection)];
        link.NextAttempt = _loop.Now + Ticks(ReconnectBackoff.Next(link.Failures++, Random.Shared.NextDouble()));
        if (lost.Length == 0) return;
        LogLost(Snapshot.Name, connection.Node, lost.Length, why);
        _topology.RequestRefresh("lost the subscriptions at " + connection.Node);
        if (_home == connection.Node) _home = null;
        foreach (UpstreamSubscription subscription in lost)
        {
            TakeAway(subscription);
            Place(subscription);
        }
    }

    internal static void OnConfirmed(SubscriptionConnection connection, UpstreamSubscription subscription)
    {
        if (subscription.Connection != connection) return;
        subscription.IsConfirmed = true;
        subscription.Sink.OnConfirmed(subscription);
    }

    internal void OnRefused(SubscriptionConnection connection, UpstreamSubscription subscription, ReadOnlySpan<byte> error)
    {
        if (subscription.Connection != connection) return;
        NodeErrorKind kind = NodeErrors.Classify(error);
        Release(subscription);
        _homeless.Add(subscription);
        if (kind == NodeErrorKind.Plain)
        {
            subscription.NextAttempt = _loop.Now + Ticks(RefusedPause);
            subscription.Sink.OnRefused(subscription, error);
            return;
        }

        subscription.NextAttempt = _loop.Now + Ticks(RetryPause);
        if (kind == NodeErrorKind.Moved && NodeErrors.TryReadRedirect(error, out int slot, out string host, out int port)) _topology.Learn(slot, host, port, connection.Node);
    }

    /// <summary>The node has dropped a shard channel, whose slot is another's now.</summary>
    internal void OnLost(SubscriptionConnection connection, ReadOnlySpan<byte> name)
    {
        if (Find(SubscriptionKind.ShardChannel, name) is not { } subscription || subscription.Connection != connection) return;
        Release(subscription);
        subscription.NextAttempt = 0;
        Place(subscription);
        _topology.RequestRefresh("a slot with a shard channel has moved");
    }

    internal void OnPublished(SubscriptionConnection connection, SubscriptionKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        // What an earlier node still sends after a move would come twice.
        if (Find(kind, name) is { } subscription && subscription.Connection == connection) subscription.Sink.OnPublished(subscription, channel, payload);
    }

    private IEnumerable<UpstreamSubscription> On(SubscriptionConnection connection) =>
        _byKind.SelectMany(subscriptions => subscriptions.Values).Where(subscription => subscription.Connection == connection);

    private Node? NodeFor(UpstreamSubscription subscription) =>
        _onlyAt is not null ? _onlyAt
        : subscription.Kind == SubscriptionKind.ShardChannel ? _owner.Map?.PrimaryOf(subscription.Slot) : _home ??= ChooseHome();

    /// <summary>A primary that may be dialled now; each loop begins at another, so that they share the work.</summary>
    private Node? ChooseHome()
    {
        if (_owner.Map is not { Primaries.Length: > 0 and var count } map) return null;
        for (int i = 0; i < count; i++)
        {
            Node node = map.Primaries[(_loop.Index + i) % count];
            if (!_links.TryGetValue(node, out Link? link) || link.Connection is not null || link.NextAttempt <= _loop.Now) return node;
        }

        return null;
    }

    private void Place(UpstreamSubscription subscription)
    {
        SubscriptionConnection? connection = null;
        if (!_stopped && subscription.NextAttempt <= _loop.Now && NodeFor(subscription) is { } node)
        {
            connection = ConnectionTo(node);
            // A home that cannot be dialled is no home; another primary is as good.
            if (connection is null && _home == node) _home = null;
        }

        if (connection is null)
        {
            _homeless.Add(subscription);
            return;
        }

        _homeless.Remove(subscription);
        subscription.Connection = connection;
        connection.Kept++;
        if (connection.IsReady) connection.Subscribe(subscription);
    }

    /// <summary>Unsubscribes where it is, if it is anywhere.</summary>
    private void TakeAway(UpstreamSubscription subscription)
    {
        if (subscription.Connection is not { } connection) return;
        Release(subscription);
        if (connection.IsReady) connection.Unsubscribe(subscription);
    }

    private void Release(UpstreamSubscription subscription)
    {
        SubscriptionConnection connection = subscription.Connection!;
        subscription.Connection = null;
        subscription.IsConfirmed = false;
        connection.Kept--;
        connection.IdleSince = _loop.Now;
    }

    private SubscriptionConnection? ConnectionTo(Node node)
    {
        if (!_links.TryGetValue(node, out Link? link)) _links.Add(node, link = new Link());
        if (link.Connection is not null) return link.Connection;
        if (_loop.Now < link.NextAttempt) return null;
        var connection = new SubscriptionConnection(this, node, _owner.SupportsResp3);
        link.Connection = connection;
        _ = DialAsync(connection, _resolver.ResolveAsync(node.Address, link.Failures).AsTask());
        return connection;
    }

    private async Task DialAsync(SubscriptionConnection connection, Task<IPEndPoint> resolving)
    {
        await ((Task)resolving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _loop.Post(() =>
        {
            if (_stopped) return;
            if (resolving.IsCompletedSuccessfully) connection.Connect(_loop, resolving.Result);
            else OnClosed(connection, resolving.Exception?.InnerException?.Message ?? "the name does not resolve");
        });
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    [LoggerMessage(4111, LogLevel.Information, "Upstream {Upstream}: connected to {Node} for {Subscriptions} subscription(s)")]
    private partial void LogConnected(string upstream, Node node, int subscriptions);

    [LoggerMessage(4112, LogLevel.Warning, "Upstream {Upstream}: lost {Subscriptions} subscription(s) at {Node}, subscribing anew: {Reason}")]
    private partial void LogLost(string upstream, Node node, int subscriptions, string reason);

    /// <summary>The way to one node.</summary>
    private sealed class Link
    {
        public SubscriptionConnection? Connection;
        public int Failures;
        public long NextAttempt;
    }
}
