using System.Globalization;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Syscalls;

/// <summary>
/// <c>strace -f -c</c>: stops the process at every call, which makes it several times slower; a loop then finds more to
/// do in each turn than it would untraced. Works for a user's own processes where the system lets one trace them.
/// </summary>
internal sealed class Strace(string binary, WorkDirectory directory) : SyscallTracer
{
    private const int CallsColumn = 3;

    public override string Method =>
        "strace, which slows the proxy: it handles more in a turn than it would, so that what is done once a turn is counted too low, and fixed rates can't be kept";

    public override bool CanKeepUp => false;

    public override async Task<ISyscallTrace> AttachAsync(int pid, CancellationToken cancellation)
    {
        string summary = directory.PathOf("syscalls.strace");
        TracerProcess strace = new(binary, ["-f", "-c", "-o", summary, "-p", pid.ToString(CultureInfo.InvariantCulture)]);
        try
        {
            await strace.WaitForErrorAsync("attached", cancellation);
            return new Trace(strace, summary);
        }
        catch
        {
            await strace.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the table of <c>strace -c</c>: % time, seconds, usecs/call, calls, errors (may be empty), syscall.</summary>
    /// <exception cref="FormatException">There is no table.</exception>
    public static SyscallCounts Parse(string output)
    {
        Dictionary<string, long> calls = [];
        string[][] rows = [.. output.Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))];
        int header = Array.FindIndex(rows, row => row is ["%", "time", .., "syscall"]);
        if (header < 0)
            throw new FormatException("strace printed no table");
        foreach (string[] row in rows.Skip(header + 1).TakeWhile(row => row is not [.., "total"]))
        {
            if (row.Length > CallsColumn + 1 && long.TryParse(row[CallsColumn], NumberStyles.None, CultureInfo.InvariantCulture, out long count))
                calls[row[^1]] = count;
        }
        return new SyscallCounts(calls.Values.Sum(), calls);
    }

    private sealed class Trace(TracerProcess strace, string summary) : ISyscallTrace
    {
        public async Task<SyscallCounts> EndAsync(CancellationToken cancellation)
        {
            await strace.InterruptAsync(cancellation);
            return Parse(await File.ReadAllTextAsync(summary, cancellation));
        }

        public ValueTask DisposeAsync() => strace.DisposeAsync();
    }
}
