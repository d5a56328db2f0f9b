using System.Diagnostics;

namespace RespProxy.LoadTests.Targets;

/// <summary>Finds programs and asks them their version.</summary>
internal static class Executables
{
    // Debian puts daemons in sbin, which is not on every user's PATH.
    private static readonly string[] ServerDirectories = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>The path of <paramref name="nameOrPath"/>, or null when there is no such program.</summary>
    public static string? Find(string nameOrPath)
    {
        if (nameOrPath.Contains('/', StringComparison.Ordinal))
            return File.Exists(nameOrPath) ? Path.GetFullPath(nameOrPath) : null;
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return path.Concat(ServerDirectories).Select(directory => Path.Combine(directory, nameOrPath)).FirstOrDefault(File.Exists);
    }

    /// <summary>The first line the program prints about its version (to either stream), or "unknown".</summary>
    public static string Version(string binary, string argument)
    {
        ProcessStartInfo start = new(binary, [argument]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process? process = Process.Start(start);
        if (process is null)
            return "unknown";
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string text = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault() ?? "unknown";
    }
}
