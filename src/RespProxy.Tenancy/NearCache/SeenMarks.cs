namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// When the clients of one loop last got an answer from a node that tells something of a key: none of them may be served an older value after
/// that. Keys are told apart by a hash only; two that share a bucket are served a little less often than they could be.
///
/// <para>The clock counts events of this loop, so that of any two the earlier is known even within one turn. Not thread-safe.</para>
/// </summary>
public sealed class SeenMarks
{
    /// <summary>32 KiB for each tenant with a near cache and loop; a thousand keys in flight at once would still hinder only one in four.</summary>
    private const int Buckets = 4096;

    private readonly long[] _seen = new long[Buckets];

    /// <summary>The latest moment.</summary>
    public long Now { get; private set; }

    /// <summary>The bucket of a key as its client calls it.</summary>
    public static int BucketOf(ReadOnlySpan<byte> key, int database) => (int)(KeyHash.Of(key, (uint)database) & (Buckets - 1));

    /// <summary>A new moment, later than all before.</summary>
    public long Tick() => ++Now;

    /// <summary>Something was told of a key in the bucket, now.</summary>
    public void Mark(int bucket) => _seen[bucket] = Tick();

    public long Of(int bucket) => _seen[bucket];
}
