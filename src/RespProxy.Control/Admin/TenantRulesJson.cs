using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Tenants;

namespace RespProxy.Control.Admin;

/// <summary>What a tenant may use, with what is left of it, and what it may not run, with how often it tried.</summary>
internal static class TenantRulesJson
{
    /// <summary>The properties <c>limits</c> and <c>rules</c>.</summary>
    public static void Write(Utf8JsonWriter json, Tenant tenant)
    {
        TenantAdmission? admission = tenant.Policy.Admission;
        json.WriteStartObject("limits");
        WriteBound(json, "connections", admission?.MaxConnections, admission?.Connections);
        WriteBound(json, "inFlight", admission?.MaxInFlight, admission?.InFlight);
        json.WriteStartArray("rates");
        foreach (RateRule rate in admission?.Rules?.Rates ?? []) WriteRate(json, rate, admission!.Rules!.AvailableOf(rate));
        json.WriteEndArray();
        json.WriteEndObject();

        json.WriteStartArray("rules");
        foreach (DenialRule denial in admission?.Rules?.Denials ?? []) WriteDenial(json, denial, admission!.Rules!.IsInForce(denial));
        json.WriteEndArray();
    }

    /// <summary>How many there may be, and are; null where it is not bounded.</summary>
    private static void WriteBound(Utf8JsonWriter json, string name, int? max, int? used)
    {
        if (max is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("max", max.Value);
        json.WriteNumber("used", used ?? 0);
        json.WriteEndObject();
    }

    private static void WriteRate(Utf8JsonWriter json, RateRule rate, long available)
    {
        RateSnapshot snapshot = rate.Snapshot;
        json.WriteStartObject();
        json.WriteString("name", rate.Name);
        json.WriteScope(snapshot.Scope);
        json.WriteString("unit", JsonNamingPolicy.CamelCase.ConvertName(snapshot.Unit.ToString()));
        json.WriteNumber("rate", snapshot.Rate);
        json.WriteNumber("burst", snapshot.Burst);
        json.WriteString("action", snapshot.Action.ToString().ToLowerInvariant());
        json.WriteNumber("available", available);
        json.WriteNumber("exceeded", rate.Exceeded);
        json.WriteEndObject();
    }

    private static void WriteDenial(Utf8JsonWriter json, DenialRule denial, bool isInForce)
    {
        DenialSnapshot snapshot = denial.Snapshot;
        json.WriteStartObject();
        json.WriteScope(snapshot.Scope);
        json.WriteString("action", snapshot.Shadow ? "shadow" : "deny");
        json.WriteTime("from", snapshot.From);
        json.WriteTime("expires", snapshot.Expires);
        json.WriteBoolean("inForce", isInForce);
        json.WriteNumber("hits", denial.Hits);
        json.WriteString("reason", snapshot.Reason);
        json.WriteEndObject();
    }
}
