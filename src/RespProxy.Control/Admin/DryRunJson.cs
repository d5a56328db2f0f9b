using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Downstream.Inspection;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Recent;

namespace RespProxy.Control.Admin;

/// <summary>The answer to a dry run.</summary>
internal static class DryRunJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<RuleTrial> trials, TimeSpan last)
    {
        json.WriteStartObject();
        json.WriteNumber("seconds", (long)last.TotalSeconds);
        json.WriteStartArray("tenants");
        foreach (RuleTrial trial in trials) Write(json, trial);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RuleTrial trial)
    {
        json.WriteStartObject();
        json.WriteString("tenant", trial.Tenant);
        json.WriteString("change", trial.Change.ToString().ToLowerInvariant());
        json.WriteNumber("requests", trial.Now?.Requests ?? 0);
        json.WriteNumber("requestsKept", trial.Kept);
        json.WriteNumber("secondsCovered", Math.Round(trial.Covered.TotalSeconds, 1));
        json.WriteNumber("resolutionMilliseconds", (long)Math.Ceiling(trial.Resolution.TotalMilliseconds));
        if (trial.Now is not null) WriteOutcome(json, "now", trial.Now);
        if (trial.Next is not null) WriteOutcome(json, "next", trial.Next);
        json.WriteEndObject();
    }

    private static void WriteOutcome(Utf8JsonWriter json, string name, ReplayOutcome outcome)
    {
        json.WriteStartObject(name);
        Write(json, "denied", outcome.Denied);
        Write(json, "throttled", outcome.Throttled);
        Write(json, "delayed", outcome.Delayed);
        Write(json, "shadowed", outcome.Shadowed);
        json.WriteStartArray("deny");
        foreach (RuleOutcome<DenialRule> denial in outcome.Denials) Write(json, denial);
        json.WriteEndArray();
        json.WriteStartArray("rates");
        foreach (RuleOutcome<RateRule> rate in outcome.Rates) Write(json, rate);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Keys and patterns of the rule are left out: how many there are tells which rule it is.</summary>
    private static void Write(Utf8JsonWriter json, RuleOutcome<DenialRule> denial)
    {
        DenialSnapshot snapshot = denial.Rule.Snapshot;
        json.WriteStartObject();
        WriteScope(json, snapshot.Scope);
        json.WriteString("action", snapshot.Shadow ? "shadow" : "deny");
        json.WriteBoolean("inForce", denial.IsInForce);
        Write(json, "hits", denial.Hits);
        json.WriteTexts("examples", denial.Examples);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RuleOutcome<RateRule> rate)
    {
        json.WriteStartObject();
        json.WriteString("name", rate.Rule.Name);
        WriteScope(json, rate.Rule.Snapshot.Scope);
        json.WriteString("action", rate.Rule.Snapshot.Action.ToString().ToLowerInvariant());
        // Replies are not recorded: what they would have used up is not known.
        json.WriteBoolean("foreseen", rate.Rule.Unit != RateUnit.ReplyBytes);
        Write(json, "hits", rate.Hits);
        json.WriteTexts("examples", rate.Examples);
        json.WriteEndObject();
    }

    private static void WriteScope(Utf8JsonWriter json, RuleScopeSnapshot scope)
    {
        json.WriteTexts("commands", scope.Commands);
        json.WriteNumber("keys", scope.Keys.Length);
        json.WriteNumber("patterns", scope.Patterns.Length);
    }

    private static void Write(Utf8JsonWriter json, string name, Estimate estimate)
    {
        json.WriteStartObject(name);
        json.WriteNumber("requests", estimate.Count);
        json.WriteNumber("error", estimate.Error);
        json.WriteEndObject();
    }
}
