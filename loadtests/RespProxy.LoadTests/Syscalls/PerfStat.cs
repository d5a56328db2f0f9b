using System.Globalization;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Syscalls;

/// <summary>
/// <c>perf stat</c> on the kernel's tracepoints: the kernel itself counts, and the process runs on as before. Needs root
/// (or CAP_PERFMON and a readable tracefs).
/// </summary>
internal sealed class PerfStat(string binary, WorkDirectory directory) : SyscallTracer
{
    private const string All = "raw_syscalls:sys_enter";
    private const string OnePrefix = "syscalls:sys_enter_";

    /// <summary>
    /// The calls that are told by name: what event loops live on. Every name costs about 40 ms to attach and detach, so
    /// it is not all of them; what else there is shows in the sum. epoll_wait is not on every architecture.
    /// </summary>
    private static readonly string[] Named =
    [
        "read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "splice", "accept4", "close",
        "epoll_wait", "epoll_pwait", "epoll_ctl", "getpeername", "clock_gettime", "futex", "sched_yield",
    ];

    private IReadOnlyList<string>? _events;

    public override string Method => "the kernel (perf stat), which does not slow the proxy";

    public override bool CanKeepUp => true;

    public override async Task<ISyscallTrace> AttachAsync(int pid, CancellationToken cancellation)
    {
        _events ??= await EventsAsync(cancellation);
        string summary = directory.PathOf("syscalls.perf");
        // perf starts the command when it counts: its first line tells so, and when its input ends, the counting does.
        TracerProcess perf = new(binary,
        [
            "stat", "-x", ",", "-e", string.Join(',', _events), "-o", summary,
            "-p", pid.ToString(CultureInfo.InvariantCulture), "--", "/bin/sh", "-c", "echo counting; exec cat",
        ]);
        try
        {
            await perf.WaitForOutputAsync("counting", cancellation);
            return new Trace(perf, summary);
        }
        catch
        {
            await perf.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the lines that <c>perf stat -x ,</c> writes: count, unit, event and more, for each event.</summary>
    /// <exception cref="FormatException">An event was not counted, or there is no sum.</exception>
    public static SyscallCounts Parse(string output)
    {
        long? total = null;
        Dictionary<string, long> calls = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('#'))
                continue;
            string[] fields = line.Split(',');
            long count = 0;
            // Not counted: the process did not run meanwhile. What can't be counted is "<not supported>".
            if (fields.Length < 3 || (fields[0] != "<not counted>" && !long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out count)))
                throw new FormatException($"perf did not count: {line}");
            if (fields[2] == All)
                total = count;
            else if (fields[2].StartsWith(OnePrefix, StringComparison.Ordinal) && count > 0)
                calls[fields[2][OnePrefix.Length..]] = count;
        }
        return new SyscallCounts(total ?? throw new FormatException($"perf did not count {All}"), calls);
    }

    private async Task<IReadOnlyList<string>> EventsAsync(CancellationToken cancellation)
    {
        await using TracerProcess list = new(binary, ["list", "--no-desc", $"{OnePrefix}*"]);
        string known = await list.ReadToEndAsync(cancellation);
        HashSet<string> words = [.. known.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        string[] named = [.. Named.Select(name => OnePrefix + name).Where(words.Contains)];
        return named.Length > 0 ? [All, .. named] : throw new LoadFailedException("the kernel's tracepoints are not accessible");
    }

    private sealed class Trace(TracerProcess perf, string summary) : ISyscallTrace
    {
        public async Task<SyscallCounts> EndAsync(CancellationToken cancellation)
        {
            await perf.EndInputAsync(cancellation);
            return Parse(await File.ReadAllTextAsync(summary, cancellation));
        }

        public ValueTask DisposeAsync() => perf.DisposeAsync();
    }
}
