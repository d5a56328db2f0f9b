using RespProxy.LoadTests.Measuring;

namespace RespProxy.LoadTests.Tests;

public class ProcStatTests
{
    private const string Tail = " S 1 1 1 0 -1 4194304 101 0 0 0 250 75 0 0 20 0 4 0 109622 3133440 389";

    [Theory]
    [InlineData("42 (haproxy)")]
    [InlineData("42 (two words)")]
    [InlineData("42 (a) b (c) 9 9 9)")]
    [InlineData("42 ())")]
    public void User_and_system_ticks_are_found_behind_any_process_name(string start) =>
        Assert.Equal(TimeSpan.FromSeconds(3.25), ProcStat.CpuTime(start + Tail));

    [Theory]
    [InlineData("")]
    [InlineData("42 haproxy S 1")]
    [InlineData("42 (haproxy) S 1 1")]
    public void Text_that_is_no_stat_line_is_refused(string text) =>
        Assert.Throws<FormatException>(() => ProcStat.CpuTime(text));

    [Fact]
    public void A_memory_field_is_read_in_bytes_and_not_taken_for_one_it_is_a_prefix_of()
    {
        const string status = "Name:\tVmRSS: 1 kB\nVmRSSX:\t 7 kB\nVmHWM:\t   31744 kB\nVmRSS:\t   30000 kB\n";

        Assert.Equal(31_744 * 1024, ProcStat.MemoryBytes(status, "VmHWM"));
        Assert.Equal(30_000 * 1024, ProcStat.MemoryBytes(status, "VmRSS"));
    }

    [Fact]
    public void A_missing_memory_field_is_refused() =>
        Assert.Throws<FormatException>(() => ProcStat.MemoryBytes("Name:\tkthreadd\n", "VmRSS"));

    [Fact]
    public void The_running_process_has_cpu_time_and_memory()
    {
        ProcessSampler self = new(Environment.ProcessId);

        Assert.True(self.CpuTime() > TimeSpan.Zero);
        Assert.InRange(self.ResidentBytes(), 1 << 20, self.PeakResidentBytes());
    }
}
