using System.Runtime.InteropServices;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// Puts readings of several <see cref="SpaceSaving"/> together: of the parts of a window, and of the loops.
///
/// <para>What a key was counted is summed. Where a summary has no counter for it, the key may have been there as often as the least counter says:
/// that is added to the count and to the error, so that both bounds hold for the sum, and the error is at most the sum of each summary's
/// N/k (Agarwal et al.: Mergeable Summaries, 2012).</para>
///
/// For one reading; not thread-safe.
/// </summary>
public sealed class HotKeyMerge
{
    private readonly Dictionary<(ulong Hash, int Length, int Database), Sum> _sums = [];
    private long _missed;
    private long _missedHere;

    /// <summary>The weight of all keys together.</summary>
    public long Total { get; private set; }

    /// <summary>What follows is of another summary.</summary>
    internal void Begin(long total, long mostMissed)
    {
        Total += total;
        _missed += mostMissed;
        _missedHere = mostMissed;
    }

    internal void Add(ulong hash, ReadOnlySpan<byte> kept, int length, int database, long count, long error)
    {
        ref Sum? sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_sums, (hash, length, database), out _);
        sum ??= new Sum(kept.ToArray(), length, database);
        sum.Count += count;
        sum.Error += error;
        sum.MissedWhereCounted += _missedHere;
    }

    /// <summary>The keys that were certainly counted most, at most so many, the most first.</summary>
    public IReadOnlyList<HotKey> Top(int count) =>
    [
        .. _sums.Values
            .Select(sum => new HotKey(sum.Key, sum.Length, sum.Database, sum.Count + _missed - sum.MissedWhereCounted, sum.Error + _missed - sum.MissedWhereCounted))
            .OrderByDescending(key => key.Least)
            .ThenByDescending(key => key.Count)
            .Take(count),
    ];

    private sealed class Sum(byte[] key, int length, int database)
    {
        public readonly byte[] Key = key;
        public readonly int Length = length;
        public readonly int Database = database;
        public long Count;
        public long Error;

        /// <summary>The least counts of the summaries that have a counter for the key.</summary>
        public long MissedWhereCounted;
    }
}

/// <param name="Key">As the client knows it; its first <see cref="SketchKey.MostKept"/> bytes.</param>
/// <param name="Length">The whole key's.</param>
/// <param name="Database">As SELECT numbers it.</param>
/// <param name="Count">Never less than what was added for the key.</param>
/// <param name="Error">By how much <paramref name="Count"/> may be more than that.</param>
public sealed record HotKey(byte[] Key, int Length, int Database, long Count, long Error)
{
    /// <summary>Never more than what was added for the key.</summary>
    public long Least => Count - Error;
}
