namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// The replies that one loop keeps for one tenant, bounded in bytes. The oldest make room: nothing is kept for longer than a second or so, and what is
/// wanted again is soon read again, so that the order of use says nothing that the order of age does not.
///
/// <para>A key's replies are found by the hash of its name: should two names ever share one, a change of either voids both.</para>
///
/// Not thread-safe. Finding allocates nothing.
/// </summary>
public sealed class ReplyStore
{
    /// <summary>Entries kept for the next reply.</summary>
    private const int MostSpare = 1024;

    private readonly Dictionary<ulong, CachedReply> _byRequest = [];
    private readonly Dictionary<ulong, CachedReply> _byKey = [];
    private readonly Stack<CachedReply> _spare = [];
    private CachedReply? _oldest;
    private CachedReply? _newest;

    /// <summary>Bytes that may be held.</summary>
    public required long MaxBytes { get; set; }

    /// <summary>Replies kept.</summary>
    public int Count => _byRequest.Count;

    /// <summary>Bytes held by them.</summary>
    public long Bytes { get; private set; }

    /// <summary>Of a key's name upstream.</summary>
    public static ulong HashOfKey(ReadOnlySpan<byte> upstreamKey) => KeyHash.Of(upstreamKey);

    /// <summary>What is kept for the read; null when there is nothing.</summary>
    public CachedReply? Find(in ReadIdentity read) =>
        _byRequest.TryGetValue(read.Hash, out CachedReply? found) && found.IsOf(read) ? found : null;

    /// <summary>Keeps the reply to a read in place of an earlier one. An empty one says that it is too long to be kept.</summary>
    public void Put(in ReadIdentity read, ReadOnlySpan<byte> reply, in ReadOrigin origin)
    {
        Remove(read.Hash);
        CachedReply entry = _spare.TryPop(out CachedReply? spare) ? spare : new CachedReply();
        entry.Fill(read, reply, origin);
        _byRequest.Add(read.Hash, entry);
        entry.NextOfKey = _byKey.GetValueOrDefault(origin.KeyHash);
        if (entry.NextOfKey is { } next) next.PreviousOfKey = entry;
        _byKey[origin.KeyHash] = entry;
        entry.Older = _newest;
        if (_newest is null) _oldest = entry;
        else _newest.Newer = entry;
        _newest = entry;
        Bytes += entry.Size;
        while (Bytes > MaxBytes && _oldest is { } oldest) Drop(oldest);
    }

    /// <summary>Forgets the reply to the read with this hash.</summary>
    public void Remove(ulong hash)
    {
        if (_byRequest.TryGetValue(hash, out CachedReply? entry)) Drop(entry);
    }

    /// <summary>Forgets all replies that came from a key, given <see cref="HashOfKey"/>. False when there were none.</summary>
    public bool RemoveKey(ulong keyHash)
    {
        bool any = false;
        while (_byKey.TryGetValue(keyHash, out CachedReply? entry))
        {
            Drop(entry);
            any = true;
        }

        return any;
    }

    /// <summary>Forgets what was read before this time, in Stopwatch ticks.</summary>
    public void RemoveOlder(long time)
    {
        // Replies come in the order of their reads, or nearly: one that is out of it goes a little later.
        while (_oldest is { } oldest && oldest.ReadAt < time) Drop(oldest);
    }

    public void Clear()
    {
        while (_oldest is { } oldest) Drop(oldest);
    }

    private void Drop(CachedReply entry)
    {
        _byRequest.Remove(entry.Hash);
        UnlinkFromKey(entry);
        if (entry.Older is null) _oldest = entry.Newer;
        else entry.Older.Newer = entry.Newer;
        if (entry.Newer is null) _newest = entry.Older;
        else entry.Newer.Older = entry.Older;
        entry.Older = entry.Newer = entry.NextOfKey = entry.PreviousOfKey = null;
        Bytes -= entry.Size;
        entry.Empty();
        if (_spare.Count < MostSpare) _spare.Push(entry);
    }

    private void UnlinkFromKey(CachedReply entry)
    {
        if (entry.NextOfKey is { } next) next.PreviousOfKey = entry.PreviousOfKey;
        if (entry.PreviousOfKey is { } previous) previous.NextOfKey = entry.NextOfKey;
        else if (entry.NextOfKey is { } head) _byKey[entry.KeyHash] = head;
        else _byKey.Remove(entry.KeyHash);
    }
}
