using System.Globalization;
using RespProxy.LoadTests.Syscalls;

namespace RespProxy.LoadTests.Running;

/// <summary>How long a comparison will take, as far as can be told before it.</summary>
internal sealed record RunPlan(string Text, TimeSpan Estimate)
{
    /// <summary>A cell takes as long as asked for where the target keeps the nominal rate; some don't.</summary>
    private const double CellFactor = 1.2;

    /// <summary>Starting the generator and connecting, in seconds.</summary>
    private const double CellExtra = 0.1;

    /// <summary>Filling the keys through one target, in seconds.</summary>
    private const double FillSeconds = 1;

    /// <param name="rows">How many workloads.</param>
    /// <param name="columns">How many targets.</param>
    /// <param name="proxies">How many of them are proxies, whose system calls can be counted.</param>
    /// <param name="options">Repetitions and seconds.</param>
    public static RunPlan Of(int rows, int columns, int proxies, LoadTestOptions options)
    {
        double Cell(double seconds) => seconds * CellFactor + CellExtra;
        double preparing = columns * (FillSeconds + rows * Cell(options.CellSeconds * Math.Max(ComparisonRun.WarmUpShare, 1.0 / rows)));
        double measuring = options.Repetitions * rows * columns * Cell(options.CellSeconds);
        double counting = options.Syscalls
            ? rows * proxies * (Cell(options.CellSeconds * SyscallRun.ShareOfCell) + SyscallRun.AttachSeconds)
            : 0;
        TimeSpan estimate = TimeSpan.FromSeconds(preparing + measuring + counting);
        string text = string.Create(CultureInfo.InvariantCulture,
            $"{rows} rows x {columns} columns x {options.Repetitions} repetitions of about {options.CellSeconds:0.##} s"
            + $"{(options.Syscalls ? ", then system calls" : "")}: about {Duration(estimate)}");
        return new RunPlan(text, estimate);
    }

    private static string Duration(TimeSpan time) => time.TotalMinutes < 2
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} minutes");
}
