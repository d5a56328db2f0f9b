using System.Globalization;
using System.Text.RegularExpressions;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Report;

/// <summary>What the figures were measured on, in one paragraph: no host name, no path.</summary>
internal static partial class MachineDescription
{
    public static string Compose(IEnumerable<string> versions)
    {
        string kernel = VersionNumber().Match(File.ReadAllText("/proc/sys/kernel/osrelease")).Value;
        long memoryMiB = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024 * 1024);
        string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return $"Measured {date} on {Environment.ProcessorCount} cores ({CpuModel()}), {Math.Round(memoryMiB / 1024.0)} GiB, "
            + $"Linux {kernel}, loopback; load, proxy and Redis share the cores. {string.Join("; ", versions)}.";
    }

    /// <summary>A program's name and the version number in what it prints about itself.</summary>
    public static string VersionOf(string name, string binary, string argument)
    {
        string printed = Executables.Version(binary, argument);
        Match number = VersionNumber().Match(printed);
        return $"{name} {(number.Success ? number.Value : "of unknown version")}";
    }

    private static string CpuModel()
    {
        const string field = "model name";
        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is null ? "unknown model" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    [GeneratedRegex(@"\d+(\.\d+)+")]
    private static partial Regex VersionNumber();
}
