namespace RespProxy.Configuration.Loading;

/// <summary>The sections <c>hotKeys</c>, <c>bigKeys</c> and <c>recentRequests</c>.</summary>
internal static class KeyInsightReader
{
    /// <summary>A tenant's tables take up to 2 KiB for each counter: more of them than this would be of no use to anyone who reads the result.</summary>
    private const int MostCounters = 16_384;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    public static HotKeysSnapshot ReadHotKeys(Section section)
    {
        var defaults = new HotKeysSnapshot();
        return new HotKeysSnapshot
        {
            Enabled = section.Flag("enabled", defaults.Enabled),
            Counters = section.Integer("counters", defaults.Counters, 16, MostCounters),
            Window = section.Duration("window", defaults.Window, TimeSpan.FromSeconds(1), Day),
            Sample = section.Integer("sample", defaults.Sample, 1, 1024),
            HotReads = section.Integer("hotReads", defaults.HotReads, 1, 1_000_000),
        };
    }

    public static BigKeysSnapshot ReadBigKeys(Section section)
    {
        var defaults = new BigKeysSnapshot();
        return new BigKeysSnapshot
        {
            Enabled = section.Flag("enabled", defaults.Enabled),
            Bytes = (int)section.Size("bytes", defaults.Bytes, 1024, 512 * 1024 * 1024),
            Elements = section.Integer("elements", defaults.Elements, 100, 100_000_000),
            Keys = section.Integer("keys", defaults.Keys, 1, 10_000),
            Keep = section.Duration("keep", defaults.Keep, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)),
        };
    }

    public static RecentRequestsSnapshot ReadRecentRequests(Section section)
    {
        var defaults = new RecentRequestsSnapshot();
        return new RecentRequestsSnapshot
        {
            Enabled = section.Flag("enabled", defaults.Enabled),
            Window = section.Duration("window", defaults.Window, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1)),
            Memory = (int)section.Size("memory", defaults.Memory, 4 * 1024, 64 * 1024 * 1024),
        };
    }
}
