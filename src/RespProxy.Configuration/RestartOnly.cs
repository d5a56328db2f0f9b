namespace RespProxy.Configuration;

/// <summary>
/// What a running proxy cannot take over from a new configuration: all but the tenants. Such a configuration is refused whole, since a proxy that ran half of
/// it would be one that nobody has written down.
/// </summary>
public static class RestartOnly
{
    /// <summary>The keys, as a reader of the file calls them, whose values differ; empty when the new configuration can be applied. Any thread.</summary>
    public static IReadOnlyList<string> Changes(ProxySnapshot running, ProxySnapshot next)
    {
        ArgumentNullException.ThrowIfNull(running);
        ArgumentNullException.ThrowIfNull(next);
        var changes = new List<string>();
        Compare("transport", running.Transport == next.Transport);
        Compare("loops", running.Loops == next.Loops);
        Compare("upstreams", running.Upstreams.SequenceEqual(next.Upstreams, SameUpstream));
        Compare("listeners", running.Listeners.SequenceEqual(next.Listeners));
        Compare("admin", running.Admin == next.Admin);
        Compare("limits", running.Limits == next.Limits);
        Compare("slowLog", running.SlowLog == next.SlowLog);
        Compare("hotKeys", running.HotKeys == next.HotKeys);
        Compare("bigKeys", running.BigKeys == next.BigKeys);
        Compare("recentRequests", running.RecentRequests == next.RecentRequests);
        Compare("fleet", running.Fleet == next.Fleet);
        Compare("usage", running.Usage == next.Usage);
        Compare("rules", running.Rules == next.Rules);
        Compare("alerts", running.Alerts == next.Alerts);
        Compare("nodeMemory", running.NodeMemory == next.NodeMemory);
        Compare("otlp", running.Otlp == next.Otlp);
        Compare("log", running.Log == next.Log);
        Compare("drainTimeout", running.DrainTimeout == next.DrainTimeout);
        // A part that is not named above yet: rather a restart too many than half a configuration.
        if (changes.Count == 0) Compare("configuration", WithoutLists(running) == WithoutLists(next));
        return changes;

        void Compare(string key, bool isSame)
        {
            if (!isSame) changes.Add(key);
        }
    }

    private static ProxySnapshot WithoutLists(ProxySnapshot snapshot) => snapshot with { Upstreams = [], Listeners = [], Tenants = [] };

    private static bool SameUpstream(UpstreamSnapshot left, UpstreamSnapshot right) =>
        left.Seeds.SequenceEqual(right.Seeds) && left with { Seeds = [] } == right with { Seeds = [] };
}
