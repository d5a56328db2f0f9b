using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RespProxy.Hosting;

/// <summary>The first SIGTERM or SIGINT begins the drain; a second one of either ends the process at once.</summary>
internal sealed class SignalLifetime(IHostApplicationLifetime lifetime, ILogger logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
            Environment.Exit(context.Signal == PosixSignal.SIGINT ? ExitCode.Interrupted : ExitCode.Terminated);
        Log.Signalled(logger, context.Signal);
        lifetime.StopApplication();
    }
}
