namespace RespProxy.LocalCluster;

/// <summary>Finds executables the way a shell does, and in the sbin folders a plain user's PATH lacks.</summary>
internal static class RedisServerBinary
{
    private static readonly string[] Names = ["redis-server", "valkey-server"];

    /// <exception cref="LocalClusterException">There is none; the text says how to install it.</exception>
    public static string Locate(string? configured)
    {
        if (configured is not null)
        {
            return File.Exists(configured)
                ? configured
                : throw new LocalClusterException($"'{configured}' does not exist: give the path of a redis-server executable");
        }

        return Names.Select(Find).FirstOrDefault(path => path is not null)
            ?? throw new LocalClusterException(
                "redis-server was not found: install it (apt-get install redis-server, or run eng/setup)");
    }

    /// <summary>The full path of an executable; null if it isn't installed.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"])
            .Where(directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
}
