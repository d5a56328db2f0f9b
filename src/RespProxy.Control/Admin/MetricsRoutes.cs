using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Admin;

/// <summary>/metrics, for Prometheus: see <see cref="MetricsPage"/>.</summary>
/// <param name="metrics">Asked at each scrape; any thread.</param>
/// <param name="access">What scrapers must have.</param>
public sealed class MetricsRoutes(Func<IEnumerable<MetricFamily>> metrics, AdminAccess access) : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/metrics", context => MetricsPage.WriteAsync(context, metrics)).Needs(access);
}
