using System.Net.Sockets;
using RespProxy.LoadTests.Load;

namespace RespProxy.LoadTests.Report;

/// <summary>
/// One cell of one repetition. CPU is user plus system microseconds per command; the proxy's is null for
/// direct Redis, the upstream's sums all its nodes. The peak is of the proxy (of Redis for direct), in bytes.
/// </summary>
internal sealed record Sample(
    int Repetition, string Workload, string Target, LoadResult Load,
    double? ProxyCpuMicros, double UpstreamCpuMicros, long PeakResidentBytes);

/// <summary>A cell that could not be measured, and why.</summary>
internal sealed record FailedCell(int Repetition, string Workload, string Target, string Reason)
{
    /// <summary>True for what one target's failure looks like: it is a result like another, and the rest goes on.</summary>
    public static bool IsCausedBy(Exception error) => error is LoadFailedException or SocketException or IOException or FormatException;
}
