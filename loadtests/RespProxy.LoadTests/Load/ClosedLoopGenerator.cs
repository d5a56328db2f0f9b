using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// One request in flight per connection, the next as soon as the reply is there; for mixes of commands that
/// redis-benchmark can't express. Blocks the calling thread until the last reply.
/// </summary>
internal static class ClosedLoopGenerator
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static LoadResult Run(
        ServerEndpoint endpoint, int connections, long commands, RequestSequence requests, CancellationToken cancellation)
    {
        using ConnectionSet set = new(endpoint, connections);
        long start = MonotonicClock.Nanoseconds;
        long giveUp = start + (long)Limit.TotalNanoseconds;
        long sent = 0, answered = 0;
        void SendNext(GeneratorConnection connection)
        {
            if (sent++ < commands)
                connection.Enqueue(requests.Next(), MonotonicClock.Nanoseconds);
        }
        for (int i = 0; i < set.Count; i++)
            SendNext(set[i]);
        while (answered < commands)
        {
            cancellation.ThrowIfCancellationRequested();
            if (MonotonicClock.Nanoseconds > giveUp)
                throw new LoadFailedException($"not done after {Limit.TotalSeconds:0} s");
            answered += set.Turn(100_000_000, (connection, _) => SendNext(connection));
        }
        double seconds = (MonotonicClock.Nanoseconds - start) / 1e9;
        LatencyHistogram latencies = set.Latencies;
        return new LoadResult(
            answered, answered / seconds, latencies.Percentile(50) / 1e6, latencies.Percentile(99) / 1e6,
            latencies.Percentile(99.9) / 1e6);
    }
}
