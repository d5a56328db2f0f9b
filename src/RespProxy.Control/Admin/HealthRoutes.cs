using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>
/// What orchestrators ask, open to everybody: /healthz (the process answers), /readyz (send clients here, or the reason not to), /startupz (it has been ready,
/// or could be), and the same as JSON under /api/v1/health.
/// </summary>
/// <param name="readiness">Asked at each call; any thread.</param>
/// <param name="startup">The same for the start alone, which a drain does not undo.</param>
public sealed class HealthRoutes(Func<Readiness> readiness, Func<Readiness> startup) : IAdminRoutes
{
    private static readonly Readiness Alive = new(true, "alive");

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/healthz", "live", () => Alive);
        Map(routes, "/readyz", "ready", readiness);
        Map(routes, "/startupz", "startup", startup);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string name, Func<Readiness> ask)
    {
        routes.MapRead(path, context =>
        {
            Readiness now = ask();
            return AdminReply.TextAsync(context, StatusOf(now), $"{now.Reason}\n");
        }).Needs(AdminAccess.None);
        routes.MapRead($"/api/v1/health/{name}", context =>
        {
            Readiness now = ask();
            return AdminReply.JsonAsync(
                context,
                json =>
                {
                    json.WriteStartObject();
                    json.WriteBoolean("ok", now.IsReady);
                    json.WriteString("reason", now.Reason);
                    json.WriteEndObject();
                },
                StatusOf(now));
        }).Needs(AdminAccess.None);
    }

    private static int StatusOf(Readiness now) => now.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
}
