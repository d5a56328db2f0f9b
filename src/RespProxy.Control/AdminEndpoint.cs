using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.Downstream.Quotas;

namespace RespProxy.Control;

/// <summary>
/// HTTP for operators and orchestrators: /healthz (the process answers), /readyz (send clients here, or the reason not to),
/// /metrics, and the tenants' usage (<see cref="UsageCall"/>). Knows the data plane only through what it is given. Any thread.
/// </summary>
public sealed class AdminEndpoint : IAsyncDisposable
{
    private readonly WebApplication _application;

    private AdminEndpoint(WebApplication application) => _application = application;

    /// <summary>Where it listens, with the port the system chose: <c>http://127.0.0.1:9180</c>.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Binds and serves.</summary>
    /// <param name="configuration">Where to bind.</param>
    /// <param name="readiness">Asked at each /readyz; any thread.</param>
    /// <param name="metrics">Asked at each /metrics; any thread.</param>
    /// <param name="reportUsage">Told what tenants use; any thread.</param>
    /// <param name="logs">For the HTTP server's own warnings.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="IOException">The address is in use or not to be had.</exception>
    public static async Task<AdminEndpoint> StartAsync(
        AdminSnapshot configuration,
        Func<Readiness> readiness,
        Func<IEnumerable<MetricFamily>> metrics,
        Func<string, long, UsageOutcome> reportUsage,
        ILoggerFactory logs,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(readiness);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(reportUsage);
        WebApplication application = Build(configuration, logs);
        application.Run(context => UsageCall.IsAt(context.Request.Path, out string? tenant)
            ? TakeUsageAsync(context, tenant, reportUsage)
            : AnswerAsync(context, readiness, metrics));
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return new AdminEndpoint(application);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <summary>The empty builder: no appsettings.json, no ASPNETCORE_URLS, nothing that this program's own configuration does not say.</summary>
    private static WebApplication Build(AdminSnapshot configuration, ILoggerFactory logs)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = UsageCall.MaxBody;
            // Scrapers and probes are a handful; a flood here must not take the data plane's memory.
            options.Limits.MaxConcurrentConnections = 100;
            Listen(options, configuration);
        });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return builder.Build();
    }

    private static void Listen(KestrelServerOptions options, AdminSnapshot configuration)
    {
        if (IPAddress.TryParse(configuration.Host, out IPAddress? address))
            options.Listen(address, configuration.Port);
        else if (configuration.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            options.Listen(IPAddress.Loopback, configuration.Port);
        else
            options.Listen(Dns.GetHostAddresses(configuration.Host)[0], configuration.Port);
    }

    private static async Task TakeUsageAsync(HttpContext context, string tenant, Func<string, long, UsageOutcome> report)
    {
        (int status, string text) = await UsageCall.RunAsync(context, tenant, report).ConfigureAwait(false);
        await WriteAsync(context, status, text).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, Func<Readiness> readiness, Func<IEnumerable<MetricFamily>> metrics)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "only GET is answered here\n");
        }

        switch (context.Request.Path.Value)
        {
            case "/healthz":
                return WriteAsync(context, StatusCodes.Status200OK, "alive\n");
            case "/readyz":
                Readiness now = readiness();
                return WriteAsync(context, now.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, $"{now.Reason}\n");
            case "/metrics":
                return WriteAsync(context, StatusCodes.Status200OK, PrometheusText.Format(metrics()), PrometheusText.ContentType);
            default:
                return WriteAsync(context, StatusCodes.Status404NotFound, "not here; there are /healthz, /readyz and /metrics\n");
        }
    }

    private static Task WriteAsync(HttpContext context, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        byte[] body = System.Text.Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Leaves signals to the executable: the default lifetime would stop answering /readyz as soon as a drain begins.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
