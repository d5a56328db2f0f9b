using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;
using RespProxy.Control.Admin;
using RespProxy.Control.ControlRedis;

namespace RespProxy.Control.Rules;

/// <summary>
/// /api/v1/rules: what is in force, what was, a new rule set, back to an old one. A body is the YAML itself. <c>?expect=</c>, or <c>If-Match</c> with the <c>ETag</c> of GET, makes a change
/// depend on that version's being in force.
/// </summary>
public sealed class RuleRoutes(LiveRules rules) : IAdminRoutes
{
    /// <summary>Bytes of the longest rule set.</summary>
    public const int MaxBody = RuleSetText.MaxLength;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/rules", GetAsync);
        routes.MapRead("/api/v1/rules/history", GetHistoryAsync);
        routes.MapRead("/api/v1/rules/{version:long}", GetVersionAsync);
        routes.MapPut("/api/v1/rules", (RequestDelegate)PutAsync).WithBody(MaxBody);
        // Changes nothing; who may read what is in force may ask what could be.
        routes.MapPost("/api/v1/rules/check", (RequestDelegate)CheckAsync).WithBody(MaxBody).Needs(AdminAccess.Read);
        routes.MapPost("/api/v1/rules/rollback", (RequestDelegate)RollBackAsync);
    }

    /// <summary>A rule set from a body; null: it is not UTF-8, and the caller has been told.</summary>
    internal static async Task<byte[]?> ReadBodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        byte[] text = body.ToArray();
        if (System.Text.Unicode.Utf8.IsValid(text)) return text;
        await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "the rule set is not UTF-8").ConfigureAwait(false);
        return null;
    }

    private Task GetAsync(HttpContext context)
    {
        RulesReading reading = rules.Sets.Reading;
        context.Response.Headers.ETag = RuleAnswer.TagOf(reading.InForce);
        return AdminReply.JsonAsync(context, json => RuleAnswer.Write(json, reading, rules.Fleet?.Reading));
    }

    private Task GetHistoryAsync(HttpContext context) => AskAsync(context, async () =>
    {
        IReadOnlyList<FleetEntry> entries = rules.Fleet is null
            ? [.. rules.Sets.History.Select(version => new FleetEntry(version, version.Checksum))]
            : await rules.Fleet.ReadHistoryAsync(context.RequestAborted).ConfigureAwait(false);
        long now = rules.Sets.Reading.InForce.Number;
        await AdminReply.JsonAsync(context, json => RuleAnswer.Write(json, entries, now)).ConfigureAwait(false);
    });

    private Task GetVersionAsync(HttpContext context) => AskAsync(context, async () =>
    {
        long number = long.Parse(context.PathValue("version"), CultureInfo.InvariantCulture);
        RuleVersion? version = await rules.FindAsync(number, context.RequestAborted).ConfigureAwait(false);
        await (version is null
            ? AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, FormattableString.Invariant($"version {number} is not kept"))
            : AdminReply.JsonAsync(context, json => RuleAnswer.Write(json, version))).ConfigureAwait(false);
    });

    private async Task PutAsync(HttpContext context)
    {
        if (await ReadCallAsync(context).ConfigureAwait(false) is not { } call || await ReadBodyAsync(context).ConfigureAwait(false) is not { } body) return;
        await TellAsync(context, await rules.PutAsync(body, call.Author, call.Expected, context.RequestAborted).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private async Task CheckAsync(HttpContext context)
    {
        if (await ReadBodyAsync(context).ConfigureAwait(false) is not { } body) return;
        IReadOnlyList<string> errors = rules.Check(body);
        await (errors.Count > 0
            ? AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, RuleAnswer.HasErrors, errors)
            : AdminReply.JsonAsync(context, json => RuleAnswer.WriteGood(json, RuleVersion.ChecksumOf(body)))).ConfigureAwait(false);
    }

    private async Task RollBackAsync(HttpContext context)
    {
        if (await ReadCallAsync(context).ConfigureAwait(false) is not { } call) return;
        if (AdminQuery.Number(context, "to", -1, 0, long.MaxValue) is not (>= 0 and var to))
            await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "which version? Write ?to=N").ConfigureAwait(false);
        else
            await TellAsync(context, await rules.RollBackAsync(to, call.Author, call.Expected, context.RequestAborted).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static Task TellAsync(HttpContext context, RuleOutcome outcome)
    {
        if (outcome is { Kind: RuleOutcomeKind.Applied, Version: { } put }) AdminCaller.Of(context).Did = $"put rules {put} in force";
        return RuleAnswer.WriteAsync(context, outcome);
    }

    private static async Task AskAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ControlRedisException or FormatException)
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, exception.Message).ConfigureAwait(false);
        }
    }

    /// <summary>Who asks, and for which version to be replaced; null: refused, and answered.</summary>
    private static async Task<RuleCall?> ReadCallAsync(HttpContext context)
    {
        string? author = context.Request.Query["author"];
        var named = new RuleAuthor(string.IsNullOrEmpty(author) ? AdminCaller.Of(context).Name : author, context.Request.Query["comment"].ToString());
        string? wrong = named.Check();
        string expected = context.Request.Query["expect"].ToString();
        if (expected.Length == 0 && context.Request.Headers.IfMatch.ToString().Trim() is not "*" and var match) expected = match.Trim('"');
        if (expected.Length > 0 && !long.TryParse(expected, NumberStyles.None, CultureInfo.InvariantCulture, out _)) wrong ??= "expect and If-Match must be a version's number, as 7";
        if (wrong is null) return new RuleCall(named, expected.Length == 0 ? null : long.Parse(expected, CultureInfo.InvariantCulture));
        await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, wrong).ConfigureAwait(false);
        return null;
    }

    private readonly record struct RuleCall(RuleAuthor Author, long? Expected);
}
