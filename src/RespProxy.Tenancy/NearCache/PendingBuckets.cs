namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// The buckets of one client's keys (<see cref="SeenMarks"/>) that requests under way name. More may be told than there are, never fewer: buckets share
/// bits, and all are forgotten together, with the last request. A mutable struct; not thread-safe.
/// </summary>
public struct PendingBuckets
{
    private ulong _bits0;
    private ulong _bits1;
    private ulong _bits2;
    private ulong _bits3;
    private uint _last;
    private bool _any;

    /// <summary>A request with this number names a key in the bucket.</summary>
    public void Add(int bucket, uint number)
    {
        BitsOf(ref this, bucket) |= 1UL << (bucket & 63);
        _last = number;
        _any = true;
    }

    /// <summary>True while a request is under way, the oldest unanswered one being <paramref name="head"/>.</summary>
    public bool Any(uint head)
    {
        if (_any && (int)(_last - head) < 0) this = default;
        return _any;
    }

    /// <summary>True when one of them may name a key in the bucket.</summary>
    public bool Contains(int bucket, uint head) => Any(head) && (BitsOf(ref this, bucket) & (1UL << (bucket & 63))) != 0;

    private static ref ulong BitsOf(ref PendingBuckets buckets, int bucket)
    {
        switch ((bucket >> 6) & 3)
        {
            case 0: return ref buckets._bits0;
            case 1: return ref buckets._bits1;
            case 2: return ref buckets._bits2;
            default: return ref buckets._bits3;
        }
    }
}
