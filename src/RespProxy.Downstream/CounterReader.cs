using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Downstream.Quotas;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Sessions;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.NearCache;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.NodeMemory;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream;

/// <summary>Reads what the loops count, and sums it up. Any thread: numbers are written by one and may be a moment old.</summary>
internal sealed class CounterReader(
    ProxySnapshot configuration, ProxyLoop[] loops, ImmutableArray<ClusterTopology> topologies, LiveTenants tenants, SessionRegistry registry, UsageIntake quotas, TimeProvider time)
{
    /// <summary>Of each upstream; empty where nodes are not asked.</summary>
    public ImmutableArray<NodeMemoryPoll> NodeMemory { get; init; } = [];

    public ProxyCounters Read()
    {
        ClientTally clients = ReadClients();
        return new ProxyCounters
        {
            Connections = registry.Count,
            ConnectionsAccepted = registry.Accepted,
            ConnectionsRejected = registry.Rejected,
            Commands = loops[0].Facts.Usage.Calls,
            AuthenticationFailures = Sum(counters => Volatile.Read(ref counters.AuthenticationFailures)),
            IsolationFaults = Sum(counters => Volatile.Read(ref counters.IsolationFaults)),
            ScriptUsersProvisioned = Sum(counters => Volatile.Read(ref counters.ScriptUsersProvisioned)),
            ScriptUsersRefused = Sum(counters => Volatile.Read(ref counters.ScriptUsersRefused)),
            Quotas = [.. quotas.Readings],
            RateUses = [.. RateUse.Of(tenants.Directory.All)],
            NearCaches = [.. tenants.Directory.All.Where(tenant => tenant.Policy.NearCache is not null).Select(ReadNearCache)],
            Upstreams = [.. configuration.Upstreams.Select((upstream, index) => ReadUpstream(upstream.Name, index))],
            Loops = [.. loops.Select((loop, index) => ReadLoop(loop, clients.Unsent[index], clients.Parked[index]))],
            Listeners = [.. clients.Listeners.Select(pair => (pair.Key, pair.Value))],
            Tenants = [.. clients.Tenants.Select(pair => (pair.Key, pair.Value))],
            Limiters = [.. tenants.Directory.All.SelectMany(ReadLimiters)],
        };
    }

    private long Sum(Func<RequestCounters, long> count) => loops.Sum(loop => count(loop.Counters));

    private ClientTally ReadClients()
    {
        var tally = new ClientTally(loops.Length);
        foreach (ListenerSnapshot listener in configuration.Listeners) tally.Listeners[listener.Name] = 0;
        foreach (ClientSession session in registry.All)
        {
            string tenant = session.Tenant?.Name ?? UsageReport.Nobody;
            tally.Listeners[session.Origin.Listener] = tally.Listeners.GetValueOrDefault(session.Origin.Listener) + 1;
            tally.Tenants[tenant] = tally.Tenants.GetValueOrDefault(tenant) + 1;
            tally.Unsent[session.Loop.Events.Index] += session.UnsentBytes;
            tally.Parked[session.Loop.Events.Index] += session.ParkedBytes;
        }

        return tally;
    }

    private static LoopReading ReadLoop(ProxyLoop loop, long unsent, long parked) =>
        new(loop.Events.Index, loop.Events.Counters, loop.Accounting.TurnTimes.Busy, loop.Accounting.TurnTimes.LongTurns, unsent, parked);

    /// <summary>Rates of the same name are one, as a reader of their numbers could not tell them apart.</summary>
    private static IEnumerable<LimiterReading> ReadLimiters(Tenant tenant) =>
        from rate in tenant.Policy.Admission?.Rules?.Rates ?? []
        group rate by rate.Name into rates
        select new LimiterReading(
            tenant.Name,
            rates.Key,
            rates.Sum(rate => rate.Granted),
            rates.Sum(rate => rate.Delayed),
            rates.Sum(rate => rate.IsShadow ? 0 : rate.Exceeded),
            rates.Sum(rate => rate.IsShadow ? rate.Exceeded : 0));

    private NearCacheReading ReadNearCache(Tenant tenant)
    {
        NearCacheCounters[] counters = [.. loops.Select(loop => loop.NearCaches.CountersOf(tenant)).OfType<NearCacheCounters>()];
        return new NearCacheReading(tenant.Name)
        {
            Hits = counters.Sum(each => Volatile.Read(ref each.Hits)),
            Misses = counters.Sum(each => Volatile.Read(ref each.Misses)),
            Fills = counters.Sum(each => Volatile.Read(ref each.Fills)),
            Invalidations = counters.Sum(each => Volatile.Read(ref each.Invalidations)),
            Flushes = counters.Sum(each => Volatile.Read(ref each.Flushes)),
            Bytes = counters.Sum(each => Volatile.Read(ref each.Bytes)),
        };
    }

    private UpstreamReading ReadUpstream(string name, int index)
    {
        UpstreamCounters[] counters = [.. loops.Select(loop => loop.Upstreams[index].Counters)];
        SlotMap? map = topologies[index].Current;
        return new UpstreamReading(name)
        {
            Moved = counters.Sum(each => Volatile.Read(ref each.Moved)),
            Asked = counters.Sum(each => Volatile.Read(ref each.Asked)),
            Retries = [.. Enum.GetValues<RetryReason>().Select(reason => (reason, counters.Sum(each => each.RetriesFor(reason))))],
            Failures = [.. Enum.GetValues<UpstreamFailure>().Select(failure => (failure, counters.Sum(each => each.FailuresBy(failure))))],
            ConnectionsMade = counters.Sum(each => Volatile.Read(ref each.Connected)),
            ConnectionsFailed = counters.Sum(each => Volatile.Read(ref each.ConnectFailed)),
            ConnectionsLost = counters.Sum(each => Volatile.Read(ref each.ConnectionsLost)),
            Leased = counters.Sum(each => Volatile.Read(ref each.Leased)),
            Connections = counters.Sum(each => Volatile.Read(ref each.Queues.Connections)),
            UnsentBytes = counters.Sum(each => Volatile.Read(ref each.Queues.UnsentBytes)),
            InFlightBytes = counters.Sum(each => Volatile.Read(ref each.Queues.InFlightBytes)),
            InFlightRequests = counters.Sum(each => Volatile.Read(ref each.Queues.InFlightRequests)),
            ParkedRequests = counters.Sum(each => Volatile.Read(ref each.Queues.ParkedRequests)),
            ParkedBytes = counters.Sum(each => Volatile.Read(ref each.Queues.ParkedBytes)),
            TopologyRefreshes = topologies[index].Refreshes,
            TopologyFailures = topologies[index].RefreshFailures,
            TopologyAge = map is { IsCluster: true } && topologies[index].LastGoodView is { } seen ? time.GetUtcNow() - seen : null,
            Primaries = map?.Primaries.Length,
            ReachablePrimaries = map?.Primaries.Count(node => node.IsReachable) ?? 0,
            CoveredSlots = map?.CoveredSlots,
            Nodes = NodeMemory.IsEmpty ? [] : NodeMemory[index].Readings,
        };
    }

    /// <summary>What the clients that are there add up to.</summary>
    private sealed class ClientTally(int loops)
    {
        public SortedDictionary<string, long> Listeners { get; } = new(StringComparer.Ordinal);

        public SortedDictionary<string, long> Tenants { get; } = new(StringComparer.Ordinal);

        /// <summary>By the loop's number.</summary>
        public long[] Unsent { get; } = new long[loops];

        public long[] Parked { get; } = new long[loops];
    }
}
