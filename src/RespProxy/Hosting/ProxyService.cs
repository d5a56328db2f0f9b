using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control;
using RespProxy.Downstream;

namespace RespProxy.Hosting;

/// <summary>
/// The running proxy as a hosted service. The data plane already answers when the host starts; the admin endpoint, whose HTTP
/// server takes longer than all the rest, follows in the background. Stopping goes the other way: readiness flips, listeners
/// close, requests in flight finish, and only then does the admin endpoint go, so that probes see the drain.
/// </summary>
internal sealed class ProxyService(
    ProxySnapshot snapshot,
    ProxyServer server,
    AdminComposition composition,
    ILoggerFactory logs,
    ILogger logger,
    RunOutcome outcome,
    IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task<AdminEndpoint?> _admin = Task.FromResult<AdminEndpoint?>(null);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (snapshot.Admin.Enabled)
            _admin = Task.Run(StartAdminAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Log.Draining(logger, snapshot.DrainTimeout);
        await server.DrainAsync(snapshot.DrainTimeout).ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (await _admin.ConfigureAwait(false) is { } admin)
            await admin.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>Null after a failure, which stops the program: a proxy that no probe can reach would be killed later, with no reason told.</summary>
    private async Task<AdminEndpoint?> StartAdminAsync()
    {
        try
        {
            AdminEndpoint admin = await AdminEndpoint.StartAsync(snapshot.Admin, composition.Routes(), logs, _stopping.Token).ConfigureAwait(false);
            Log.AdminListening(logger, admin.Address);
            return admin;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or SocketException or UnauthorizedAccessException)
        {
            Log.CannotListen(logger, $"admin endpoint {snapshot.Admin.Host}:{snapshot.Admin.Port}: {exception.Message}");
            outcome.ExitCode = ExitCode.CannotListen;
        }
        catch (CryptographicException exception)
        {
            Log.CertificateUnusable(logger, exception.Message);
            outcome.ExitCode = ExitCode.BadConfiguration;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.AdminFailed(logger, exception);
            outcome.ExitCode = ExitCode.Failure;
        }

        lifetime.StopApplication();
        return null;
    }
}
