using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Downstream.Inspection;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/connections: who is connected; DELETE closes one, or all of a tenant.</summary>
public sealed class ConnectionRoutes(ConnectionInspection connections) : IAdminRoutes
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/connections", ListAsync);
        routes.MapDelete("/api/v1/connections", KillAllAsync);
        routes.MapDelete("/api/v1/connections/{id}", KillAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        if (AdminQuery.Number(context, "limit", DefaultLimit, 1, MaxLimit) is not { } limit)
        {
            await AdminQuery.WrongNumberAsync(context, "limit", 1, MaxLimit).ConfigureAwait(false);
            return;
        }

        if (AdminQuery.Number(context, "cursor", 0, 0, long.MaxValue) is not { } after)
        {
            await AdminQuery.WrongNumberAsync(context, "cursor", 0, long.MaxValue).ConfigureAwait(false);
            return;
        }

        ConnectionPage page = await connections.ReadAsync(TenantOf(context), after, (int)limit, context.RequestAborted).ConfigureAwait(false);
        await AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("connections");
            foreach (ConnectionReading each in page.Connections) Write(json, each);
            json.WriteEndArray();
            if (page.Next is { } next) json.WriteString("next", next.ToString(CultureInfo.InvariantCulture));
            else json.WriteNull("next");
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task KillAsync(HttpContext context)
    {
        bool isNumber = long.TryParse(context.PathValue("id"), NumberStyles.None, CultureInfo.InvariantCulture, out long id);
        if (!isNumber || !await connections.KillAsync(id, context.RequestAborted).ConfigureAwait(false))
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, "there is no such connection; GET /api/v1/connections tells which there are").ConfigureAwait(false);
            return;
        }

        AdminCaller.Of(context).Did = $"connection {id} closed";
        await AnswerClosedAsync(context, 1).ConfigureAwait(false);
    }

    private async Task KillAllAsync(HttpContext context)
    {
        if (TenantOf(context) is not { } tenant)
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "say whose: DELETE /api/v1/connections?tenant=NAME, or one of them: /api/v1/connections/ID").ConfigureAwait(false);
            return;
        }

        int closed = await connections.KillAllAsync(tenant, context.RequestAborted).ConfigureAwait(false);
        AdminCaller.Of(context).Did = $"{closed} connection(s) of tenant {tenant} closed";
        await AnswerClosedAsync(context, closed).ConfigureAwait(false);
    }

    private static string? TenantOf(HttpContext context)
    {
        string? tenant = context.Request.Query["tenant"];
        return string.IsNullOrEmpty(tenant) ? null : tenant;
    }

    private static Task AnswerClosedAsync(HttpContext context, int closed) => AdminReply.JsonAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("closed", closed);
        json.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter json, ConnectionReading reading)
    {
        json.WriteStartObject();
        json.WriteNumber("id", reading.Id);
        json.WriteString("address", reading.Address);
        json.WriteString("listener", reading.Listener);
        json.WriteString("tenant", reading.Tenant);
        json.WriteString("name", reading.Name);
        json.WriteString("library", reading.Library);
        json.WriteSeconds("ageSeconds", reading.Age);
        json.WriteSeconds("idleSeconds", reading.Idle);
        json.WriteString("lastCommand", reading.LastCommand);
        json.WriteNumber("resp", reading.RespVersion);
        json.WriteNumber("database", reading.Database);
        json.WriteNumber("pending", reading.Pending);
        json.WriteBoolean("blocked", reading.IsBlocked);
        json.WriteBoolean("subscribed", reading.IsSubscribed);
        json.WriteBoolean("inTransaction", reading.IsInTransaction);
        json.WriteNumber("unreadBytes", reading.UnreadBytes);
        json.WriteNumber("unsentBytes", reading.UnsentBytes);
        json.WriteNumber("writtenBytes", reading.WrittenBytes);
        json.WriteEndObject();
    }
}
