using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/log/level: the level of the log, as long as the process runs. The body of PUT is its name alone.</summary>
public sealed class LogRoutes(LogThreshold threshold) : IAdminRoutes
{
    /// <summary>Longer than any level's name.</summary>
    private const int MaxBody = 32;

    private static readonly string[] Levels = ["Trace", "Debug", "Information", "Warning", "Error", "Critical"];

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/log/level", AnswerAsync);
        routes.MapPut("/api/v1/log/level", SetAsync).WithBody(MaxBody);
    }

    private Task AnswerAsync(HttpContext context) => AdminReply.JsonAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("level", threshold.Level.ToString());
        json.WriteEndObject();
    });

    private async Task SetAsync(HttpContext context)
    {
        byte[] body = new byte[MaxBody];
        int length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        string name = Encoding.ASCII.GetString(body, 0, length).Trim();
        if (!Levels.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, $"the body must be one of {string.Join(", ", Levels)}").ConfigureAwait(false);
            return;
        }

        LogLevel before = threshold.Level;
        threshold.Level = Enum.Parse<LogLevel>(name, ignoreCase: true);
        AdminCaller.Of(context).Did = $"log level {before} became {threshold.Level}";
        await AnswerAsync(context).ConfigureAwait(false);
    }
}
