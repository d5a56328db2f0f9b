namespace RespProxy.Configuration;

/// <summary>How the most used keys of each tenant are found: RESPPROXY HOTKEYS.</summary>
public sealed record HotKeysSnapshot
{
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Counters for each of reads, writes and bytes, per tenant, event loop and half window. Of N requests a key's count is off by N / counters at the
    /// most, and each key used more often than that is found.
    /// </summary>
    public int Counters { get; init; } = 256;

    /// <summary>What is told is of the last half to whole of this time.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A busy tenant's requests are counted one in so many at the least; those of a slower one more often, up to each.</summary>
    public int Sample { get; init; } = 128;

    /// <summary>Reads per second, on one event loop, from which a key counts as hot for the near cache.</summary>
    public int HotReads { get; init; } = 100;
}

/// <summary>Which keys of each tenant are told as big ones: RESPPROXY BIGKEYS.</summary>
public sealed record BigKeysSnapshot
{
    public bool Enabled { get; init; } = true;

    /// <summary>From so many bytes in one request or reply a key is big.</summary>
    public int Bytes { get; init; } = 100 * 1024;

    /// <summary>From so many elements in a reply, or by what a reply says of its key, a key is big.</summary>
    public int Elements { get; init; } = 5_000;

    /// <summary>Biggest keys kept, per tenant and event loop.</summary>
    public int Keys { get; init; } = 128;

    /// <summary>A key that was not seen for so long is forgotten.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromHours(1);
}
