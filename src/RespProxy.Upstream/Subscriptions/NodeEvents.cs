using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Subscriptions;

/// <summary>Hears what each primary publishes for itself alone. Called on the loop's thread; must not throw.</summary>
public interface INodeEventSink
{
    /// <summary>Every primary listens now. Called again after each time that had to be renewed.</summary>
    void OnConfirmed();

    /// <summary>A node has refused with this error. It is asked again after a while, unless the sink is removed.</summary>
    void OnRefused(ReadOnlySpan<byte> reply);

    /// <summary>A node has published something to <paramref name="channel"/>. The bytes are valid during the call only.</summary>
    void OnPublished(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload);
}

/// <summary>
/// What one loop listens to at every primary: keyspace notifications, which no node passes on to another
/// (https://redis.io/docs/latest/develop/use/keyspace-notifications/). Each channel once for however many sinks, over connections of their own.
/// New primaries are followed; what a node publishes while it is not listened to is lost, as for any client of Redis that reconnects.
///
/// Loop thread only.
/// </summary>
public sealed class NodeEvents
{
    private readonly Func<Node, UpstreamSubscriptions> _subscribeAt;
    private readonly Func<SlotMap?> _map;
    private readonly Dictionary<Node, UpstreamSubscriptions> _nodes = [];
    private readonly Dictionary<byte[], NodeEventSubscription>[] _byKind = [new(ByteStringComparer.Instance), new(ByteStringComparer.Instance)];

    internal NodeEvents(Func<SlotMap?> map, Func<Node, UpstreamSubscriptions> subscribeAt)
    {
        _map = map;
        _subscribeAt = subscribeAt;
    }

    private IEnumerable<NodeEventSubscription> All => _byKind.SelectMany(subscriptions => subscriptions.Values);

    /// <summary>Begins to listen for the sink. <paramref name="kind"/> is a channel or a pattern.</summary>
    public NodeEventSubscription Add(SubscriptionKind kind, byte[] name, INodeEventSink sink)
    {
        if (!_byKind[(int)kind].TryGetValue(name, out NodeEventSubscription? subscription))
        {
            _byKind[(int)kind].Add(name, subscription = new NodeEventSubscription(kind, name));
            FollowTopology();
            foreach ((Node node, UpstreamSubscriptions at) in _nodes) subscription.Begin(node, at);
        }

        subscription.Sinks.Add(sink);
        return subscription;
    }

    /// <summary>The sink hears nothing more of it.</summary>
    public void Remove(NodeEventSubscription subscription, INodeEventSink sink)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        subscription.Sinks.Remove(sink);
        if (subscription.Sinks.Count > 0 || !_byKind[(int)subscription.Kind].Remove(subscription.Name)) return;
        foreach ((Node node, UpstreamSubscriptions at) in _nodes) subscription.End(node, at);
    }

    internal void FollowTopology()
    {
        if (_map() is not { } map || (_nodes.Count == 0 && !All.Any())) return;
        foreach ((Node node, UpstreamSubscriptions at) in _nodes.ToArray())
        {
            if (map.Primaries.Contains(node)) continue;
            _nodes.Remove(node);
            foreach (NodeEventSubscription subscription in All) subscription.End(node, at);
            at.Stop();
        }

        foreach (Node node in map.Primaries)
        {
            if (_nodes.ContainsKey(node)) continue;
            UpstreamSubscriptions at = _subscribeAt(node);
            _nodes.Add(node, at);
            foreach (NodeEventSubscription subscription in All) subscription.Begin(node, at);
        }

        // One may have waited for nothing but a node that has left.
        foreach (NodeEventSubscription subscription in All.ToArray()) subscription.Confirm();
    }

    internal void OnTick()
    {
        foreach (UpstreamSubscriptions at in _nodes.Values) at.OnTick();
    }

    internal void Stop()
    {
        foreach (UpstreamSubscriptions at in _nodes.Values) at.Stop();
    }
}

/// <summary>A channel or pattern that a loop listens to at every primary. Loop thread only.</summary>
public sealed class NodeEventSubscription : ISubscriptionSink
{
    private readonly Dictionary<Node, UpstreamSubscription> _nodes = [];

    internal NodeEventSubscription(SubscriptionKind kind, byte[] name)
    {
        Kind = kind;
        Name = name;
    }

    public SubscriptionKind Kind { get; }

    /// <summary>Every primary that is known listens.</summary>
    public bool IsConfirmed => _nodes.Count > 0 && _nodes.Values.All(subscription => subscription.IsConfirmed);

    internal byte[] Name { get; }

    internal List<INodeEventSink> Sinks { get; } = [];

    /// <inheritdoc/>
    public void OnConfirmed(UpstreamSubscription subscription) => Confirm();

    /// <inheritdoc/>
    public void OnRefused(UpstreamSubscription subscription, ReadOnlySpan<byte> reply)
    {
        foreach (INodeEventSink sink in Sinks.ToArray()) sink.OnRefused(reply);
    }

    /// <inheritdoc/>
    public void OnPublished(UpstreamSubscription subscription, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload)
    {
        foreach (INodeEventSink sink in Sinks) sink.OnPublished(channel, payload);
    }

    internal void Confirm()
    {
        if (!IsConfirmed) return;
        foreach (INodeEventSink sink in Sinks.ToArray()) sink.OnConfirmed();
    }

    internal void Begin(Node node, UpstreamSubscriptions at)
    {
        if (!_nodes.ContainsKey(node)) _nodes.Add(node, at.Add(Kind, Name, this));
    }

    internal void End(Node node, UpstreamSubscriptions at)
    {
        if (_nodes.Remove(node, out UpstreamSubscription? subscription)) at.Remove(subscription);
    }
}
