using System.Diagnostics;

namespace RespProxy.Tests.Admin;

/// <summary>The program itself, as a process of its own.</summary>
internal static class CtlProcess
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "respproxy");

    /// <summary>Runs <c>respproxy ctl</c> to its end.</summary>
    public static Task<CtlResult> RunAsync(Uri url, params string[] arguments) => RunBareAsync(environment: null, ["--url", url.ToString(), .. arguments]);

    /// <summary>The same with nothing but what is given.</summary>
    public static async Task<CtlResult> RunBareAsync(Dictionary<string, string>? environment, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(bound.Token);
        return new CtlResult(process.ExitCode, await output, await error);
    }

    public static Process Start(Dictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, ["ctl", .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("RESPPROXY_CTL_URL");
        start.Environment.Remove("RESPPROXY_CTL_TOKEN");
        foreach ((string name, string value) in environment ?? []) start.Environment[name] = value;
        return Process.Start(start)!;
    }
}

/// <summary>What a process has said.</summary>
internal sealed record CtlResult(int ExitCode, string Output, string Error)
{
    /// <summary>The words of the line that begins with this one.</summary>
    public string[] Line(string start) =>
        Output.Split('\n').First(line => line.TrimStart().StartsWith(start + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
