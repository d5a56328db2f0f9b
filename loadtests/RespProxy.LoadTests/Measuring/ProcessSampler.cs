namespace RespProxy.LoadTests.Measuring;

/// <summary>
/// Reads CPU time and memory of one process from procfs. CPU time comes in steps of 10 ms, so a cell should
/// run for a second or more. Throws <see cref="IOException"/> once the process is gone.
/// </summary>
internal sealed class ProcessSampler(int pid)
{
    private readonly string _directory = $"/proc/{pid}";

    public TimeSpan CpuTime() => ProcStat.CpuTime(File.ReadAllText($"{_directory}/stat"));

    public long ResidentBytes() => ProcStat.MemoryBytes(Status(), "VmRSS");

    /// <summary>The highest resident size since the process began or since <see cref="ResetPeak"/>.</summary>
    public long PeakResidentBytes() => ProcStat.MemoryBytes(Status(), "VmHWM");

    /// <summary>Makes the kernel forget the peak (proc(5), clear_refs: 5), so that each cell has its own.</summary>
    public void ResetPeak() => File.WriteAllText($"{_directory}/clear_refs", "5");

    private string Status() => File.ReadAllText($"{_directory}/status");
}
