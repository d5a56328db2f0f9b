using System.Diagnostics;
using System.Reflection;

namespace RespProxy.IntegrationTests;

/// <summary>Runs other people's programs.</summary>
internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static string RepoRoot { get; } = typeof(Programs).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepoRoot").Value!;

    /// <summary>Runs a program to its end and returns what it printed on both streams.</summary>
    /// <exception cref="InvalidOperationException">It exited non-zero, or not at all within two minutes; the text has its output.</exception>
    public static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        using Process process = Start(program, arguments, environment);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(Limit);
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(bound.Token);
            string output = await process.StandardOutput.ReadToEndAsync(bound.Token) + await errors;
            await process.WaitForExitAsync(bound.Token);
            return process.ExitCode == 0
                ? output
                : throw new InvalidOperationException($"{program} exited with code {process.ExitCode}: {output}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <exception cref="InvalidOperationException">It isn't installed; the text says what to do.</exception>
    public static Process Start(string program, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"{program} could not be started ({e.Message}): run eng/setup test", e);
        }
    }
}
