using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What /metrics tells: the data plane's counters under their metric names, and the process's own.</summary>
public static class ProxyMetrics
{
    private static readonly double StartTime = ReadStartTime();

    /// <summary>All families of one scrape. Any thread.</summary>
    public static IEnumerable<MetricFamily> Collect(ProxyServer server, string version)
    {
        ArgumentNullException.ThrowIfNull(server);
        return [BuildInfo(version), Ready(server), .. FromCounters(server.ReadCounters()), .. OfTheProcess()];
    }

    private static MetricFamily BuildInfo(string version) => MetricFamily
        .Gauge("respproxy_build_info", "Always 1; the labels tell what is running.")
        .Add(1, new MetricLabel("version", version), new MetricLabel("runtime", RuntimeInformation.FrameworkDescription));

    private static MetricFamily Ready(ProxyServer server) => MetricFamily
        .Gauge("respproxy_ready", "1 while the proxy takes clients and knows every upstream's topology.")
        .Add(server.IsReady ? 1 : 0);

    private static IEnumerable<MetricFamily> FromCounters(ProxyCounters counters) =>
    [
        MetricFamily.Gauge("respproxy_connections", "Client connections open now.").Add(counters.Connections),
        MetricFamily.Counter("respproxy_connections_accepted_total", "Client connections accepted.").Add(counters.ConnectionsAccepted),
        MetricFamily.Counter("respproxy_connections_rejected_total", "Client connections turned away: as many as allowed were open.").Add(counters.ConnectionsRejected),
        MetricFamily.Counter("respproxy_commands_total", "Commands read from clients.").Add(counters.Commands),
        MetricFamily.Counter("respproxy_authentication_failures_total", "AUTH and HELLO AUTH with wrong credentials.").Add(counters.AuthenticationFailures),
        MetricFamily.Counter("respproxy_isolation_violations_total", "Replies withheld since they named a key outside the tenant's namespace. Must stay 0.").Add(counters.IsolationFaults),
        .. OfUpstreams(counters.Upstreams),
    ];

    private static IEnumerable<MetricFamily> OfUpstreams(ImmutableArray<UpstreamReading> upstreams)
    {
        MetricFamily redirects = MetricFamily.Counter("respproxy_upstream_redirects_total", "Redirects followed.");
        MetricFamily retries = MetricFamily.Counter("respproxy_upstream_retries_total", "Requests sent again that were certainly not executed, or only read.");
        MetricFamily failures = MetricFamily.Counter("respproxy_upstream_failures_total", "Requests that ended without a reply from a node.");
        MetricFamily connections = MetricFamily.Counter("respproxy_upstream_connections_total", "Connections to nodes, by what became of them.");
        MetricFamily refreshes = MetricFamily.Counter("respproxy_topology_refreshes_total", "Looks at the topology, by result.");
        MetricFamily age = MetricFamily.Gauge("respproxy_topology_age_seconds", "Time since the topology was last seen.");
        foreach (UpstreamReading upstream in upstreams)
        {
            var name = new MetricLabel("upstream", upstream.Name);
            redirects.Add(upstream.Moved, name, new MetricLabel("kind", "moved")).Add(upstream.Asked, name, new MetricLabel("kind", "ask"));
            retries.Add(upstream.Retried, name);
            failures.Add(upstream.Failed, name);
            connections.Add(upstream.ConnectionsMade, name, new MetricLabel("event", "connected"))
                .Add(upstream.ConnectionsFailed, name, new MetricLabel("event", "failed"))
                .Add(upstream.ConnectionsLost, name, new MetricLabel("event", "lost"));
            refreshes.Add(upstream.TopologyRefreshes - upstream.TopologyFailures, name, new MetricLabel("result", "ok"))
                .Add(upstream.TopologyFailures, name, new MetricLabel("result", "failed"));
            if (upstream.TopologyAge is { } seen) age.Add(seen.TotalSeconds, name);
        }

        return [redirects, retries, failures, connections, refreshes, age];
    }

    /// <summary>Under the names every Prometheus client library gives them.</summary>
    private static List<MetricFamily> OfTheProcess()
    {
        List<MetricFamily> families =
        [
            MetricFamily.Counter("process_cpu_seconds_total", "User and system CPU time.").Add(Environment.CpuUsage.TotalTime.TotalSeconds),
            MetricFamily.Gauge("process_resident_memory_bytes", "Resident memory.").Add(Environment.WorkingSet),
            MetricFamily.Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.").Add(StartTime),
            MetricFamily.Gauge("dotnet_gc_heap_bytes", "Managed heap, garbage included.").Add(GC.GetTotalMemory(forceFullCollection: false)),
            MetricFamily.Counter("dotnet_gc_allocated_bytes_total", "Managed bytes allocated.").Add(GC.GetTotalAllocatedBytes()),
        ];
        MetricFamily collections = MetricFamily.Counter("dotnet_gc_collections_total", "Garbage collections by the oldest generation collected.");
        for (int generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // The runtime counts a collection in every younger generation too.
            int older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            collections.Add(GC.CollectionCount(generation) - older, new MetricLabel("generation", PrometheusText.Number(generation)));
        }

        families.Add(collections);
        return families;
    }

    private static double ReadStartTime()
    {
        using Process current = Process.GetCurrentProcess();
        return new DateTimeOffset(current.StartTime).ToUnixTimeMilliseconds() / 1000.0;
    }
}
