using System.Runtime.InteropServices;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What /metrics tells: the data plane's counters under their metric names, and the process's own.</summary>
public static class ProxyMetrics
{
    /// <summary>All families of one scrape; those without samples are left out when they are written. Any thread.</summary>
    public static IEnumerable<MetricFamily> Collect(ProxyServer server, UsageMetrics usage, ReloadReading configuration, string version)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(usage);
        ArgumentNullException.ThrowIfNull(configuration);
        ProxyCounters counters = server.ReadCounters();
        return
        [
            BuildInfo(version),
            Ready(server),
            .. OfConfiguration(configuration),
            .. OfClients(counters),
            .. LoopMetrics.From(counters.Loops),
            .. UpstreamMetrics.From(counters.Upstreams),
            .. QuotaMetrics.From(counters.Quotas),
            .. NearCacheMetrics.From(counters.NearCaches),
            LimiterMetrics.From(counters.Limiters),
            .. RateMetrics.From(counters.RateUses),
            .. NodeMetrics.From(counters.Upstreams),
            .. usage.Collect(server.ScanUsage()),
            .. ProcessMetrics.Collect(),
        ];
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

    private static MetricFamily[] OfClients(ProxyCounters counters) =>
    [
        PerName("respproxy_connections", "Client connections open now, by the listener they came in on.", "listener", counters.Listeners),
        PerName("respproxy_tenant_connections", "Client connections open now, of tenants that have any; without a name those that have not authenticated.", "tenant", counters.Tenants),
        MetricFamily.Counter("respproxy_connections_accepted_total", "Client connections accepted.").Add(counters.ConnectionsAccepted),
        MetricFamily.Counter("respproxy_connections_rejected_total", "Client connections turned away at limits.maxClients.").Add(counters.ConnectionsRejected),
        MetricFamily.Counter("respproxy_authentication_failures_total", "AUTH and HELLO AUTH with a wrong name or password.").Add(counters.AuthenticationFailures),
        MetricFamily.Counter("respproxy_isolation_faults_total", "Replies withheld, and keys dropped from scans, as they named another namespace's key; must stay 0.").Add(counters.IsolationFaults),
        MetricFamily.Counter("respproxy_script_users_provisioned_total", "Connections to nodes made as a tenant's own user, for its scripts.").Add(counters.ScriptUsersProvisioned),
        MetricFamily.Counter("respproxy_script_users_refused_total", "Connections that a node did not let become a tenant's own user's: its scripts are refused.").Add(counters.ScriptUsersRefused),
    ];

    private static MetricFamily PerName(string name, string help, string label, IEnumerable<(string Name, long Value)> values)
    {
        MetricFamily family = MetricFamily.Gauge(name, help);
        foreach ((string each, long value) in values) family.Add(value, new MetricLabel(label, each));
        return family;
    }
}
