using System.Diagnostics;
using System.Reflection;

namespace RespProxy.FunctionalTests.Alerts;

/// <summary>Runs other people's programs, as eng/setup installs them.</summary>
internal static class OtherPrograms
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private static readonly string RepoRoot = typeof(OtherPrograms).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepoRoot").Value!;

    public static string PathOf(string file) => Path.Combine(RepoRoot, file);

    /// <summary>Runs a program to its end: its exit code, and what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        using Process process = Start(program, arguments);
        using var bound = new CancellationTokenSource(Limit);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(bound.Token);
            string output = await process.StandardOutput.ReadToEndAsync(bound.Token) + await errors;
            await process.WaitForExitAsync(bound.Token);
            return (process.ExitCode, output);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a program that runs until its <see cref="Process.StandardInput"/> is closed, which the system does when these tests are gone.</summary>
    public static Process StartUntilClosed(string program, params string[] arguments) => Start("/bin/sh", ["-c", "\"$0\" \"$@\" & read -r _; kill $!; wait $!", program, .. arguments]);

    private static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException($"{program} could not be started ({exception.Message}): run eng/setup test", exception);
        }
    }
}
