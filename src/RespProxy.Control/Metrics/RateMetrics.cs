using System.Collections.Immutable;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What the tenants' rates grant, and what is used of them. As many series as the configuration has rates.</summary>
internal static class RateMetrics
{
    public static IEnumerable<MetricFamily> From(ImmutableArray<RateUse> rates)
    {
        if (rates.IsEmpty) return [];
        MetricFamily limit = MetricFamily.Gauge("respproxy_tenant_rate_limit", "Units per second that a rate grants, of scope fleet to all proxies together: commands, keys or bytes.");
        MetricFamily used = MetricFamily.Counter("respproxy_tenant_rate_used_total", "Units of a rate that were used at this proxy.");
        foreach (RateUse rate in rates)
        {
            ImmutableArray<MetricLabel> labels = [new("tenant", rate.Tenant), new("rate", rate.Rate), new("unit", char.ToLowerInvariant($"{rate.Unit}"[0]) + $"{rate.Unit}"[1..]), new("scope", $"{rate.Reach}".ToLowerInvariant())];
            limit.Add(rate.PerSecond, labels);
            used.Add(rate.Used, labels);
        }

        return [limit, used];
    }
}
