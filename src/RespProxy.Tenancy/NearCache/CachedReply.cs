using System.Buffers;

namespace RespProxy.Tenancy.NearCache;

/// <summary>A read and its reply, in one pooled array. Owned by a <see cref="ReplyStore"/>; valid until the store is changed. Not thread-safe.</summary>
public sealed class CachedReply
{
    /// <summary>What one costs besides its bytes: the object and its places in two tables, rounded up.</summary>
    public const int Overhead = 256;

    private byte[] _bytes = [];
    private int _requestLength;
    private int _replyLength;

    public ReadOnlySpan<byte> Reply => _bytes.AsSpan(_requestLength, _replyLength);

    /// <summary>The reply was longer than what is kept: only that is known of it.</summary>
    public bool IsTooLong => _replyLength == 0;

    /// <summary>Of the key: <see cref="SeenMarks"/>.</summary>
    public int Bucket { get; private set; }

    /// <summary>When the read was sent, in Stopwatch ticks.</summary>
    public long ReadAt { get; private set; }

    /// <summary>Where the change of the key would be told.</summary>
    public InvalidationStream Stream { get; private set; } = null!;

    /// <summary>Bytes held.</summary>
    internal int Size => _bytes.Length + Overhead;

    internal ulong Hash { get; private set; }

    internal ulong KeyHash { get; private set; }

    // Places in the store: by age, and among the reads of one key.
    internal CachedReply? Older { get; set; }

    internal CachedReply? Newer { get; set; }

    internal CachedReply? PreviousOfKey { get; set; }

    internal CachedReply? NextOfKey { get; set; }

    private int Database { get; set; }

    private bool IsResp3 { get; set; }

    internal bool IsOf(in ReadIdentity read) =>
        Database == read.Database && IsResp3 == read.IsResp3 && _bytes.AsSpan(0, _requestLength).SequenceEqual(read.Request);

    internal void Fill(in ReadIdentity read, ReadOnlySpan<byte> reply, in ReadOrigin origin)
    {
        _requestLength = read.Request.Length;
        _replyLength = reply.Length;
        _bytes = ArrayPool<byte>.Shared.Rent(_requestLength + _replyLength);
        read.Request.CopyTo(_bytes);
        reply.CopyTo(_bytes.AsSpan(_requestLength));
        Database = read.Database;
        IsResp3 = read.IsResp3;
        Hash = read.Hash;
        KeyHash = origin.KeyHash;
        Bucket = origin.Bucket;
        ReadAt = origin.ReadAt;
        Stream = origin.Stream;
    }

    internal void Empty()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Stream = null!;
    }
}

/// <summary>Where a reply comes from.</summary>
/// <param name="KeyHash"><see cref="ReplyStore.HashOfKey"/> of the key as the nodes call it.</param>
/// <param name="Bucket"><see cref="SeenMarks.BucketOf"/> the key.</param>
/// <param name="ReadAt">When the read was sent, in Stopwatch ticks.</param>
/// <param name="Stream">Where the change of the key would be told.</param>
public readonly record struct ReadOrigin(ulong KeyHash, int Bucket, long ReadAt, InvalidationStream Stream);
