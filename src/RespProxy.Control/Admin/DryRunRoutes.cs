using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Configuration;
using RespProxy.Control.Rules;
using RespProxy.Downstream.Inspection;

namespace RespProxy.Control.Admin;

/// <summary>
/// <c>POST /api/v1/rules/dry-run?minutes=5</c>: what the rule set in the body would have refused of the requests of the last minutes. Puts nothing in force. The answer
/// names commands, and no keys.
/// </summary>
/// <param name="trials">The running proxy's.</param>
/// <param name="load">Reads a rule set as a configuration, or tells its errors; any thread.</param>
public sealed class DryRunRoutes(RuleTrials trials, Func<string, ConfigurationResult> load) : IAdminRoutes
{
    private const int DefaultMinutes = 5, MaxMinutes = 60;

    private int _isRunning;

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/rules/dry-run", TryAsync).WithBody(RuleRoutes.MaxBody).Needs(AdminAccess.Read);

    private async Task TryAsync(HttpContext context)
    {
        if (AdminQuery.Number(context, "minutes", DefaultMinutes, 1, MaxMinutes) is not { } minutes)
        {
            await AdminQuery.WrongNumberAsync(context, "minutes", 1, MaxMinutes).ConfigureAwait(false);
            return;
        }

        if (trials.Window is not { } window)
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status409Conflict, "no requests are kept to try rules on; set recentRequests.enabled and hotKeys.enabled to true").ConfigureAwait(false);
            return;
        }

        if (await RuleRoutes.ReadBodyAsync(context).ConfigureAwait(false) is not { } body) return;
        ConfigurationResult result = load(Encoding.UTF8.GetString(body));
        if (result.Snapshot is null)
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, RuleAnswer.HasErrors, RuleSets.ErrorsOf(result)).ConfigureAwait(false);
            return;
        }

        TimeSpan last = TimeSpan.FromMinutes(minutes);
        await AnswerAsync(context, result.Snapshot, last < window ? last : window).ConfigureAwait(false);
    }

    /// <summary>One at a time: a trial takes a processor, which the data plane may want.</summary>
    private async Task AnswerAsync(HttpContext context, ProxySnapshot next, TimeSpan last)
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "another dry run is under way; try again in a moment").ConfigureAwait(false);
            return;
        }

        try
        {
            IReadOnlyList<RuleTrial> outcome = trials.Run(next, last);
            await AdminReply.JsonAsync(context, json => DryRunJson.Write(json, outcome, last)).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }
}
