namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// What makes two reads of one tenant the same: the request byte for byte, the database it names keys in, and the protocol of its reply.
/// Allocation-free.
/// </summary>
public readonly ref struct ReadIdentity
{
    /// <param name="request">The request's frame.</param>
    /// <param name="database">The number that SELECT gave.</param>
    /// <param name="isResp3">The client speaks RESP3.</param>
    public ReadIdentity(ReadOnlySpan<byte> request, int database, bool isResp3)
    {
        Request = request;
        Database = database;
        IsResp3 = isResp3;
        Hash = KeyHash.Of(request, ((uint)database * 2) + (isResp3 ? 1u : 0u));
    }

    public ReadOnlySpan<byte> Request { get; }

    public int Database { get; }

    public bool IsResp3 { get; }

    public ulong Hash { get; }

    public bool IsSameAs(in ReadIdentity other) =>
        Hash == other.Hash && Database == other.Database && IsResp3 == other.IsResp3 && Request.SequenceEqual(other.Request);
}
