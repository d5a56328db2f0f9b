using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace RespProxy.Hosting;

/// <summary>
/// The executable's log events. Ids are stable and grouped by subject over the whole program: 1xxx lifecycle, 2xxx
/// configuration, 3xxx listeners, 4xxx upstreams, 5xxx clients, 6xxx admin endpoint.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "starting RespProxy {Version}: {Upstreams} upstream(s), {Listeners} listener(s), {Tenants} tenant(s)")]
    public static partial void Starting(ILogger logger, string version, int upstreams, int listeners, int tenants);

    [LoggerMessage(1002, LogLevel.Information, "{Signal} received; a second signal ends at once")]
    public static partial void Signalled(ILogger logger, PosixSignal signal);

    [LoggerMessage(1003, LogLevel.Information, "draining: no new clients, requests in flight have {DrainTimeout} to finish")]
    public static partial void Draining(ILogger logger, TimeSpan drainTimeout);

    [LoggerMessage(1004, LogLevel.Information, "stopped, exit code {ExitCode}")]
    public static partial void Stopped(ILogger logger, int exitCode);

    [LoggerMessage(1005, LogLevel.Critical, "cannot listen: {Reason}")]
    public static partial void CannotListen(ILogger logger, string reason);

    [LoggerMessage(1006, LogLevel.Debug, "{Released} of {Mappings} mappings of files released")]
    public static partial void Trimmed(ILogger logger, int released, int mappings);

    [LoggerMessage(1007, LogLevel.Debug, "pages that the start has touched stay mapped: {Reason}")]
    public static partial void NotTrimmed(ILogger logger, string reason);

    [LoggerMessage(2001, LogLevel.Critical, "the configuration cannot be had on this machine: {Reason}")]
    public static partial void NotSupported(ILogger logger, string reason);

    [LoggerMessage(6001, LogLevel.Information, "admin endpoint at {Address}: /healthz /readyz /startupz /metrics /api/v1")]
    public static partial void AdminListening(ILogger logger, Uri address);

    [LoggerMessage(6002, LogLevel.Critical, "the admin endpoint failed")]
    public static partial void AdminFailed(ILogger logger, Exception exception);

    [LoggerMessage(6003, LogLevel.Critical, "admin endpoint: a certificate of admin.tls cannot be used: {Reason}")]
    public static partial void CertificateUnusable(ILogger logger, string reason);
}
