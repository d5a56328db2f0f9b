using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using RespProxy.Downstream.Quotas;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Control;

/// <summary>
/// <c>PUT /tenants/NAME/usage</c>, whose body is what the tenant uses, in bytes, as decimal digits. It can stop a tenant's writes, so only
/// callers on this machine may, wherever the endpoint is bound.
/// </summary>
internal static class UsageCall
{
    private const string Start = "/tenants/";
    private const string End = "/usage";

    /// <summary>Bytes of the longest body: 19 digits, and a newline.</summary>
    public const int MaxBody = 32;

    /// <summary>True: the path is such a call's, whatever the method.</summary>
    public static bool IsAt(PathString path, [NotNullWhen(true)] out string? tenant)
    {
        tenant = null;
        if (path.Value is not { } text || text.Length <= Start.Length + End.Length) return false;
        if (!text.StartsWith(Start, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal)) return false;
        // The one character that the server leaves escaped; a tenant's name may have it.
        tenant = text[Start.Length..^End.Length].Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return true;
    }

    /// <summary>Carries the call out.</summary>
    /// <returns>The status, and the text of the answer.</returns>
    public static async Task<(int Status, string Text)> RunAsync(HttpContext context, string tenant, Func<string, long, UsageOutcome> report)
    {
        if (!HttpMethods.IsPut(context.Request.Method))
        {
            context.Response.Headers.Allow = HttpMethods.Put;
            return (StatusCodes.Status405MethodNotAllowed, "only PUT is answered here\n");
        }

        if (context.Connection.RemoteIpAddress is not { } caller || !IPAddress.IsLoopback(caller))
            return (StatusCodes.Status403Forbidden, "only from the proxy's own machine\n");
        byte[] body = new byte[MaxBody];
        int length = await context.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, context.RequestAborted).ConfigureAwait(false);
        if (!UsageText.TryParseBytes(Encoding.ASCII.GetString(body, 0, length).AsSpan().TrimEnd(), out long bytes))
            return (StatusCodes.Status400BadRequest, "the body must be a number of bytes, as 1234567\n");
        return report(tenant, bytes) switch
        {
            UsageOutcome.Taken => (StatusCodes.Status200OK, "taken\n"),
            UsageOutcome.NoQuota => (StatusCodes.Status409Conflict, "the tenant has no quota\n"),
            _ => (StatusCodes.Status404NotFound, "there is no such tenant\n"),
        };
    }
}
