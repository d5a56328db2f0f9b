using System.Collections.Immutable;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>What the near cache does for each tenant that has one.</summary>
internal static class NearCacheMetrics
{
    public static IEnumerable<MetricFamily> From(ImmutableArray<NearCacheReading> readings)
    {
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_hits_total", "Reads answered from the near cache."), reading => reading.Hits);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_misses_total", "Reads of hot keys that a node was asked for."), reading => reading.Misses);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_fills_total", "Replies put into the near cache."), reading => reading.Fills);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_invalidations_total", "Keys dropped as a node said that they have changed."), reading => reading.Invalidations);
        yield return PerTenant(MetricFamily.Counter("respproxy_near_cache_flushes_total", "Times that all was dropped: a connection lost or silent, slots moved."), reading => reading.Flushes);
        yield return PerTenant(MetricFamily.Gauge("respproxy_near_cache_bytes", "Bytes held by the near cache."), reading => reading.Bytes);

        MetricFamily PerTenant(MetricFamily family, Func<NearCacheReading, long> value)
        {
            foreach (NearCacheReading reading in readings) family.Add(value(reading), new MetricLabel("tenant", reading.Tenant));
            return family;
        }
    }
}
