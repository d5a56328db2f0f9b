using RespProxy.Control.Rules;

namespace RespProxy.Control.Metrics;

/// <summary>How the rules stand, as metric families.</summary>
public static class RuleMetrics
{
    /// <summary>All families of one scrape. Any thread.</summary>
    public static IEnumerable<MetricFamily> From(LiveRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        RulesReading reading = rules.Sets.Reading;
        RuleVersion now = reading.InForce;
        return
        [
            MetricFamily.Gauge("respproxy_rules_version", "Number of the rule set in force: of this proxy's own history, or of its fleet's. 0: the file's tenants, as the fleet has none.").Add(now.Number),
            MetricFamily.Gauge("respproxy_rules_info", "Always 1; the labels tell the rule set in force, and how it came.")
                .Add(1, new MetricLabel("checksum", now.Checksum), new MetricLabel("source", RuleJson.NameOf(now.Origin))),
            MetricFamily.Gauge("respproxy_rules_applied_timestamp_seconds", "When the rule set in force came into force here, in seconds since 1970.")
                .Add(reading.AppliedAt.ToUnixTimeMilliseconds() / 1000.0),
            MetricFamily.Gauge("respproxy_rules_last_change_successful", "0 while the last rule set offered was refused, and an older one is in force.").Add(reading.Errors.Count == 0 ? 1 : 0),
            MetricFamily.Counter("respproxy_rules_failures_total", "Rule sets refused.").Add(reading.Failures),
            MetricFamily.Counter("respproxy_rules_store_failures_total", "Rule sets that could not be written to disk.").Add(reading.StoreFailures),
            .. rules.Fleet is null ? [] : OfFleet(rules.Fleet.Reading),
        ];
    }

    private static IEnumerable<MetricFamily> OfFleet(FleetReading reading)
    {
        yield return MetricFamily.Gauge("respproxy_rules_source_connected", "1 while the control Redis that holds the fleet's rule set is connected.").Add(reading.IsConnected ? 1 : 0);
        if (reading.Stale is { } stale)
            yield return MetricFamily.Gauge("respproxy_rules_source_stale_seconds", "Time since the rule set here was last compared with the fleet's; absent before the first time.").Add(stale.TotalSeconds);
    }
}
