using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Admin;

/// <summary>/metrics, for Prometheus.</summary>
/// <param name="metrics">Asked at each scrape; any thread.</param>
/// <param name="access">What scrapers must have.</param>
public sealed class MetricsRoutes(Func<IEnumerable<MetricFamily>> metrics, AdminAccess access) : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/metrics", AnswerAsync).Needs(access);

    private Task AnswerAsync(HttpContext context) => AdminReply.TextAsync(context, StatusCodes.Status200OK, PrometheusText.Format(metrics()), PrometheusText.ContentType);
}
