namespace RespProxy.Upstream.Connections;

/// <summary>
/// The digests of scripts whose sources went over a connection: a later request on it may give the digest alone. Forgotten with the
/// connection, as the node behind the next one may be another or a restarted one. Loop thread only.
/// </summary>
public sealed class SentScripts
{
    /// <summary>More than a tenant can keep. Forgetting costs one source each, sent once more.</summary>
    private const int MostKept = 4096;

    private HashSet<UInt128>? _digests;

    public bool Contains(UInt128 digest) => _digests?.Contains(digest) == true;

    public void Add(UInt128 digest)
    {
        _digests ??= [];
        if (_digests.Count >= MostKept) _digests.Clear();
        _digests.Add(digest);
    }

    public void Clear() => _digests?.Clear();
}
