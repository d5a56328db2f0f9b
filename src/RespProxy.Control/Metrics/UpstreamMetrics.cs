using System.Collections.Immutable;
using RespProxy.Downstream;
using RespProxy.Upstream.Connections;

namespace RespProxy.Control.Metrics;

/// <summary>The upstreams: redirects, retries, failures, connections, what waits, the topology.</summary>
internal static class UpstreamMetrics
{
    public static IEnumerable<MetricFamily> From(ImmutableArray<UpstreamReading> readings)
    {
        yield return Redirects(readings);
        yield return PerKind(
            readings, MetricFamily.Counter("respproxy_upstream_retried_total", "Requests sent again, by the reason."), "reason",
            reading => reading.Retries.Select(each => (NameOf(each.Reason), each.Count)));
        yield return PerKind(
            readings, MetricFamily.Counter("respproxy_upstream_failed_total", "Requests that ended without a reply, by what is known of them."), "reason",
            reading => reading.Failures.Select(each => (NameOf(each.Failure), each.Count)));
        foreach (MetricFamily family in OfConnections(readings)) yield return family;
        foreach (MetricFamily family in OfQueues(readings)) yield return family;
        foreach (MetricFamily family in OfTopology(readings)) yield return family;
    }

    private static MetricFamily Redirects(ImmutableArray<UpstreamReading> readings) => PerKind(
        readings, MetricFamily.Counter("respproxy_upstream_redirects_total", "Redirects by nodes that were followed, by kind."), "kind",
        reading => [("moved", reading.Moved), ("ask", reading.Asked)]);

    private static IEnumerable<MetricFamily> OfConnections(ImmutableArray<UpstreamReading> readings) =>
    [
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_connections", "Connections to nodes that stand, all loops' together."), reading => reading.Connections),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_leased_connections", "Connections to nodes that a client has for itself now, as it watches keys or waits."), reading => reading.Leased),
        PerUpstream(readings, MetricFamily.Counter("respproxy_upstream_connections_made_total", "Connections made to nodes."), reading => reading.ConnectionsMade),
        PerUpstream(readings, MetricFamily.Counter("respproxy_upstream_connections_failed_total", "Connections to nodes that could not be made."), reading => reading.ConnectionsFailed),
        PerUpstream(readings, MetricFamily.Counter("respproxy_upstream_connections_lost_total", "Connections to nodes that broke."), reading => reading.ConnectionsLost),
    ];

    private static IEnumerable<MetricFamily> OfQueues(ImmutableArray<UpstreamReading> readings) =>
    [
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_unsent_bytes", "Requests that nodes do not take."), reading => reading.UnsentBytes),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_in_flight_requests", "Requests that nodes have not answered."), reading => reading.InFlightRequests),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_in_flight_bytes", "Bytes of the requests that nodes have not answered."), reading => reading.InFlightBytes),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_parked_requests", "Requests that wait for a node that can take them."), reading => reading.ParkedRequests),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_parked_bytes", "Bytes of the requests that wait for a node."), reading => reading.ParkedBytes),
    ];

    private static IEnumerable<MetricFamily> OfTopology(ImmutableArray<UpstreamReading> readings) =>
    [
        PerUpstream(readings, MetricFamily.Counter("respproxy_upstream_topology_refreshes_total", "Looks at the topology, whether they succeeded or not."), reading => reading.TopologyRefreshes),
        PerUpstream(readings, MetricFamily.Counter("respproxy_upstream_topology_failures_total", "Looks at the topology that failed."), reading => reading.TopologyFailures),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_topology_age_seconds", "Time since the topology was last seen; absent before the first time, and for a standalone."), reading => reading.TopologyAge?.TotalSeconds),
        PerUpstream(readings, MetricFamily.Gauge("respproxy_upstream_primaries", "Nodes that own slots; absent before the topology is known."), reading => reading.Primaries),
        PerUpstream(
            readings, MetricFamily.Gauge("respproxy_upstream_primaries_reachable", "Nodes that own slots and could be reached at the last attempt."),
            reading => reading.Primaries is null ? null : reading.ReachablePrimaries),
    ];

    private static MetricFamily PerUpstream(ImmutableArray<UpstreamReading> readings, MetricFamily family, Func<UpstreamReading, double?> value)
    {
        foreach (UpstreamReading reading in readings)
        {
            if (value(reading) is { } known) family.Add(known, new MetricLabel("upstream", reading.Name));
        }

        return family;
    }

    private static MetricFamily PerKind(ImmutableArray<UpstreamReading> readings, MetricFamily family, string label, Func<UpstreamReading, IEnumerable<(string Name, long Count)>> values)
    {
        foreach (UpstreamReading reading in readings)
        {
            foreach ((string name, long count) in values(reading)) family.Add(count, new MetricLabel("upstream", reading.Name), new MetricLabel(label, name));
        }

        return family;
    }

    /// <summary>By the nodes' own words.</summary>
    private static string NameOf(RetryReason reason) => reason switch
    {
        RetryReason.TryAgain => "tryagain",
        RetryReason.ClusterDown => "clusterdown",
        RetryReason.Loading => "loading",
        RetryReason.PrimaryDown => "masterdown",
        RetryReason.ReadOnly => "readonly",
        RetryReason.NoScript => "noscript",
        RetryReason.ConnectionLost => "connection_lost",
        _ => "redirected",
    };

    private static string NameOf(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.NotExecuted => "not_executed",
        UpstreamFailure.OutcomeUnknown => "outcome_unknown",
        UpstreamFailure.TimedOut => "timed_out",
        UpstreamFailure.TooManyRedirects => "too_many_redirects",
        _ => "overloaded",
    };
}
