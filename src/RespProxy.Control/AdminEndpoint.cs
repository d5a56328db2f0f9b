using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Admin;

namespace RespProxy.Control;

/// <summary>
/// HTTP for operators and orchestrators: the routes that it is given, behind one gate. Knows the data plane only through them. Any thread.
/// </summary>
public sealed class AdminEndpoint : IAsyncDisposable
{
    private readonly WebApplication _application;

    private AdminEndpoint(WebApplication application) => _application = application;

    /// <summary>Where it listens, with the port the system chose: <c>http://127.0.0.1:9180</c>.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Everything that is mapped.</summary>
    public IReadOnlyList<AdminRoute> Routes =>
    [
        .. from endpoint in ((IEndpointRouteBuilder)_application).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
           select new AdminRoute(method, endpoint.RoutePattern.RawText ?? "", AdminRouteExtensions.AccessOf(endpoint, method)),
    ];

    /// <summary>Binds and serves.</summary>
    /// <param name="configuration">Where to bind, and who may call.</param>
    /// <param name="routes">What there is to call.</param>
    /// <param name="logs">For changes, refusals, and the HTTP server's own warnings.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="IOException">The address is in use or not to be had; a certificate cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate is none.</exception>
    public static async Task<AdminEndpoint> StartAsync(
        AdminSnapshot configuration, IReadOnlyList<IAdminRoutes> routes, ILoggerFactory logs, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(logs);
        WebApplication application = Build(configuration, logs);
        var gate = new AdminGate(configuration, logs.CreateLogger("RespProxy.Admin"), TimeProvider.System);
        application.Use(gate.CatchAsync);
        application.UseRouting();
        application.Use(gate.RunAsync);
        foreach (IAdminRoutes part in routes) part.Map(application);
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
            Limit(options.Limits);
            Listen(options, configuration);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        return builder.Build();
    }

    /// <summary>Scrapers, probes and a few people: a flood here must not take the data plane's memory.</summary>
    private static void Limit(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = 100;
        // What a route takes more it says itself, and it counts only once the caller is known.
        limits.MaxRequestBodySize = AdminRouteExtensions.DefaultBody;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(65);
    }

    private static void Listen(KestrelServerOptions options, AdminSnapshot configuration)
    {
        AdminTls? tls = configuration.Tls is null ? null : new AdminTls(configuration.Tls);
        options.Listen(AddressOf(configuration.Host), configuration.Port, listen =>
        {
            // One protocol is enough for what is asked here, and half as much can be wrong.
            listen.Protocols = HttpProtocols.Http1;
            tls?.Use(listen);
        });
    }

    private static IPAddress AddressOf(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? address)) return address;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : Dns.GetHostAddresses(host)[0];
    }

    /// <summary>Leaves signals to the executable: the default lifetime would stop answering /readyz as soon as a drain begins.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
