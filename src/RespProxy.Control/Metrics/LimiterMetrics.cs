using System.Collections.Immutable;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What each rate of each tenant did, by the rate's name. Bounded: of a fleet with thousands of rates, each tenant's beyond the bound are told together.</summary>
internal static class LimiterMetrics
{
    /// <summary>Rates that are told by their names, four series each.</summary>
    private const int Most = 1000;

    private const string Other = "other";

    public static MetricFamily From(ImmutableArray<LimiterReading> readings)
    {
        MetricFamily family = MetricFamily.Counter(
            "respproxy_limiter_requests_total", "Requests that a rate was asked for, by what it said: allowed (at once), delayed (allowed after a wait), rejected, shadow (not kept from running).");
        foreach (LimiterReading reading in readings.Take(Most)) Add(family, reading);
        foreach (IGrouping<string, LimiterReading> rest in readings.Skip(Most).GroupBy(reading => reading.Tenant))
        {
            Add(family, new LimiterReading(
                rest.Key, Other, rest.Sum(each => each.Allowed), rest.Sum(each => each.Delayed), rest.Sum(each => each.Rejected), rest.Sum(each => each.Shadowed)));
        }

        return family;
    }

    private static void Add(MetricFamily family, LimiterReading reading)
    {
        foreach ((string outcome, long count) in ((string, long)[])[("allowed", reading.Allowed - reading.Delayed), ("delayed", reading.Delayed), ("rejected", reading.Rejected), ("shadow", reading.Shadowed)])
            family.Add(count, new MetricLabel("tenant", reading.Tenant), new MetricLabel("rule", reading.Rule), new MetricLabel("outcome", outcome));
    }
}
