using System.Globalization;

namespace RespProxy.LoadTests.Load;

/// <summary>Reads the result line that <c>redis-benchmark --csv</c> prints.</summary>
internal static class BenchmarkCsv
{
    private static readonly string[] Columns =
        ["rps", "avg_latency_ms", "min_latency_ms", "p50_latency_ms", "p95_latency_ms", "p99_latency_ms", "max_latency_ms"];

    /// <summary>
    /// Takes the last line that holds a result. The first column, the command, is printed without escaping and
    /// may hold quotes and commas, so the columns count from the right.
    /// </summary>
    /// <exception cref="FormatException">There is no header of the expected columns, or no result under it.</exception>
    public static LoadResult Parse(string output, long commands)
    {
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string header = "\"" + string.Join("\",\"", Columns) + "\"";
        int headerLine = Array.FindIndex(lines, line => line.EndsWith(header, StringComparison.Ordinal));
        if (headerLine < 0 || headerLine == lines.Length - 1)
            throw new FormatException("redis-benchmark printed no result");
        string[] fields = lines[^1].Split("\",\"");
        if (fields.Length <= Columns.Length)
            throw new FormatException("redis-benchmark printed a line of too few columns");
        double Column(string name) => double.Parse(
            fields[^(Columns.Length - Array.IndexOf(Columns, name))].Trim('"'), CultureInfo.InvariantCulture);
        return new LoadResult(commands, Column("rps"), Column("p50_latency_ms"), Column("p99_latency_ms"));
    }
}
