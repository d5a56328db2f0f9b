namespace RespProxy.Tenancy.NearCache;

/// <summary>Who knows which of a tenant's keys are read so often that it pays to keep them. One loop's; not thread-safe.</summary>
public interface IHotKeys
{
    /// <summary>True for a key, as its client calls it, that is hot now.</summary>
    bool IsHot(ReadOnlySpan<byte> key, int database);

    /// <summary>Counts a read that no node is asked for: what is served from here must stay hot.</summary>
    void CountLocalRead(ReadOnlySpan<byte> key, int database);
}
