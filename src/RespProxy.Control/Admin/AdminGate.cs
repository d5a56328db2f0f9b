using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Control.Admin;

/// <summary>
/// What every request passes on its way to a route, and back: who calls and whether they may, how long the body may be, the log of changes. Routes
/// outside of /api that nobody has mapped are told to be missing; within it not even that is told to who may not ask. Any thread.
/// </summary>
internal sealed partial class AdminGate(AdminSnapshot configuration, ILogger logger, TimeProvider time)
{
    /// <summary>Characters of a path that the log shows.</summary>
    private const int ShownPath = 200;

    private readonly CallerCheck _callers = new(configuration);
    private readonly LogBrake _refusals = new(time);
    private readonly LogBrake _failures = new(time);

    /// <summary>The outermost: whatever a handler throws ends here, and ends that request only.</summary>
    public async Task CatchAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException exception)
        {
            await AnswerFailureAsync(context, exception.StatusCode, TextOf(exception.StatusCode)).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody waits for an answer.
        }
        catch (TimeoutException exception)
        {
            await AnswerFailureAsync(context, StatusCodes.Status503ServiceUnavailable, exception.Message).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            if (_failures.TryPass(out int suppressed)) LogFailed(exception, context.Request.Method, Shown(context.Request.Path), suppressed);
            await AnswerFailureAsync(context, StatusCodes.Status500InternalServerError, "the proxy failed to answer; its log says why").ConfigureAwait(false);
        }
    }

    /// <summary>Behind the routing, before the route's handler.</summary>
    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        Endpoint? endpoint = context.GetEndpoint();
        AdminAccess needed = endpoint is null && !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            ? AdminAccess.None
            : AdminRouteExtensions.AccessOf(endpoint, context.Request.Method);
        if (needed != AdminAccess.None && await RefuseAsync(context, needed).ConfigureAwait(false)) return;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = AdminRouteExtensions.BodyOf(endpoint);
        if (needed == AdminAccess.Write) LogChangeOnce(context);
        await next(context).ConfigureAwait(false);
        if (!context.Response.HasStarted && context.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed)
            await AdminReply.ProblemAsync(context, context.Response.StatusCode, TextOf(context.Response.StatusCode)).ConfigureAwait(false);
    }

    /// <summary>True: the caller may not, and has been told. Otherwise the request carries the caller from here on.</summary>
    private async Task<bool> RefuseAsync(HttpContext context, AdminAccess needed)
    {
        CallerVerdict verdict = _callers.Check(context);
        if (verdict.Caller is { } caller)
        {
            context.Features.Set(caller);
            if (caller.Access >= needed) return false;
            verdict = CallerVerdict.Refuse(StatusCodes.Status403Forbidden, $"the token '{caller.Name}' may only read; this needs one with access: write");
        }

        if (_refusals.TryPass(out int suppressed))
            LogRefused(context.Connection.RemoteIpAddress, context.Request.Method, Shown(context.Request.Path), verdict.Reason, suppressed);
        if (verdict.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer realm=\"respproxy\"";
        await AdminReply.ProblemAsync(context, verdict.Status, verdict.Reason).ConfigureAwait(false);
        return true;
    }

    /// <summary>Before the caller hears of it, so that whoever asks for the log then finds it there; and when the caller does not wait for the answer, too.</summary>
    private void LogChangeOnce(HttpContext context)
    {
        bool isLogged = false;
        context.Response.OnStarting(() =>
        {
            isLogged = true;
            LogChange(context);
            return Task.CompletedTask;
        });
        context.Response.OnCompleted(() =>
        {
            if (!isLogged) LogChange(context);
            return Task.CompletedTask;
        });
    }

    private void LogChange(HttpContext context)
    {
        AdminCaller caller = AdminCaller.Of(context);
        LogChanged(caller.Name, caller.Address, context.Request.Method, Shown(context.Request.Path), context.Response.StatusCode, caller.Did ?? "nothing more to tell");
    }

    private static async Task AnswerFailureAsync(HttpContext context, int status, string detail)
    {
        if (context.Response.HasStarted) context.Abort();
        else await AdminReply.ProblemAsync(context, status, detail).ConfigureAwait(false);
    }

    private static string TextOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "there is no such thing here; GET /api/v1/openapi.json says what there is",
        StatusCodes.Status405MethodNotAllowed => "the route is not for this method; the Allow header says for which it is",
        StatusCodes.Status413PayloadTooLarge => "the body is longer than this route takes",
        StatusCodes.Status408RequestTimeout => "the body came too slowly",
        _ => "the request is not valid HTTP",
    };

    private static string Shown(PathString path) => path.Value is { Length: > ShownPath } longer ? longer[..ShownPath] + "..." : path.Value ?? "";

    [LoggerMessage(6201, LogLevel.Information, "Admin API: {Caller} from {Address}: {Method} {Path}: {Status}: {Did}")]
    private partial void LogChanged(string caller, string address, string method, string path, int status, string did);

    [LoggerMessage(6202, LogLevel.Warning, "Admin API: refused {Address}: {Method} {Path}: {Reason} ({Suppressed} more refused since the last line)")]
    private partial void LogRefused(System.Net.IPAddress? address, string method, string path, string reason, int suppressed);

    [LoggerMessage(6203, LogLevel.Error, "Admin API: {Method} {Path} failed ({Suppressed} more failed since the last line)")]
    private partial void LogFailed(Exception exception, string method, string path, int suppressed);
}
