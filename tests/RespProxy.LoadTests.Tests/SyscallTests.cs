using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Syscalls;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Tests;

public class SyscallTests
{
    /// <summary>perf 6.1, <c>stat -x ,</c>; some lines left out.</summary>
    private const string PerfOutput = """
        # started on Sun Nov 29 20:20:06 2026

        40456,,raw_syscalls:sys_enter,174852160,100.00,,
        20067,,syscalls:sys_enter_read,174852160,100.00,,
        20001,,syscalls:sys_enter_write,174852160,100.00,,
        0,,syscalls:sys_enter_readv,174852160,100.00,,

        """;

    /// <summary>strace 6.1, <c>-f -c</c>; some lines left out.</summary>
    private const string StraceOutput = """
        % time     seconds  usecs/call     calls    errors syscall
        ------ ----------- ----------- --------- --------- ----------------
         90.61    5.459193       95775        57        10 futex
          6.08    0.366209           7     51020           sendto
          2.79    0.168006           3     51034           recvfrom
          0.00    0.000091           1        53         2 accept4
        ------ ----------- ----------- --------- --------- ----------------
        100.00    6.025204          57    102164        12 total

        """;

    [Fact]
    public void Perf_tells_the_sum_and_the_calls_that_were_made()
    {
        SyscallCounts counts = PerfStat.Parse(PerfOutput);

        Assert.Equal(40_456, counts.Total);
        Assert.Equal([("read", 20_067L), ("write", 20_001L)], counts.Calls.Select(call => (call.Key, call.Value)));
    }

    [Fact]
    public void A_process_that_did_not_run_made_no_calls()
    {
        SyscallCounts counts = PerfStat.Parse("<not counted>,,raw_syscalls:sys_enter,0,100.00,,\n<not counted>,,syscalls:sys_enter_read,0,100.00,,\n");

        Assert.Equal(0, counts.Total);
        Assert.Empty(counts.Calls);
    }

    [Theory]
    [InlineData("")]
    [InlineData("20067,,syscalls:sys_enter_read,174852160,100.00,,\n")]
    [InlineData("<not supported>,,raw_syscalls:sys_enter,0,100.00,,\n")]
    [InlineData("Error: access to performance monitoring is limited\n")]
    public void What_perf_did_not_count_is_refused(string output) => Assert.Throws<FormatException>(() => PerfStat.Parse(output));

    [Fact]
    public void Strace_tells_the_calls_whether_or_not_some_failed()
    {
        SyscallCounts counts = Strace.Parse(StraceOutput);

        Assert.Equal(102_164, counts.Total);
        Assert.Equal(
            [("futex", 57L), ("sendto", 51_020L), ("recvfrom", 51_034L), ("accept4", 53L)],
            counts.Calls.Select(call => (call.Key, call.Value)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("strace: attach: ptrace(PTRACE_SEIZE, 5666): Operation not permitted\n")]
    public void Output_of_strace_without_a_table_is_refused(string output) => Assert.Throws<FormatException>(() => Strace.Parse(output));

    [Fact]
    public async Task Who_may_trace_nothing_is_told_why()
    {
        using WorkDirectory directory = new();
        List<string> reasons = [];

        // No process has this number: the kernel's largest is 2^22.
        Assert.Null(await SyscallTracer.FindAsync(int.MaxValue, directory, reasons, TestContext.Current.CancellationToken));
        Assert.Equal(["perf", "strace"], reasons.Select(reason => reason.Split(' ', ':')[0]));
    }

    [Fact]
    public void A_cell_tells_all_calls_per_command_and_the_most_frequent_by_name()
    {
        Dictionary<string, long> calls = new() { ["epoll_wait"] = 400, ["sendto"] = 10_000, ["recvfrom"] = 10_100, ["close"] = 50 };

        Assert.Equal(
            "2.15: recvfrom 1.01, sendto 1.00, epoll_wait 0.040, others 0.090",
            SyscallReport.Cell(new SyscallSample("w", "t", 10_000, new SyscallCounts(21_450, calls))));
    }

    [Fact]
    public void Few_calls_per_command_keep_their_digits() =>
        Assert.Equal(
            "0.063: sendto 0.042, recvfrom 0.021",
            SyscallReport.Cell(new SyscallSample("w", "t", 10_000, new SyscallCounts(630, new Dictionary<string, long> { ["sendto"] = 420, ["recvfrom"] = 210 }))));
}
