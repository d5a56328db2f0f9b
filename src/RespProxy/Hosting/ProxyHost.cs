using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Admin;
using RespProxy.Control.Fleet;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Control.Rules;
using RespProxy.Downstream;

namespace RespProxy.Hosting;

/// <summary>The composition root: everything is put together here, once.</summary>
internal static class ProxyHost
{
    private const string LifecycleCategory = "RespProxy.Hosting.Lifecycle";

    /// <summary>On top of the drain time, for the admin endpoint to close and the logs to be written.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(5);

    /// <summary>Runs the proxy until a signal or <paramref name="cancellation"/>, drains, and answers the process's exit code.</summary>
    /// <param name="snapshot">What to run.</param>
    /// <param name="source">Where to load the configuration from again; null: it stays as it is.</param>
    /// <param name="started">Called once the listeners are bound, before the first readiness; for what a verb prints.</param>
    /// <param name="cancellation">Ends the run as a signal does.</param>
    public static async Task<int> RunAsync(
        ProxySnapshot snapshot, ConfigurationSource? source = null, Action<ProxyServer>? started = null, CancellationToken cancellation = default)
    {
        var threshold = new LogThreshold(snapshot.Log.Level);
        using ILoggerFactory logs = LogSetup.Create(snapshot.Log, threshold);
        LiveRules? rules = source is null ? null : await LiveRules.BeginAsync(source.Input, source.File, source.Read, TimeProvider.System, logs).ConfigureAwait(false);
        try
        {
            return await RunAsync(rules?.Snapshot ?? snapshot, source?.Path, rules, started, logs, threshold, cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (rules is not null) await rules.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task<int> RunAsync(
        ProxySnapshot snapshot, string? path, LiveRules? rules, Action<ProxyServer>? started, ILoggerFactory logs, LogThreshold threshold, CancellationToken cancellation)
    {
        ILogger logger = logs.CreateLogger(LifecycleCategory);
        Log.Starting(logger, BuildVersion.Text, snapshot.Upstreams.Length, snapshot.Listeners.Length, snapshot.Tenants.Length);
        ProxyServer server;
        try
        {
            // Before the host is built: the first client need not wait for what only operators use.
            server = ProxyServer.Start(snapshot, logs, TimeProvider.System);
        }
        catch (ListenException exception)
        {
            Log.CannotListen(logger, exception.Message);
            return ExitCode.CannotListen;
        }
        catch (PlatformNotSupportedException exception)
        {
            Log.NotSupported(logger, exception.Message);
            return ExitCode.BadConfiguration;
        }

        await using (server.ConfigureAwait(false))
        {
            // OpenSSL takes some milliseconds to load: neither before the first client, nor in the first AUTH or EVAL, which would hold up its loop.
            _ = Task.Run(() => SHA256.HashData([]), CancellationToken.None);
            rules?.Attach(server.Apply);
            started?.Invoke(server);
            FleetLeases? leases = FleetLeases.For(server.Fleet, snapshot.Fleet, TimeProvider.System, logs);
            int exitCode = await RunHostAsync(snapshot, path, rules, server, leases, logs, threshold, cancellation).ConfigureAwait(false);
            if (leases is not null) await leases.DisposeAsync().ConfigureAwait(false);
            Log.Stopped(logger, exitCode);
            return exitCode;
        }
    }

    private static async Task<int> RunHostAsync(
        ProxySnapshot snapshot, string? path, LiveRules? rules, ProxyServer server, FleetLeases? leases, ILoggerFactory logs, LogThreshold threshold, CancellationToken cancellation)
    {
        ILogger logger = logs.CreateLogger(LifecycleCategory);
        var outcome = new RunOutcome();
        Func<IReadOnlyList<string>> reloadFile = rules is null ? () => server.Apply(snapshot) : rules.Sets.ReloadFile;
        var reload = new ConfigurationReload(reloadFile, TimeProvider.System, logs.CreateLogger("RespProxy.Configuration"));
        var alerting = new Alerting(snapshot, server, reload, logs);
        var metrics = new MetricsSource(server, () => reload.Reading, BuildVersion.Text);
        if (rules is not null) metrics.Add(() => RuleMetrics.From(rules));
        if (snapshot.Alerts is not null) metrics.Add(alerting.Metrics);
        metrics.Add(() => FleetMetrics.From(leases));
        var admin = new AdminComposition(snapshot, server, reload, rules, metrics, threshold, logs);
        // The empty builder: no appsettings.json, no DOTNET_ variables; this program has one configuration.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime>(services => new SignalLifetime(services.GetRequiredService<IHostApplicationLifetime>(), logger));
        // Before the proxy: what is started first is stopped last.
        if (snapshot.Alerts is not null) builder.Services.AddHostedService(_ => alerting);
        builder.Services.AddHostedService(services => new ProxyService(snapshot, server, admin, logs, logger, outcome, services.GetRequiredService<IHostApplicationLifetime>()));
        builder.Services.AddHostedService(_ => new ReloadTriggers(path, reload));
        builder.Services.AddHostedService(_ => new StartTrim(TimeProvider.System, logger));
        if (snapshot.Otlp.Endpoint is not null) builder.Services.AddHostedService(_ => new OtlpService(snapshot.Otlp, metrics, logs));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = snapshot.DrainTimeout + StopMargin);
        using IHost host = builder.Build();
        await RunUntilStoppedAsync(host, cancellation).ConfigureAwait(false);
        return outcome.ExitCode;
    }

    private static async Task RunUntilStoppedAsync(IHost host, CancellationToken cancellation)
    {
        IHostApplicationLifetime lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A signal while the host was starting is a stop like any other, not a failure.
        }

        using CancellationTokenRegistration registration = cancellation.Register(lifetime.StopApplication);
        await host.WaitForShutdownAsync(CancellationToken.None).ConfigureAwait(false);
    }
}

/// <summary>What the process will answer when the host has stopped. Written before the stop it causes.</summary>
internal sealed class RunOutcome
{
    public int ExitCode { get; set; } = RespProxy.ExitCode.Ok;
}
