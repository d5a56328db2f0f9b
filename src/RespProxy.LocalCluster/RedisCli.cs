using System.Diagnostics;

namespace RespProxy.LocalCluster;

/// <summary>Runs <c>redis-cli</c> to its end.</summary>
internal static class RedisCli
{
    /// <returns>What it printed.</returns>
    /// <exception cref="LocalClusterException">It is missing, or exited non-zero; the text has its output.</exception>
    public static async Task<string> RunAsync(
        LocalRedisOptions options, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        string program = RedisServerBinary.Find("redis-cli")
            ?? throw new LocalClusterException("redis-cli was not found: install it (apt-get install redis-tools, or run eng/setup)");
        string[] credentials = options switch
        {
            { Username: { } user, Password: { } password } => ["--user", user, "--pass", password, "--no-auth-warning"],
            { Password: { } password } => ["--pass", password, "--no-auth-warning"],
            _ => [],
        };
        using Process process = await ChildProcesses
            .StartAsync(program, [.. credentials, .. arguments], Path.GetTempPath()).ConfigureAwait(false);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false) + await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            return process.ExitCode == 0
                ? output
                : throw new LocalClusterException($"redis-cli {string.Join(' ', arguments)} exited with code {process.ExitCode}: {output}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
