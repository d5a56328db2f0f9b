using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Alerts;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Hosting;

/// <summary>The proxy's own alerts as a hosted service, where the configuration has any: through the drain, to its end.</summary>
internal sealed class Alerting(ProxySnapshot snapshot, ProxyServer server, ConfigurationReload reload, ILoggerFactory logs) : IHostedService
{
    private volatile AlertService? _alerts;

    /// <summary>What the alerts tell of themselves; nothing while there are none. Any thread.</summary>
    public IEnumerable<MetricFamily> Metrics() => _alerts?.Metrics() ?? [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _alerts = AlertService.Start(snapshot, server, () => reload.Reading, TimeProvider.System, logs);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_alerts is { } alerts) await alerts.DisposeAsync().ConfigureAwait(false);
    }
}
