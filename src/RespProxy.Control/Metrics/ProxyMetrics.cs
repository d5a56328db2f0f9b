using System.Diagnostics;
using System.Runtime.InteropServices;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What /metrics tells: the data plane's counters under their metric names, and the process's own.</summary>
public static class ProxyMetrics
{
    private static readonly double StartTime = ReadStartTime();

    /// <summary>All families of one scrape. Any thread.</summary>
    public static IEnumerable<MetricFamily> Collect(ProxyServer server, UsageMetrics usage, ReloadReading configuration, string version)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(usage);
        ArgumentNullException.ThrowIfNull(configuration);
        return [BuildInfo(version), Ready(server), .. OfConfiguration(configuration), .. FromCounters(server.ReadCounters()), .. usage.Collect(server.ReadUsage()), .. OfTheProcess()];
    }

    private static MetricFamily BuildInfo(string version) => MetricFamily
        .Gauge("respproxy_build_info", "Always 1; the labels tell what is running.")
        .Add(1, new MetricLabel("version", version), new MetricLabel("runtime", RuntimeInformation.FrameworkDescription));

    private static MetricFamily Ready(ProxyServer server) => MetricFamily
        .Gauge("respproxy_ready", "1 while the proxy takes clients and knows every upstream's topology.")
        .Add(server.IsReady ? 1 : 0);

    private static MetricFamily[] OfConfiguration(ReloadReading reading) =>
    [
        MetricFamily.Gauge("respproxy_configuration_version", "1 at the start, one more with each reload that came into force.").Add(reading.Version),
        MetricFamily.Gauge("respproxy_configuration_applied_timestamp_seconds", "When the configuration in force came into force, in seconds since 1970.")
            .Add(reading.AppliedAt.ToUnixTimeMilliseconds() / 1000.0),
        MetricFamily.Gauge("respproxy_configuration_last_reload_successful", "0 while the last configuration offered was refused, and an older one is in force.")
            .Add(reading.Errors.Count == 0 ? 1 : 0),
        MetricFamily.Counter("respproxy_configuration_reload_failures_total", "Configurations refused.").Add(reading.Failures),
    ];

    private static IEnumerable<MetricFamily> FromCounters(ProxyCounters counters) =>
    [
        MetricFamily.Gauge("respproxy_connections", "Client connections open now.").Add(counters.Connections),
        MetricFamily.Counter("respproxy_connections_accepted_total", "Client connections accepted.").Add(counters.ConnectionsAccepted),
        MetricFamily.Counter("respproxy_connections_rejected_total", "Client connections turned away at limits.maxClients.").Add(counters.ConnectionsRejected),
        MetricFamily.Counter("respproxy_authentication_failures_total", "AUTH and HELLO AUTH with a wrong name or password.").Add(counters.AuthenticationFailures),
        MetricFamily.Counter("respproxy_isolation_faults_total", "Replies withheld, and keys dropped from scans, as they named another namespace's key; must stay 0.").Add(counters.IsolationFaults),
        MetricFamily.Counter("respproxy_script_users_provisioned_total", "Connections to nodes made as a tenant's own user, for its scripts.").Add(counters.ScriptUsersProvisioned),
        MetricFamily.Counter("respproxy_script_users_refused_total", "Connections that a node did not let become a tenant's own user's: its scripts are refused.").Add(counters.ScriptUsersRefused),
        .. QuotaMetrics.From(counters.Quotas),
        .. RateMetrics.From(counters.RateUses),
        .. NodeMetrics.From(counters.Upstreams),
        .. FromNearCaches(counters.NearCaches),
        .. FromUpstreams(counters.Upstreams),
    ];

    private static IEnumerable<MetricFamily> FromNearCaches(IReadOnlyList<NearCacheReading> readings)
    {
        if (readings.Count == 0) yield break;
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_hits_total", "Reads answered from the near cache."), reading => reading.Hits);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_misses_total", "Reads of hot keys that a node was asked for."), reading => reading.Misses);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_fills_total", "Replies put into the near cache."), reading => reading.Fills);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_invalidations_total", "Keys dropped as a node said that they have changed."), reading => reading.Invalidations);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_flushes_total", "Times that all was dropped: a connection lost or silent, slots moved."), reading => reading.Flushes);
        yield return PerTenant(MetricFamily.Gauge("respproxy_near_cache_bytes", "Bytes held by the near cache."), reading => reading.Bytes);

        MetricFamily PerTenant(MetricFamily family, Func<NearCacheReading, long> value)
        {
            foreach (NearCacheReading reading in readings)
                family.Add(value(reading), new MetricLabel("tenant", reading.Tenant));
            return family;
        }
    }

    private static IEnumerable<MetricFamily> FromUpstreams(IReadOnlyList<UpstreamReading> upstreams)
    {
        yield return PerUpstream("moved_total", "MOVED redirects followed.", reading => reading.Moved);
        yield return PerUpstream("asked_total", "ASK redirects followed.", reading => reading.Asked);
        yield return PerUpstream("retried_total", "Requests sent again.", reading => reading.Retried);
        yield return PerUpstream("failed_total", "Requests that ended without a reply.", reading => reading.Failed);
        yield return PerUpstream("connections_made_total", "Connections made to nodes.", reading => reading.ConnectionsMade);
        yield return PerUpstream("connections_failed_total", "Connections to nodes that could not be made.", reading => reading.ConnectionsFailed);
        yield return PerUpstream("connections_lost_total", "Connections to nodes that broke.", reading => reading.ConnectionsLost);
        yield return PerUpstream("topology_refreshes_total", "Looks at the topology that succeeded.", reading => reading.TopologyRefreshes);
        yield return PerUpstream("topology_failures_total", "Looks at the topology that failed.", reading => reading.TopologyFailures);

        MetricFamily leased = MetricFamily.Gauge("respproxy_upstream_leased_connections", "Connections to nodes that a client has for itself now, as it watches keys or waits.");
        foreach (UpstreamReading reading in upstreams)
            leased.Add(reading.Leased, new MetricLabel("upstream", reading.Name));
        yield return leased;

        MetricFamily age = MetricFamily.Gauge("respproxy_upstream_topology_age_seconds", "Time since the topology was last seen; absent before the first time, and for a standalone.");
        foreach (UpstreamReading reading in upstreams)
        {
            if (reading.TopologyAge is { } elapsed)
                age.Add(elapsed.TotalSeconds, new MetricLabel("upstream", reading.Name));
        }

        yield return age;

        MetricFamily PerUpstream(string name, string help, Func<UpstreamReading, long> value)
        {
            MetricFamily family = MetricFamily.Counter($"respproxy_upstream_{name}", help);
            foreach (UpstreamReading reading in upstreams)
                family.Add(value(reading), new MetricLabel("upstream", reading.Name));
            return family;
        }
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
