namespace RespProxy.Verbs;

/// <summary>
/// The seam of <c>respproxy dev</c>: start the local cluster (unless an upstream is given), build a snapshot with two demo
/// tenants, hand it to <see cref="Hosting.ProxyHost.RunAsync"/> with a callback that prints what to try, then dispose the cluster.
/// </summary>
internal static class DevSession
{
    public static async Task<int> RunAsync(DevOptions options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await Console.Error.WriteLineAsync($"respproxy: dev (port {options.Port}) is not wired in this build").ConfigureAwait(false);
        return ExitCode.Failure;
    }
}
