using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Downstream.Inspection;
using RespProxy.Downstream.SlowLog;
using RespProxy.Tenancy.HotKeys;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Control.Admin;

/// <summary>
/// /api/v1/tenants/{name}/hotkeys, /bigkeys and /slowlog. They name keys and arguments, which are the tenant's own data: whoever may read the API may see them.
/// </summary>
public sealed class TenantKeyRoutes(TenantInspection tenants) : IAdminRoutes
{
    private const int DefaultCount = 20;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/tenants/{name}/hotkeys", context => AnswerAsync(context, HotKeysAsync));
        routes.MapRead("/api/v1/tenants/{name}/bigkeys", context => AnswerAsync(context, BigKeysAsync));
        routes.MapRead("/api/v1/tenants/{name}/slowlog", context => AnswerAsync(context, SlowLogAsync));
    }

    private Task AnswerAsync(HttpContext context, Func<HttpContext, Tenant, int, Task> answer)
    {
        if (tenants.Find(context.PathValue("name")) is not { } tenant) return TenantRoutes.NotThereAsync(context);
        return AdminQuery.Count(context, DefaultCount) is { } count ? answer(context, tenant, count) : AdminQuery.WrongNumberAsync(context, "count", 1, 1000);
    }

    private Task HotKeysAsync(HttpContext context, Tenant tenant, int count) => tenants.HotKeysOf(tenant, count) is not { } reading
        ? AdminReply.ProblemAsync(context, StatusCodes.Status409Conflict, "hot keys are not counted; set hotKeys.enabled: true and restart the proxy")
        : AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("tenant", tenant.Name);
            json.WriteSeconds("seconds", reading.Covered);
            json.WriteNumber("sample", reading.Sample);
            foreach (HotKeyRanking ranking in reading.Rankings) WriteRanking(json, ranking);
            json.WriteEndObject();
        });

    private static void WriteRanking(Utf8JsonWriter json, HotKeyRanking ranking)
    {
        json.WriteStartObject(ranking.Measure.ToString().ToLowerInvariant());
        json.WriteNumber("total", ranking.Total);
        json.WriteStartArray("keys");
        foreach (HotKey key in ranking.Keys)
        {
            json.WriteStartObject();
            WriteKey(json, key.Key, key.Length, key.Database);
            json.WriteNumber("count", key.Count);
            json.WriteNumber("error", key.Error);
            json.WriteNumber("perSecond", ranking.PerSecond(key));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private Task BigKeysAsync(HttpContext context, Tenant tenant, int count) => tenants.BigKeysOf(tenant, count) is not { } keys
        ? AdminReply.ProblemAsync(context, StatusCodes.Status409Conflict, "big keys are not kept; set bigKeys.enabled: true and restart the proxy")
        : AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("tenant", tenant.Name);
            json.WriteStartArray("keys");
            foreach (BigKey key in keys)
            {
                json.WriteStartObject();
                WriteKey(json, key.Key, key.Length, key.Database);
                json.WriteNumber("bytes", key.Bytes);
                json.WriteNumber("elements", key.Elements);
                json.WriteString("command", key.Command.Name.ToLowerInvariant());
                json.WriteString("seenAt", DateTimeOffset.FromUnixTimeSeconds(key.Seen));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private Task SlowLogAsync(HttpContext context, Tenant tenant, int count) => AdminReply.JsonAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("tenant", tenant.Name);
        json.WriteStartArray("entries");
        foreach (SlowLogEntry entry in tenants.SlowLogOf(tenant, count))
        {
            json.WriteStartObject();
            json.WriteNumber("id", entry.Id);
            json.WriteString("at", DateTimeOffset.FromUnixTimeSeconds(entry.Command.At));
            json.WriteNumber("microseconds", entry.Command.Microseconds);
            json.WriteTexts("arguments", entry.Command.Arguments.Select(argument => AdminQuery.Printable(argument)));
            json.WriteString("address", entry.Command.Address);
            json.WriteString("clientName", entry.Command.ClientName);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>Of a long key its beginning; <c>keyLength</c> is the whole one's, in bytes.</summary>
    private static void WriteKey(Utf8JsonWriter json, byte[] key, int length, int database)
    {
        json.WriteString("key", AdminQuery.Printable(key));
        json.WriteNumber("keyLength", length);
        json.WriteNumber("database", database);
    }
}
