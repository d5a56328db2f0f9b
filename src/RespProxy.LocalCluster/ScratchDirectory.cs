using System.Diagnostics;
using System.Globalization;

namespace RespProxy.LocalCluster;

/// <summary>
/// A temporary directory, removed on disposal. A parent that was killed can't remove its own, so each new one first
/// sweeps those whose owner no longer runs.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    private const string Prefix = "respproxy-local-";

    public ScratchDirectory()
    {
        Sweep();
        Path = Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}-").FullName;
    }

    public string Path { get; }

    public void Dispose() => Remove(Path);

    private static void Sweep()
    {
        foreach (string directory in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            string owner = System.IO.Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, CultureInfo.InvariantCulture, out int pid) && !IsRunning(pid))
                Remove(directory);
        }
    }

    private static bool IsRunning(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone already, another user's, or swept by two at once: nothing that a throwaway directory is worth failing for.
        }
    }
}
