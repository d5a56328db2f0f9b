using System.Globalization;
using System.Text.RegularExpressions;

namespace RespProxy.LoadTests.Load;

/// <summary>
/// Reads the report that redis-benchmark prints without <c>--csv</c>: the CSV line has no percentile above the 99th,
/// the report has the whole distribution. Latencies are exact to 8 us, the width of redis-benchmark's buckets.
/// </summary>
internal static partial class BenchmarkOutput
{
    private const string Distribution = "Latency by percentile distribution:";
    private const string Rate = "throughput summary:";
    private const string Latencies = "latency summary (msec):";

    /// <exception cref="FormatException">A part of the report is missing or not as expected.</exception>
    public static LoadResult Parse(string output, long commands)
    {
        // Progress overwrites itself by carriage returns; only what stands after the last one is a line of the report.
        string[] lines = [.. output.Split('\n').Select(line => line[(line.TrimEnd('\r').LastIndexOf('\r') + 1)..].Trim())];
        Dictionary<string, double> summary = Summary(lines);
        Match rate = RequestsPerSecond().Match(lines[IndexOf(lines, Rate)]);
        if (!rate.Success)
            throw new FormatException("redis-benchmark printed no throughput");
        return new LoadResult(commands, Number(rate.Groups[1].Value), summary["p50"], summary["p99"], Percentile(lines, 0.999));
    }

    /// <summary>
    /// The smallest printed latency that at least <paramref name="share"/> of all replies did not exceed. The report
    /// halves what is left with every step (99.805 %, 99.902 %, ...), so for 99.9 % this is the value of 99.902 %. It
    /// goes by counts, not by the printed percentages: steps that fall into one bucket are printed once, as the lowest.
    /// </summary>
    private static double Percentile(string[] lines, double share)
    {
        List<(double Milliseconds, long Count)> steps = [];
        for (int i = IndexOf(lines, Distribution) + 1; i < lines.Length && Step().Match(lines[i]) is { Success: true } step; i++)
            steps.Add((Number(step.Groups[1].Value), long.Parse(step.Groups[2].Value, CultureInfo.InvariantCulture)));
        if (steps.Count == 0)
            throw new FormatException("redis-benchmark printed no distribution");
        return steps.First(step => step.Count >= share * steps[^1].Count).Milliseconds;
    }

    private static Dictionary<string, double> Summary(string[] lines)
    {
        int title = IndexOf(lines, Latencies);
        if (title + 2 >= lines.Length)
            throw new FormatException("redis-benchmark printed no latencies");
        string[] names = Words(lines[title + 1]), values = Words(lines[title + 2]);
        if (names.Length != values.Length || !names.Contains("p50") || !names.Contains("p99"))
            throw new FormatException("redis-benchmark printed latencies of other columns");
        return names.Zip(values).ToDictionary(column => column.First, column => Number(column.Second));
    }

    private static int IndexOf(string[] lines, string start)
    {
        int index = Array.FindLastIndex(lines, line => line.StartsWith(start, StringComparison.Ordinal));
        return index >= 0 ? index : throw new FormatException($"redis-benchmark printed no '{start}'");
    }

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^throughput summary: ([\d.]+) requests per second$")]
    private static partial Regex RequestsPerSecond();

    [GeneratedRegex(@"^[\d.]+% <= ([\d.]+) milliseconds \(cumulative count (\d+)\)$")]
    private static partial Regex Step();
}
