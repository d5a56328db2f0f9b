using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Downstream;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Quotas;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/tenants: who they are, what they use, what they may use.</summary>
/// <param name="server">The running proxy.</param>
/// <param name="rates">Shared with others who tell rates.</param>
public sealed class TenantRoutes(ProxyServer server, CallRates rates) : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/tenants", ListAsync);
        routes.MapRead("/api/v1/tenants/{name}", ShowAsync);
    }

    private async Task ListAsync(HttpContext context)
    {
        CallRatesReading usage = await rates.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        IReadOnlyDictionary<string, int> connections = server.Connections.CountByTenant();
        await AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("tenants");
            foreach (Tenant tenant in server.Tenants.All)
            {
                json.WriteStartObject();
                // One by one: a thousand tenants' histograms at once would be many megabytes.
                WriteSummary(json, tenant, connections, usage, server.ReadUsage(tenant.Name));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private async Task ShowAsync(HttpContext context)
    {
        if (server.Tenants.Find(context.PathValue("name")) is not { } tenant)
        {
            await NotThereAsync(context).ConfigureAwait(false);
            return;
        }

        CallRatesReading usage = await rates.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        IReadOnlyDictionary<string, int> connections = server.Connections.CountByTenant();
        UsageReport report = server.ReadUsage(tenant.Name);
        await AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            WriteSummary(json, tenant, connections, usage, report);
            TenantRulesJson.Write(json, tenant);
            WriteCommands(json, report);
            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    internal static Task NotThereAsync(HttpContext context) =>
        AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, "there is no such tenant; GET /api/v1/tenants tells which there are");

    private void WriteSummary(Utf8JsonWriter json, Tenant tenant, IReadOnlyDictionary<string, int> connections, CallRatesReading usage, UsageReport report)
    {
        json.WriteString("name", tenant.Name);
        json.WriteString("upstream", server.Tenants.UpstreamOf(tenant));
        json.WriteString("placement", tenant.Placement.ToString().ToLowerInvariant());
        json.WriteNumber("connections", connections.GetValueOrDefault(tenant.Name));
        json.WriteNumber("commandsPerSecond", usage.Of(tenant.Name));
        json.WriteCounts(report.Total);
        json.WriteLatency("addedMicroseconds", report.Total.Added);
        json.WriteLatency("upstreamMicroseconds", report.Total.Upstream);
        WriteQuota(json, tenant.Quota);
    }

    private static void WriteQuota(Utf8JsonWriter json, QuotaState? quota)
    {
        if (quota is null)
        {
            json.WriteNull("quota");
            return;
        }

        QuotaReading reading = quota.Read();
        json.WriteStartObject("quota");
        json.WriteNumber("bytes", reading.Quota);
        json.WriteNumber("level", (int)reading.Level);
        json.WriteBoolean("enforced", reading.IsEnforced);
        if (reading.Usage is { } used)
        {
            json.WriteNumber("usedBytes", used);
            json.WriteNumber("usedPercent", Math.Round(used * 100m / reading.Quota, 1));
            json.WriteString("reportedAt", reading.ReportedAt);
        }
        else
        {
            json.WriteNull("usedBytes");
            json.WriteNull("usedPercent");
            json.WriteNull("reportedAt");
        }

        json.WriteEndObject();
    }

    /// <summary>The most called first.</summary>
    private static void WriteCommands(Utf8JsonWriter json, UsageReport report)
    {
        json.WriteStartArray("commands");
        foreach (CommandReading reading in report.Commands.OrderByDescending(reading => reading.Calls).ThenBy(reading => reading.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name", reading.Name);
            json.WriteCounts(reading);
            json.WriteLatency("addedMicroseconds", reading.Added);
            json.WriteLatency("upstreamMicroseconds", reading.Upstream);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
