namespace RespProxy.Upstream.Topology;

/// <summary>
/// Chooses among the views of several nodes. Views with equal slot assignments are one candidate. In this order:
/// <list type="number">
/// <item>the candidate more nodes hold whose cluster_state is ok;</item>
/// <item>then the one more nodes hold at all;</item>
/// <item>then the one with the highest epoch.</item>
/// </list>
/// The winner is refused (null: keep what we have) when a map is already had and it
/// <list type="bullet">
/// <item>is held by no node whose state is ok, nor by more than half of the nodes asked: a partitioned node;</item>
/// <item>is held by half of the nodes asked or fewer and is older (by epoch) than the map: a node that missed the news.</item>
/// </list>
/// A view without any slot is never believed: a node that was reset, or never joined.
/// </summary>
internal static class ViewElection
{
    /// <param name="views">What was answered.</param>
    /// <param name="asked">Nodes asked, those that did not answer included.</param>
    /// <param name="knownEpoch">Epoch of the map we have; null when there is none.</param>
    public static ClusterView? Choose(IReadOnlyCollection<ClusterView> views, int asked, long? knownEpoch)
    {
        Candidate? best = Count(views).MaxBy(candidate => (candidate.OkVotes, candidate.Votes, candidate.Epoch));
        if (best is null) return null;
        bool believed = knownEpoch is null
            || best.Votes * 2 > asked
            || (best.OkVotes > 0 && best.Epoch >= knownEpoch);
        return believed ? best.Newest : null;
    }

    /// <summary>
    /// True when more than half of the nodes asked agree: enough to stop asking. Unhealthy ones too: while a failover is
    /// under way all say fail, and waiting out the dead node's timeout then is what would delay the new map.
    /// </summary>
    public static bool IsDecided(IReadOnlyCollection<ClusterView> views, int asked) =>
        Count(views).Any(candidate => candidate.Votes * 2 > asked);

    private static IEnumerable<Candidate> Count(IEnumerable<ClusterView> views) =>
        views.Where(view => view.Ranges.Length > 0).GroupBy(view => view.Assignment).Select(group => new Candidate([.. group]));

    private sealed class Candidate(ClusterView[] views)
    {
        public int Votes => views.Length;

        public int OkVotes { get; } = views.Count(view => view.Health.IsOk);

        public long Epoch => Newest.Health.CurrentEpoch;

        /// <summary>They agree on the slots; the one with the latest news has the best addresses and replicas.</summary>
        public ClusterView Newest { get; } = views.MaxBy(view => (view.Health.IsOk, view.Health.CurrentEpoch))!;
    }
}
