using System.Collections.Immutable;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Control.Metrics;

/// <summary>All metrics of the program, for whoever tells them: /metrics, OTLP, a meter. Any thread.</summary>
/// <param name="server">The running proxy.</param>
/// <param name="configuration">How its configuration stands.</param>
/// <param name="version">Of the program.</param>
public sealed class MetricsSource(ProxyServer server, Func<ReloadReading> configuration, string version)
{
    private readonly UsageMetrics _usage = new();
    private ImmutableList<Func<IEnumerable<MetricFamily>>> _others = [];

    /// <summary>Has the families of another part told with the rest; asked at each <see cref="Collect"/>, on any thread.</summary>
    public void Add(Func<IEnumerable<MetricFamily>> families) => ImmutableInterlocked.Update(ref _others, others => others.Add(families));

    /// <summary>All families as they are now. To be enumerated once.</summary>
    public IEnumerable<MetricFamily> Collect() =>
        ProxyMetrics.Collect(server, _usage, configuration(), version).Concat(Volatile.Read(ref _others).SelectMany(families => families()));
}
