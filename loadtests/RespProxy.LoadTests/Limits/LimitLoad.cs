using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Limits;

/// <summary>The clients of one cell, on one thread: use up the burst, then count for the time asked.</summary>
internal static class LimitLoad
{
    /// <summary>Five times what the burst of a cell lasts.</summary>
    private const double WarmUpSeconds = 0.5;

    /// <summary>Half of what the burst of a cell lasts.</summary>
    private const long MomentNanoseconds = 50_000_000;

    public static LimitSample Run(ServerEndpoint endpoint, string tenant, LimitCell cell, double seconds, CancellationToken cancellation)
    {
        using Epoll epoll = new();
        List<CountingConnection> connections = [];
        try
        {
            for (int i = 0; i < cell.Connections; i++)
            {
                connections.Add(new CountingConnection(endpoint, tenant, $"{cell.Tenant}:{i}", cell.Pipeline));
                epoll.Add(connections[i].Descriptor, i);
            }

            return Measure(epoll, connections, cell, seconds, cancellation);
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    private static LimitSample Measure(Epoll epoll, List<CountingConnection> connections, LimitCell cell, double seconds, CancellationToken cancellation)
    {
        ExactBucket exact = new(cell.Rate, cell.Burst);
        byte[] scratch = new byte[256 * 1024];
        int[] ready = new int[512];
        long start = MonotonicClock.Nanoseconds;
        connections.ForEach(connection => connection.Begin());
        long begun = RunUntil(start + (long)(WarmUpSeconds * 1e9));
        (long accepted, long refused) = Sum();
        double possible = exact.Passed;
        long ended = RunUntil(begun + (long)(seconds * 1e9));
        (long totalAccepted, long totalRefused) = Sum();
        return new LimitSample(cell, (ended - begun) / 1e9, totalAccepted - accepted, totalRefused - refused, exact.Passed - possible, (ended - start) / 1e9, totalAccepted);

        (long Accepted, long Refused) Sum() => (connections.Sum(connection => connection.Accepted), connections.Sum(connection => connection.Refused));

        long RunUntil(long end)
        {
            long now = MonotonicClock.Nanoseconds;
            while (now < end)
            {
                cancellation.ThrowIfCancellationRequested();
                long began = now;
                long moment = Math.Min(end, began + MomentNanoseconds);
                (long acceptedBefore, long refusedBefore) = Sum();
                for (; now < moment; now = MonotonicClock.Nanoseconds) Turn(epoll, connections, ready, scratch, moment - now);
                (long acceptedNow, long refusedNow) = Sum();
                exact.Ask((now - began) / 1e9, acceptedNow + refusedNow - acceptedBefore - refusedBefore);
            }

            return now;
        }
    }

    /// <summary>A bucket that begins full and is asked a moment at a time.</summary>
    private sealed class ExactBucket(long rate, long burst)
    {
        private double _tokens = burst;

        public double Passed { get; private set; }

        public void Ask(double seconds, long commands)
        {
            double tokens = Math.Min(_tokens, burst) + (rate * seconds);
            double passed = Math.Min(tokens, commands);
            _tokens = tokens - passed;
            Passed += passed;
        }
    }

    private static void Turn(Epoll epoll, List<CountingConnection> connections, int[] ready, byte[] scratch, long nanoseconds)
    {
        // A batch that did not fit into the socket is tried again a millisecond later.
        bool isUnsent = false;
        foreach (CountingConnection connection in connections)
        {
            if (connection.IsSent) continue;
            connection.Send();
            isUnsent |= !connection.IsSent;
        }

        int count = epoll.Wait(isUnsent ? Math.Min(nanoseconds, 1_000_000) : nanoseconds, ready);
        for (int i = 0; i < count; i++)
        {
            if (connections[ready[i]].Receive(scratch)) connections[ready[i]].Begin();
        }
    }
}
