using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Downstream;

namespace RespProxy.Hosting;

/// <summary>The composition root: everything is put together here, once.</summary>
internal static class ProxyHost
{
    /// <summary>On top of the drain time, for the admin endpoint to close and the logs to be written.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(5);

    /// <summary>Runs the proxy until a signal or <paramref name="cancellation"/>, drains, and answers the process's exit code.</summary>
    /// <param name="snapshot">What to run.</param>
    /// <param name="started">Called once the listeners are bound, before the first readiness; for what a verb prints.</param>
    /// <param name="cancellation">Ends the run as a signal does.</param>
    public static async Task<int> RunAsync(ProxySnapshot snapshot, Action<ProxyServer>? started = null, CancellationToken cancellation = default)
    {
        using ILoggerFactory logs = LogSetup.Create(snapshot.Log);
        ILogger logger = logs.CreateLogger("RespProxy.Hosting.Lifecycle");
        var outcome = new RunOutcome();
        // The empty builder: no appsettings.json, no DOTNET_ variables; this program has one configuration.
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime>(services => new SignalLifetime(services.GetRequiredService<IHostApplicationLifetime>(), logger));
        builder.Services.AddHostedService(services => new ProxyService(snapshot, logs, logger, outcome, started, services.GetRequiredService<IHostApplicationLifetime>()));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = snapshot.DrainTimeout + StopMargin);
        using IHost host = builder.Build();
        try
        {
            await host.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (ListenException exception)
        {
            Log.CannotListen(logger, exception.Message);
            return ExitCode.CannotListen;
        }

        Log.Stopped(logger, outcome.ExitCode);
        return outcome.ExitCode;
    }
}

/// <summary>What the process will answer when the host has stopped. Written before the stop it causes.</summary>
internal sealed class RunOutcome
{
    public int ExitCode { get; set; } = RespProxy.ExitCode.Ok;
}
