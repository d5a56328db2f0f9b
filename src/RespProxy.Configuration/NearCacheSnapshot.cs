using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>What the proxy keeps of replies to reads of a tenant's hot keys, each event loop for itself (docs/decisions/nearcache.md).</summary>
public sealed record NearCacheSnapshot
{
    /// <summary>Bytes of requests and replies kept by one loop.</summary>
    public long MaxBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>A longer reply is not kept.</summary>
    public int MaxValueBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// A reply is served so long and no longer, whatever the nodes say. What they may say late: that a key has expired, or that a key that did not exist
    /// was made at the node its slot is moving to.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest time since the node was last known to have told of every change: from there nothing that it sent is served.</summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Glob patterns, as KEYS takes them, of the keys that may be kept when they are hot.</summary>
    public ImmutableArray<string> Keys { get; init; } = ["*"];

    /// <summary>By what the list of patterns holds: two loads of one text are the same.</summary>
    public bool Equals(NearCacheSnapshot? other) => other is not null
        && (MaxBytes, MaxValueBytes, MaxAge, MaxLag) == (other.MaxBytes, other.MaxValueBytes, other.MaxAge, other.MaxLag)
        && Keys.SequenceEqual(other.Keys);

    public override int GetHashCode() => HashCode.Combine(MaxBytes, MaxValueBytes, MaxAge, MaxLag, Keys.Length);

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"MaxBytes = {MaxBytes}, MaxValueBytes = {MaxValueBytes}, MaxAge = {MaxAge}, MaxLag = {MaxLag}, Keys = {string.Join(' ', Keys)}");
        return true;
    }
}
