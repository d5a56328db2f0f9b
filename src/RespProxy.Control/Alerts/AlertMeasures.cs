using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Protocol.Slots;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Control.Alerts;

/// <summary>
/// Facts to the values of rules. What is counted since the start is compared with a sample of about a window ago; samples are kept a quarter of a window apart, so
/// that memory does not depend on how often is judged. In the first window after the start what has happened counts as all that happened in it. One thread.
/// </summary>
internal sealed class AlertMeasures(TimeSpan window)
{
    /// <summary>Commands in a window below which shares and percentiles say nothing.</summary>
    public const int LeastCalls = 100;

    private const int SamplesOfWindow = 4;

    private readonly Queue<AlertSample> _samples = new();

    /// <summary>Kept now, for tests.</summary>
    internal int Samples => _samples.Count;

    /// <summary>The newest in the queue.</summary>
    private AlertSample? _newest;

    /// <summary>All values that there are now.</summary>
    /// <param name="facts">As read just now.</param>
    /// <param name="clock">When that was.</param>
    public IReadOnlyList<AlertObservation> Observe(AlertFacts facts, TimeSpan clock)
    {
        var now = new AlertSample(facts, clock);
        while (_samples.Count > 1 && clock - _samples.ElementAt(1).Clock >= window) _samples.Dequeue();
        var observed = new List<AlertObservation>(OfStanding(facts));
        if (_samples.TryPeek(out AlertSample? before)) observed.AddRange(OfWindow(facts, now, before));
        if (_newest is null || clock - _newest.Clock >= window / SamplesOfWindow) _samples.Enqueue(_newest = now);
        return observed;
    }

    /// <summary>What needs no comparison.</summary>
    private static IEnumerable<AlertObservation> OfStanding(AlertFacts facts)
    {
        foreach ((string tenant, QuotaReading quota) in facts.Counters.Quotas)
        {
            if (quota is { Usage: { } usage, Quota: > 0 }) yield return new(AlertKind.TenantMemory, tenant, "", Percent(usage, quota.Quota));
        }

        foreach (UpstreamReading upstream in facts.Counters.Upstreams)
        {
            foreach (var node in upstream.Nodes.Where(node => node.Max > 0))
                yield return new(AlertKind.NodeMemory, upstream.Name, node.Node.ToString(), Percent(node.Used, node.Max));
            if (upstream.TopologyAge is { } age) yield return new(AlertKind.TopologyAge, upstream.Name, "", age.TotalSeconds);
            if (upstream.CoveredSlots is { } covered) yield return new(AlertKind.SlotsUncovered, upstream.Name, "", HashSlot.Count - covered);
        }

        // A drain is not ready either, and is meant.
        yield return new(AlertKind.NotReady, "", "", facts.Status == ProxyStatus.Starting ? 1 : 0);
        yield return new(AlertKind.ConfigurationRefused, "", "", facts.IsConfigurationRefused ? 1 : 0);
    }

    private IEnumerable<AlertObservation> OfWindow(AlertFacts facts, AlertSample now, AlertSample before)
    {
        TimeSpan elapsed = now.Clock - before.Clock;
        double seconds = Math.Max(elapsed.TotalSeconds, window.TotalSeconds);
        foreach ((string name, TenantSample tenant) in now.Tenants)
        {
            foreach (AlertObservation observed in OfTenant(name, tenant, before.Tenants.GetValueOrDefault(name))) yield return observed;
        }

        // What the whole fleet uses of a rate that it shares one proxy does not know; that needs a Prometheus.
        foreach (RateUse rate in facts.Counters.RateUses.Where(rate => rate.Reach == RateReach.Proxy))
        {
            long used = Since(rate.Used, before.Rates.GetValueOrDefault((rate.Tenant, rate.Rate)));
            yield return new(AlertKind.TenantRate, rate.Tenant, rate.Rate, 100.0 * used / (rate.PerSecond * seconds));
        }

        foreach ((string name, (long failed, long connections)) in now.Upstreams)
        {
            (long Failed, long Connections) earlier = before.Upstreams.GetValueOrDefault(name);
            yield return new(AlertKind.RequestsFailed, name, "", PerMinute(Since(failed, earlier.Failed), seconds));
            yield return new(AlertKind.NodeConnections, name, "", PerMinute(Since(connections, earlier.Connections), seconds));
        }

        yield return new(AlertKind.AuthenticationFailures, "", "", PerMinute(Since(now.AuthenticationFailures, before.AuthenticationFailures), seconds));
        yield return new(AlertKind.IsolationFault, "", "", now.IsolationFaults > before.IsolationFaults ? 1 : 0);
    }

    private static IEnumerable<AlertObservation> OfTenant(string name, TenantSample now, TenantSample? before)
    {
        // A tenant that came back under its name counts from 0 again.
        if (before is not null && before.Calls > now.Calls) before = null;
        long calls = now.Calls - (before?.Calls ?? 0);
        if (calls < LeastCalls) yield break;
        yield return new(AlertKind.TenantThrottled, name, "", Percent(now.Throttled - (before?.Throttled ?? 0), calls));
        yield return new(AlertKind.ErrorReplies, name, "", Percent(now.Errors - (before?.Errors ?? 0), calls));
        if (P99(now.Added, before?.Added) is { } added) yield return new(AlertKind.AddedLatency, name, "", added);
        if (P99(now.Upstream, before?.Upstream) is { } upstream) yield return new(AlertKind.UpstreamLatency, name, "", upstream);
    }

    /// <summary>The 99th percentile in milliseconds of what came between two readings, as exact as the buckets are; null where that is too little to tell.</summary>
    private static double? P99(LatencyReading now, LatencyReading? before)
    {
        var counts = new long[LatencyBuckets.Count];
        for (int i = 0; i < counts.Length; i++) counts[i] = Math.Max(0, now.Counts[i] - (before is null ? 0 : before.Counts[i]));
        long total = counts.Sum();
        if (total < LeastCalls) return null;
        long rank = (long)Math.Ceiling(total * 0.99);
        int bucket = 0;
        for (long seen = counts[0]; seen < rank; seen += counts[bucket]) bucket++;
        // The last bucket has no bound: at least what the one before it has.
        return LatencyBuckets.BoundOf(Math.Min(bucket, LatencyBuckets.Count - 2)) / 1000.0;
    }

    /// <summary>A count that began anew is all of the window's.</summary>
    private static long Since(long now, long before) => now >= before ? now - before : now;

    private static double Percent(long part, long whole) => 100.0 * part / whole;

    private static double PerMinute(long count, double seconds) => count * 60 / seconds;
}
