namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// Calls a key hot that was read often lately: reads are counted by a hash of the key, and the counts halved after every so many reads in all. Two
/// keys that share a count are hot together, which costs a little memory and nothing else. One loop's; not thread-safe.
/// </summary>
public sealed class RecentReads : IHotKeys
{
    private const int Counts = 8192;

    /// <summary>Reads from which a key is hot: one in about 250 of the latest.</summary>
    private const int HotFrom = 64;

    /// <summary>Reads after which older ones count half.</summary>
    private const int Period = 16 * 1024;

    private readonly ushort[] _counts = new ushort[Counts];
    private int _untilHalved = Period;

    public bool IsHot(ReadOnlySpan<byte> key, int database) => Count(key, database) >= HotFrom;

    public void CountLocalRead(ReadOnlySpan<byte> key, int database) => Count(key, database);

    private int Count(ReadOnlySpan<byte> key, int database)
    {
        if (--_untilHalved == 0) Halve();
        ref ushort count = ref _counts[ReadIdentity.HashOf(key, database) & (Counts - 1)];
        if (count < ushort.MaxValue) count++;
        return count;
    }

    private void Halve()
    {
        _untilHalved = Period;
        for (int i = 0; i < Counts; i++) _counts[i] >>= 1;
    }
}
