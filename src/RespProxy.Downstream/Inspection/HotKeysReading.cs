using RespProxy.Tenancy.HotKeys;

namespace RespProxy.Downstream.Inspection;

/// <summary>A tenant's most used keys, over all loops.</summary>
/// <param name="Covered">The time that the counts are of.</param>
/// <param name="Sample">One in so many requests is counted now, on the loop that counts fewest.</param>
/// <param name="Rankings">By each measure asked for.</param>
public sealed record HotKeysReading(TimeSpan Covered, int Sample, IReadOnlyList<HotKeyRanking> Rankings);

/// <summary>Keys by one measure.</summary>
/// <param name="Measure">What they are ranked by.</param>
/// <param name="Covered">The time that the counts are of.</param>
/// <param name="Total">Of all keys together.</param>
/// <param name="Keys">The most used first.</param>
public sealed record HotKeyRanking(HotKeyMeasure Measure, TimeSpan Covered, long Total, IReadOnlyList<HotKey> Keys)
{
    /// <summary>A key's count as a rate.</summary>
    public long PerSecond(HotKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return (long)(key.Count / Math.Max(1, Covered.TotalSeconds));
    }
}
