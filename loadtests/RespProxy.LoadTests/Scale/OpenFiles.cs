using System.Globalization;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Scale;

/// <summary>How many files and sockets a process may have open. .NET raises its own limit to the hard one at its start, and children inherit that.</summary>
internal static class OpenFiles
{
    private const string Limit = "Max open files";

    /// <summary>What a process has open besides its connections: libraries, epoll, logs.</summary>
    private const int Others = 200;

    /// <exception cref="LoadFailedException">Fewer than so many connections can be open; the message says what to raise.</exception>
    public static void Require(int connections)
    {
        long limit = SoftLimitIn(File.ReadAllText("/proc/self/limits"));
        if (limit < connections + Others)
            throw new LoadFailedException($"{connections:N0} connections need as many open files and {Others} more, and {limit:N0} are allowed: raise the hard limit (ulimit -Hn, LimitNOFILE)");
    }

    /// <summary>The soft limit that a text like /proc/PID/limits tells; as good as endless for "unlimited".</summary>
    public static long SoftLimitIn(string limits)
    {
        string line = limits.Split('\n').First(line => line.StartsWith(Limit, StringComparison.Ordinal));
        string soft = line[Limit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture);
    }
}
