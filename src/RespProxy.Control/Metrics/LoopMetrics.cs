using System.Collections.Immutable;
using System.Globalization;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>The event loops: how busy each is, what it moves, what its clients leave untaken.</summary>
internal static class LoopMetrics
{
    public static IEnumerable<MetricFamily> From(ImmutableArray<LoopReading> readings)
    {
        yield return Counter("loop_busy_seconds_total", "Time that the loop was at work; its rate is the share of a core, and at 1 the loop is full.", reading => reading.Busy.TotalSeconds);
        yield return Counter("loop_turns_total", "Times that the loop woke up and did its round.", reading => reading.Counters.Turns);
        yield return Counter("loop_long_turns_total", "Rounds of more than 10 ms: all clients of the loop have waited for so long.", reading => reading.LongTurns);
        yield return Counter("loop_receives_total", "Receive calls made to the system, for clients and nodes.", reading => reading.Counters.Receives);
        yield return Counter("loop_sends_total", "Send calls made to the system, for clients and nodes.", reading => reading.Counters.Sends);
        yield return Counter("loop_received_bytes_total", "Bytes received from clients and nodes.", reading => reading.Counters.BytesReceived);
        yield return Counter("loop_sent_bytes_total", "Bytes sent to clients and nodes.", reading => reading.Counters.BytesSent);
        yield return Counter("loop_accept_failures_total", "Accepts that failed, mostly for want of file descriptors.", reading => reading.Counters.AcceptFailures);
        yield return Gauge("loop_connections", "Connections of the loop open now, clients' and nodes'.", reading => reading.Counters.Connections);
        yield return Gauge("loop_pooled_bytes", "Buffers kept for use again.", reading => reading.Counters.PooledBytes);
        yield return Gauge("client_unsent_bytes", "Replies that clients do not take.", reading => reading.ClientUnsentBytes);
        yield return Gauge("client_parked_bytes", "Replies that wait for an earlier one of their client's.", reading => reading.ClientParkedBytes);

        MetricFamily Counter(string name, string help, Func<LoopReading, double> value) => PerLoop(MetricFamily.Counter("respproxy_" + name, help), value);

        MetricFamily Gauge(string name, string help, Func<LoopReading, double> value) => PerLoop(MetricFamily.Gauge("respproxy_" + name, help), value);

        MetricFamily PerLoop(MetricFamily family, Func<LoopReading, double> value)
        {
            foreach (LoopReading reading in readings) family.Add(value(reading), new MetricLabel("loop", reading.Index.ToString(CultureInfo.InvariantCulture)));
            return family;
        }
    }
}
