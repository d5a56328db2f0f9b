using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// Sends on a fixed schedule and measures each latency from the moment its request was <em>due</em>, not from
/// when it was sent: a stall counts against every request that should have gone out meanwhile, so nothing is
/// coordinated away. Connections take turns. Blocks the calling thread until the last reply.
/// </summary>
internal static class OpenLoopGenerator
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static LoadResult Run(
        ServerEndpoint endpoint, int connections, OpenLoopSchedule schedule, RequestSequence requests, CancellationToken cancellation)
    {
        Epoll.UsePreciseTimers();
        using ConnectionSet set = new(endpoint, connections);
        LatencyHistogram lag = new();
        long start = MonotonicClock.Nanoseconds;
        long giveUp = start + schedule.DueNanoseconds(schedule.Count) + (long)Patience.TotalNanoseconds;
        long sent = 0, answered = 0, now = start;
        while (answered < schedule.Count)
        {
            cancellation.ThrowIfCancellationRequested();
            now = MonotonicClock.Nanoseconds;
            if (now > giveUp)
                throw new LoadFailedException($"{schedule.Count - answered} replies never came");
            for (; sent < schedule.Count && start + schedule.DueNanoseconds(sent) <= now; sent++)
            {
                long due = start + schedule.DueNanoseconds(sent);
                set[(int)(sent % set.Count)].Enqueue(requests.Next(), due);
                lag.Record(now - due);
            }
            long wait = sent < schedule.Count ? start + schedule.DueNanoseconds(sent) - now : 100_000_000;
            answered += set.Turn(wait);
        }
        double seconds = (MonotonicClock.Nanoseconds - start) / 1e9;
        LatencyHistogram latencies = set.Latencies;
        return new LoadResult(
            answered, answered / seconds, latencies.Percentile(50) / 1e6, latencies.Percentile(99) / 1e6,
            latencies.Percentile(99.9) / 1e6, lag.Percentile(99) / 1e6);
    }
}
