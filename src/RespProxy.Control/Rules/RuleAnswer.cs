using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RespProxy.Control.Admin;

namespace RespProxy.Control.Rules;

/// <summary>The answers of <see cref="RuleRoutes"/>.</summary>
internal static class RuleAnswer
{
    public const string HasErrors = "the rule set has errors and is refused whole";

    public static string TagOf(RuleVersion version) => FormattableString.Invariant($"\"{version.Number}\"");

    /// <summary>What became of a change: the version in force now, or the errors.</summary>
    public static Task WriteAsync(HttpContext context, RuleOutcome outcome)
    {
        switch (outcome.Kind)
        {
            case RuleOutcomeKind.Refused:
                return AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, HasErrors, outcome.Errors);
            case RuleOutcomeKind.Conflict:
                return AdminReply.ProblemAsync(context, StatusCodes.Status409Conflict, outcome.Errors[0]);
            case RuleOutcomeKind.NotFound:
                return AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, outcome.Errors[0]);
            case RuleOutcomeKind.Away:
                return AdminReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, outcome.Errors[0]);
        }

        RuleVersion now = outcome.Version!;
        context.Response.Headers.ETag = TagOf(now);
        return AdminReply.JsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("changed", outcome.Kind == RuleOutcomeKind.Applied);
            WriteMembers(json, now, now.Checksum);
            json.WriteEndObject();
        });
    }

    /// <summary>What is in force, and how the last change went.</summary>
    public static void Write(Utf8JsonWriter json, RulesReading reading, FleetReading? fleet)
    {
        json.WriteStartObject();
        WriteStanding(json, reading, fleet);
        json.WriteString("yaml", reading.InForce.Utf8.Span);
        json.WriteEndObject();
    }

    /// <summary>The same without the text, as a property of the status.</summary>
    public static void WriteStatus(Utf8JsonWriter json, RulesReading reading, FleetReading? fleet)
    {
        json.WriteStartObject("rules");
        WriteStanding(json, reading, fleet);
        json.WriteEndObject();
    }

    /// <summary>One version, whole.</summary>
    public static void Write(Utf8JsonWriter json, RuleVersion version)
    {
        json.WriteStartObject();
        WriteMembers(json, version, version.Checksum);
        json.WriteString("yaml", version.Utf8.Span);
        json.WriteEndObject();
    }

    /// <summary>The history, the latest first.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<FleetEntry> entries, long inForce)
    {
        json.WriteStartObject();
        json.WriteStartArray("versions");
        foreach (FleetEntry entry in entries.Reverse())
        {
            json.WriteStartObject();
            WriteMembers(json, entry.Origin, entry.Checksum);
            json.WriteBoolean("inForce", entry.Origin.Number == inForce);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Of a rule set that was only checked.</summary>
    public static void WriteGood(Utf8JsonWriter json, string checksum)
    {
        json.WriteStartObject();
        json.WriteString("checksum", checksum);
        json.WriteTexts("errors", []);
        json.WriteEndObject();
    }

    private static void WriteStanding(Utf8JsonWriter json, RulesReading reading, FleetReading? fleet)
    {
        WriteMembers(json, reading.InForce, reading.InForce.Checksum);
        json.WriteTime("appliedAt", reading.AppliedAt);
        json.WriteNumber("failures", reading.Failures);
        json.WriteNumber("storeFailures", reading.StoreFailures);
        json.WriteTexts("errors", reading.Errors);
        if (fleet is { } standing)
        {
            json.WriteStartObject("fleet");
            json.WriteBoolean("connected", standing.IsConnected);
            json.WriteSeconds("staleSeconds", standing.Stale);
            json.WriteEndObject();
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, RuleVersion version, string checksum)
    {
        json.WriteNumber("version", version.Number);
        json.WriteString("checksum", checksum);
        RuleJson.WriteOrigin(json, version);
    }
}
