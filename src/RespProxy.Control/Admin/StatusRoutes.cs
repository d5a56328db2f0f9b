using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Control.Reload;
using RespProxy.Control.Rules;
using RespProxy.Downstream;

namespace RespProxy.Control.Admin;

/// <summary>/api/v1/status: the proxy on one page.</summary>
/// <param name="server">The running proxy.</param>
/// <param name="rates">Shared with others who tell rates.</param>
/// <param name="configuration">What is in force; asked at each call.</param>
/// <param name="rules">Null: the tenants are those that the proxy was started with.</param>
/// <param name="version">Of the program.</param>
/// <param name="time">For the age of things.</param>
public sealed class StatusRoutes(
    ProxyServer server, CallRates rates, Func<ReloadReading> configuration, LiveRules? rules, string version, TimeProvider time) : IAdminRoutes
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapRead("/api/v1/status", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        CallRatesReading usage = await rates.ReadAsync(context.RequestAborted).ConfigureAwait(false);
        await AdminReply.JsonAsync(context, json => Write(json, usage)).ConfigureAwait(false);
    }

    private void Write(Utf8JsonWriter json, CallRatesReading usage)
    {
        ProxyCounters counters = server.ReadCounters();
        var readiness = Readiness.Of(server.Status, server.IsReady);
        json.WriteStartObject();
        json.WriteString("version", version);
        json.WriteString("startedAt", server.StartedAt);
        json.WriteNumber("uptimeSeconds", (long)(time.GetUtcNow() - server.StartedAt).TotalSeconds);
        json.WriteString("status", server.Status.ToString().ToLowerInvariant());
        json.WriteBoolean("ready", readiness.IsReady);
        json.WriteBoolean("draining", server.Status == ProxyStatus.Draining);
        json.WriteString("reason", readiness.Reason);
        WriteConfiguration(json, configuration());
        if (rules is not null) RuleAnswer.WriteStatus(json, rules.Sets.Reading, rules.Fleet?.Reading);
        json.WriteNumber("connections", counters.Connections);
        json.WriteNumber("connectionsAccepted", counters.ConnectionsAccepted);
        json.WriteNumber("connectionsRejected", counters.ConnectionsRejected);
        json.WriteNumber("authenticationFailures", counters.AuthenticationFailures);
        json.WriteNumber("isolationFaults", counters.IsolationFaults);
        json.WriteNumber("commands", counters.Commands);
        json.WriteNumber("commandsPerSecond", usage.Total);
        json.WriteNumber("residentBytes", Environment.WorkingSet);
        json.WriteStartArray("upstreams");
        foreach (UpstreamReading upstream in counters.Upstreams) WriteUpstream(json, upstream);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteConfiguration(Utf8JsonWriter json, ReloadReading reading)
    {
        json.WriteStartObject("configuration");
        json.WriteNumber("version", reading.Version);
        json.WriteString("appliedAt", reading.AppliedAt);
        json.WriteNumber("failures", reading.Failures);
        json.WriteTexts("errors", reading.Errors);
        json.WriteEndObject();
    }

    private static void WriteUpstream(Utf8JsonWriter json, UpstreamReading upstream)
    {
        json.WriteStartObject();
        json.WriteString("name", upstream.Name);
        json.WriteNumber("moved", upstream.Moved);
        json.WriteNumber("asked", upstream.Asked);
        json.WriteNumber("retried", upstream.Retried);
        json.WriteNumber("failed", upstream.Failed);
        json.WriteNumber("connectionsMade", upstream.ConnectionsMade);
        json.WriteNumber("connectionsFailed", upstream.ConnectionsFailed);
        json.WriteNumber("connectionsLost", upstream.ConnectionsLost);
        json.WriteNumber("leased", upstream.Leased);
        json.WriteSeconds("topologyAgeSeconds", upstream.TopologyAge);
        json.WriteEndObject();
    }
}
