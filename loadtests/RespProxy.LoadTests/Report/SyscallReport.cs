using RespProxy.LoadTests.Syscalls;
using RespProxy.LoadTests.Workloads;

namespace RespProxy.LoadTests.Report;

/// <summary>The table of system calls per command: the sum, and the calls that make most of it.</summary>
internal static class SyscallReport
{
    private const int MostNamed = 5;

    /// <summary>Calls below this share of all are not worth their place.</summary>
    private const double LeastShare = 0.01;

    public static MarkdownTable Table(IReadOnlyList<SyscallSample> samples, IReadOnlyList<Workload> workloads, IReadOnlyList<string> proxies)
    {
        MarkdownTable table = new("System calls of the proxy per command: all, and which most of all (connecting is in it)", proxies);
        foreach (Workload workload in workloads)
        {
            table.Add(workload.Title, proxies.Select(proxy =>
                samples.FirstOrDefault(sample => sample.Workload == workload.Name && sample.Target == proxy) is { } sample ? Cell(sample) : Format.Absent));
        }
        return table;
    }

    /// <summary>Such as <c>2.05: recvfrom 1.00, sendto 1.00, epoll_wait 0.04</c>.</summary>
    public static string Cell(SyscallSample sample)
    {
        SyscallCounts counts = sample.Counts;
        IEnumerable<KeyValuePair<string, long>> unnamed = [new("others", counts.Total - counts.Calls.Values.Sum())];
        IEnumerable<string> main = counts.Calls
            .OrderByDescending(call => call.Value).ThenBy(call => call.Key, StringComparer.Ordinal)
            .Take(MostNamed).Concat(unnamed)
            .Where(call => call.Value >= LeastShare * counts.Total)
            .Select(call => $"{call.Key} {PerCommand(call.Value)}");
        return $"{PerCommand(counts.Total)}: {string.Join(", ", main)}";

        string PerCommand(long calls) => Format.Figure((double)calls / sample.Commands);
    }
}
