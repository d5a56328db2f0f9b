using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using RespProxy.Configuration;
using RespProxy.Configuration.Watching;
using RespProxy.Control.Reload;

namespace RespProxy.Hosting;

/// <summary>Where the configuration came from.</summary>
/// <param name="Path">The file, to be watched; null for none.</param>
/// <param name="Input">What was read at the start.</param>
/// <param name="File">That, loaded, without errors.</param>
/// <param name="Read">Reads it again, with the same overrides.</param>
internal sealed record ConfigurationSource(string? Path, ConfigurationInput Input, ConfigurationResult File, Func<ConfigurationInput> Read);

/// <summary>What makes a running proxy load its configuration again: a change of the file, and SIGHUP (for what the file only names: secrets).</summary>
internal sealed class ReloadTriggers(string? path, ConfigurationReload reload) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            reload.Reload("SIGHUP");
        });
        if (path is null)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        using var changes = new FileChanges(path, TimeProvider.System);
        while (!stoppingToken.IsCancellationRequested)
        {
            await changes.WaitAsync(stoppingToken).ConfigureAwait(false);
            reload.Reload($"{path} has changed");
        }
    }
}
