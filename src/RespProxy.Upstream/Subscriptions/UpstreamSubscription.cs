using RespProxy.Protocol.Slots;

namespace RespProxy.Upstream.Subscriptions;

/// <summary>What a subscription listens to.</summary>
public enum SubscriptionKind : byte
{
    /// <summary>SUBSCRIBE: one channel.</summary>
    Channel,

    /// <summary>PSUBSCRIBE: every channel that matches a pattern.</summary>
    Pattern,

    /// <summary>SSUBSCRIBE: one channel of the node that owns its slot.</summary>
    ShardChannel,
}

/// <summary>Hears of one subscription. Called on the loop's thread; must not throw.</summary>
public interface ISubscriptionSink
{
    /// <summary>A node has confirmed it: what is published from now on arrives. Called again after each time it had to be renewed.</summary>
    void OnConfirmed(UpstreamSubscription subscription);

    /// <summary>A node has refused it with this error. It is asked again after a while, unless it is removed.</summary>
    void OnRefused(UpstreamSubscription subscription, ReadOnlySpan<byte> reply);

    /// <summary>Something was published to <paramref name="channel"/>. The bytes are valid during the call only.</summary>
    void OnPublished(UpstreamSubscription subscription, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload);
}

/// <summary>A channel or pattern that one loop listens to, for however many clients. Kept subscribed through whatever happens to the nodes. Loop thread only.</summary>
public sealed class UpstreamSubscription
{
    internal UpstreamSubscription(SubscriptionKind kind, byte[] name, ISubscriptionSink sink)
    {
        Kind = kind;
        Bytes = name;
        Sink = sink;
        Slot = HashSlot.Of(name);
    }

    public SubscriptionKind Kind { get; }

    /// <summary>The channel or pattern as the node knows it.</summary>
    public ReadOnlySpan<byte> Name => Bytes;

    public ISubscriptionSink Sink { get; }

    /// <summary>Of the channel; means something for shard channels only.</summary>
    public int Slot { get; }

    /// <summary>True while a node listens for it.</summary>
    public bool IsConfirmed { get; internal set; }

    internal byte[] Bytes { get; }

    /// <summary>Where it is subscribed or about to be; null while there is no such node.</summary>
    internal SubscriptionConnection? Connection { get; set; }

    /// <summary>Not to be asked for before this time, in Stopwatch ticks.</summary>
    internal long NextAttempt { get; set; }
}
