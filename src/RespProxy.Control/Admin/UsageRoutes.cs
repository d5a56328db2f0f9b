using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RespProxy.Downstream.Quotas;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Control.Admin;

/// <summary>
/// <c>PUT /api/v1/tenants/NAME/usage</c>, and the same at <c>/tenants/NAME/usage</c>, where it was first. The body is what the tenant uses, in bytes, as decimal digits.
/// </summary>
/// <param name="report">Told what tenants use; any thread.</param>
public sealed class UsageRoutes(Func<string, long, UsageOutcome> report) : IAdminRoutes
{
    /// <summary>Bytes of the longest body: 19 digits, and a newline.</summary>
    private const int MaxBody = 32;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/api/v1/tenants/{name}/usage", TakeAsync).WithBody(MaxBody);
        routes.MapPut("/tenants/{name}/usage", TakeAsync).WithBody(MaxBody);
    }

    private async Task TakeAsync(HttpContext context)
    {
        string tenant = context.PathValue("name");
        byte[] body = new byte[MaxBody];
        int length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        if (!UsageText.TryParseBytes(Encoding.ASCII.GetString(body, 0, length).AsSpan().TrimEnd(), out long bytes))
        {
            await AdminReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "the body must be a number of bytes, as 1234567").ConfigureAwait(false);
            return;
        }

        AdminCaller.Of(context).Did = $"usage {bytes}";
        await (report(tenant, bytes) switch
        {
            UsageOutcome.Taken => AdminReply.TextAsync(context, StatusCodes.Status200OK, "taken\n"),
            UsageOutcome.NoQuota => AdminReply.ProblemAsync(context, StatusCodes.Status409Conflict, "the tenant has no quota; give it one (tenants[].quota) before its usage is reported"),
            _ => AdminReply.ProblemAsync(context, StatusCodes.Status404NotFound, "there is no such tenant"),
        }).ConfigureAwait(false);
    }
}
