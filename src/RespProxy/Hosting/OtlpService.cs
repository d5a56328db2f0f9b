using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.Control.Otlp;

namespace RespProxy.Hosting;

/// <summary>Sends metrics while the proxy runs, and makes them instruments of a meter. Only there where the configuration names a receiver.</summary>
internal sealed class OtlpService(OtlpSnapshot configuration, MetricsSource metrics, ILoggerFactory logs) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var exporter = new OtlpExporter(configuration, BuildVersion.Text, metrics.Collect, TimeProvider.System, logs.CreateLogger("RespProxy.Otlp"));
        metrics.Add(() => exporter.Metrics);
        using var meter = new MetricsMeter(BuildVersion.Text, metrics.Collect, TimeProvider.System);
        await exporter.RunAsync(stoppingToken).ConfigureAwait(false);
    }
}
