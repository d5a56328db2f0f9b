using System.Globalization;

namespace RespProxy.LoadTests.Measuring;

/// <summary>What proc(5) tells in <c>/proc/PID/stat</c> and <c>/proc/PID/status</c>, as far as it is used here.</summary>
internal static class ProcStat
{
    /// <summary>USER_HZ: the kernel converts to 100 ticks a second for user space on every architecture .NET runs on.</summary>
    public const int TicksPerSecond = 100;

    // Positions counted from the state field, which is field 3 in proc(5).
    private const int UserTicks = 14 - 3;
    private const int SystemTicks = 15 - 3;

    /// <summary>
    /// User plus system time of all threads, ended ones included. The second field, the command's name, stands
    /// in parentheses and may itself hold spaces and parentheses, so fields count from the last one.
    /// </summary>
    /// <exception cref="FormatException">The text is not a stat line.</exception>
    public static TimeSpan CpuTime(string stat)
    {
        int nameEnd = stat.LastIndexOf(')');
        string[] fields = nameEnd < 0 ? [] : stat[(nameEnd + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length <= SystemTicks)
            throw new FormatException("not a /proc/PID/stat line");
        long ticks = long.Parse(fields[UserTicks], CultureInfo.InvariantCulture)
            + long.Parse(fields[SystemTicks], CultureInfo.InvariantCulture);
        return TimeSpan.FromTicks(ticks * TimeSpan.TicksPerSecond / TicksPerSecond);
    }

    /// <summary>A memory field of <c>status</c> (<c>VmRSS</c>, <c>VmHWM</c>) in bytes.</summary>
    /// <exception cref="FormatException">The field is missing or not in kB.</exception>
    public static long MemoryBytes(string status, string field)
    {
        foreach (string line in status.Split('\n'))
        {
            if (!line.StartsWith(field + ":", StringComparison.Ordinal))
                continue;
            string[] parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts is [_, var amount, "kB"])
                return long.Parse(amount, CultureInfo.InvariantCulture) * 1024;
        }
        throw new FormatException($"no {field} in /proc/PID/status");
    }
}
