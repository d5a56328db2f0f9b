using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using RespProxy.Downstream;

namespace RespProxy.Control.Admin;

/// <summary>
/// POST /api/v1/drain: what SIGTERM begins with, while the process stays. Readiness flips, listeners close, clients are closed when they have been
/// answered, at the latest after the drain time. There is no way back but a restart: the listeners are gone, and with them their clients' trust.
/// </summary>
/// <param name="server">The running proxy.</param>
/// <param name="timeout">The drain time.</param>
/// <param name="logger">For what goes wrong behind the answer.</param>
public sealed partial class DrainRoutes(ProxyServer server, TimeSpan timeout, ILogger logger) : IAdminRoutes
{
    private readonly Lock _lock = new();
    private bool _hasBegun;

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/drain", BeginAsync);

    private Task BeginAsync(HttpContext context)
    {
        long connections = server.ReadCounters().Connections;
        if (TryBegin()) AdminCaller.Of(context).Did = string.Create(CultureInfo.InvariantCulture, $"drain begun, {connections} connection(s) open");
        return AdminReply.JsonAsync(
            context,
            json =>
            {
                json.WriteStartObject();
                json.WriteString("status", server.Status.ToString().ToLowerInvariant());
                json.WriteNumber("connections", connections);
                json.WriteNumber("timeoutSeconds", timeout.TotalSeconds);
                json.WriteEndObject();
            },
            StatusCodes.Status202Accepted);
    }

    /// <summary>False: it has begun already.</summary>
    private bool TryBegin()
    {
        lock (_lock)
        {
            if (_hasBegun || server.Status is ProxyStatus.Draining or ProxyStatus.Stopped) return false;
            _hasBegun = true;
            _ = DrainAsync();
            return true;
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            await server.DrainAsync(timeout).ConfigureAwait(false);
            LogDrained();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogFailed(exception);
        }
    }

    [LoggerMessage(6204, LogLevel.Information, "Admin API: drained; the process stays until it is told to stop")]
    private partial void LogDrained();

    [LoggerMessage(6205, LogLevel.Error, "Admin API: the drain failed")]
    private partial void LogFailed(Exception exception);
}
