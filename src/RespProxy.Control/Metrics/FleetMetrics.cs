using RespProxy.Control.Fleet;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Fleet;

namespace RespProxy.Control.Metrics;

/// <summary>What this proxy leases of the rates that the fleet shares.</summary>
public static class FleetMetrics
{
    /// <summary>Powers of two from 64 us to 1 s: from a Redis next door to one that is as good as away.</summary>
    private static readonly int[] BoundaryBuckets =
        [.. Enumerable.Range(0, LatencyBuckets.Count - 1).Where(bucket => LatencyBuckets.BoundOf(bucket) is >= 64 and <= 1 << 20 and var bound && long.IsPow2(bound))];

    private static readonly HistogramBounds Bounds = new([.. BoundaryBuckets.Select(bucket => LatencyBuckets.BoundOf(bucket) / 1e6)]);

    /// <summary>The families of one scrape; none where nothing is shared. Any thread.</summary>
    public static IEnumerable<MetricFamily> From(FleetLeases? leases)
    {
        if (leases is null) return [];
        // Two rates of one name are told as one: a series may come but once.
        IGrouping<(string Tenant, string Rate), FleetLease>[] rates = [.. leases.Leases.GroupBy(lease => (lease.Tenant, lease.Rate))];
        return
        [
            MetricFamily.Gauge("respproxy_fleet_fallback_active", "1 while the control Redis is silent and fleet-wide limits go by the local shares.").Add(leases.IsAlone ? 1 : 0),
            MetricFamily.Counter("respproxy_fleet_lease_failures_total", "Calls for tokens that the control Redis did not answer, or not well.").Add(leases.Failures),
            LatencyOf(leases.Latency),
            Of(MetricFamily.Counter("respproxy_fleet_tokens_leased_total", "Tokens leased from the control Redis."), lease => lease.Leased),
            Of(MetricFamily.Counter("respproxy_fleet_tokens_returned_total", "Leased tokens given back unused."), lease => lease.Returned),
            Of(MetricFamily.Gauge("respproxy_fleet_tokens_held", "Tokens leased and not spent; negative while more is owed."), lease => lease.Balance),
            Of(MetricFamily.Gauge("respproxy_fleet_sharing_proxies", "Proxies that have lately asked for the rate's tokens."), lease => lease.Proxies, Enumerable.Max),
        ];

        MetricFamily Of(MetricFamily family, Func<FleetLease, long> value, Func<IEnumerable<long>, long>? together = null)
        {
            foreach (IGrouping<(string Tenant, string Rate), FleetLease> rate in rates)
                family.Add((together ?? Enumerable.Sum)(rate.Select(value)), new MetricLabel("tenant", rate.Key.Tenant), new MetricLabel("rate", rate.Key.Rate));
            return family;
        }
    }

    private static MetricFamily LatencyOf(LatencyReading latency)
    {
        var counts = new long[Bounds.Values.Length + 1];
        int at = 0;
        for (int bucket = 0; bucket < LatencyBuckets.Count; bucket++)
        {
            counts[at] += latency.Counts[bucket];
            if (at < BoundaryBuckets.Length && bucket == BoundaryBuckets[at]) at++;
        }

        return MetricFamily.Histogram("respproxy_fleet_lease_duration_seconds", "Time that the control Redis took to answer calls for tokens.").Add(new HistogramValue(Bounds, counts, latency.TotalSeconds));
    }
}
