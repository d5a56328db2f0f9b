using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Control.Admin;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Control.Rules;
using RespProxy.Downstream;

namespace RespProxy.Hosting;

/// <summary>What the admin endpoint of a running proxy has to offer. A part that is added here is described in openapi.json, which a test compares.</summary>
internal sealed class AdminComposition(ProxySnapshot snapshot, ProxyServer server, ConfigurationReload reload, LiveRules? rules, MetricsSource metrics, LogThreshold threshold, ILoggerFactory logs)
{
    public IReadOnlyList<IAdminRoutes> Routes()
    {
        var rates = new CallRates(server, TimeProvider.System);
        return
        [
            new HealthRoutes(() => Readiness.Of(server.Status, server.IsReady), () => Readiness.OfStart(server.Status)),
            new MetricsRoutes(metrics.Collect, snapshot.Admin.MetricsToken ? AdminAccess.Read : AdminAccess.None),
            new OpenApiRoutes(),
            new StatusRoutes(server, rates, () => reload.Reading, rules, BuildVersion.Text, TimeProvider.System),
            new TenantRoutes(server, rates),
            new TenantKeyRoutes(server.Tenants),
            new UsageRoutes(server.Quotas.Report),
            new ClusterRoutes(server.Clusters),
            new ConnectionRoutes(server.Connections),
            new DrainRoutes(server, snapshot.DrainTimeout, logs.CreateLogger("RespProxy.Admin")),
            new LogRoutes(threshold),
            .. rules is null ? (IAdminRoutes[])[] : [new RuleRoutes(rules), new DryRunRoutes(server.Trials, rules.Sets.Load)],
        ];
    }
}
