using System.Collections.Immutable;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Control.Metrics;

/// <summary>The tenants' quotas, and what they use of them.</summary>
internal static class QuotaMetrics
{
    public static IEnumerable<MetricFamily> From(ImmutableArray<(string Tenant, QuotaReading Reading)> quotas)
    {
        MetricFamily quota = MetricFamily.Gauge("respproxy_tenant_quota_bytes", "Memory set aside for the tenant.");
        MetricFamily usage = MetricFamily.Gauge("respproxy_tenant_usage_bytes", "Memory that the tenant uses, as last reported; absent before that.");
        MetricFamily time = MetricFamily.Gauge("respproxy_tenant_usage_timestamp_seconds", "When the usage was reported, in seconds since 1970.");
        MetricFamily ratio = MetricFamily.Gauge("respproxy_tenant_quota_ratio", "Usage divided by the quota; absent before usage was reported.");
        MetricFamily level = MetricFamily.Gauge("respproxy_tenant_quota_level", "Level of the quota that usage has come to: 0, 60, 75, 85, or 100 when it is over.");
        foreach ((string tenant, QuotaReading reading) in quotas)
        {
            var label = new MetricLabel("tenant", tenant);
            quota.Add(reading.Quota, label);
            level.Add((int)reading.Level, label);
            if (reading.Usage is not { } used) continue;
            usage.Add(used, label);
            ratio.Add((double)used / reading.Quota, label);
            time.Add(reading.ReportedAt.ToUnixTimeMilliseconds() / 1000.0, label);
        }

        return [quota, usage, ratio, level, time];
    }
}
