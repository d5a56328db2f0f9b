using System.Diagnostics.Metrics;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Control.Metrics;
using RespProxy.Control.Otlp;

namespace RespProxy.Control.Tests;

public class MetricsMeterTests
{
    [Fact]
    public void A_listener_sees_the_same_numbers_and_one_reading_serves_all_instruments()
    {
        var time = new FakeTimeProvider();
        int readings = 0;
        IEnumerable<MetricFamily> Read()
        {
            readings++;
            return
            [
                MetricFamily.Counter("respproxy_commands_total", "Commands.").Add(readings, new MetricLabel("tenant", "shop")),
                MetricFamily.Gauge("respproxy_memory_bytes", "Memory.").Add(5),
                MetricFamily.Histogram("respproxy_added_latency_seconds", "Added.").Add(new HistogramValue(new HistogramBounds(1), [3, 2], 7.5)),
            ];
        }

        using var meter = new MetricsMeter("1.2.3", Read, time);
        var seen = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == MetricsMeter.Name) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            seen.Add(FormattableString.Invariant($"{instrument.Name} {instrument.Unit} {(tags.Length > 0 ? $"{tags[0].Key}={tags[0].Value}" : "")} {value}")));
        listener.Start();

        time.Advance(TimeSpan.FromSeconds(1));
        listener.RecordObservableInstruments();

        Assert.Equal(2, readings);
        Assert.Equal(
            ["respproxy_added_latency_seconds_count   5", "respproxy_added_latency_seconds_sum s  7.5", "respproxy_commands  tenant=shop 2", "respproxy_memory_bytes By  5"],
            seen.Order(StringComparer.Ordinal));
    }
}
