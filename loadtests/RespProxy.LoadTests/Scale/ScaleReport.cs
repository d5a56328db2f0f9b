using System.Globalization;
using System.Text;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Report.Charts;

namespace RespProxy.LoadTests.Scale;

/// <summary>The tables of how cost grows, and what is flat.</summary>
internal sealed class ScaleReport(IReadOnlyList<ScaleSeries> series, ScaleResults results)
{
    /// <summary>Memory each is not told of fewer: they take less than what the memory of a process varies by.</summary>
    private const int LeastGrowth = 100;

    private IEnumerable<(ScaleSeries Series, ScaleLine Line)> Lines => series.SelectMany(each => each.Lines, (each, line) => (each, line));

    /// <summary>True: everything was measured, and nothing costs more than its bound.</summary>
    public bool IsWithin => results.Failures.Count == 0 && Lines.All(each => each.Line.Sizes.All(size => IsWithinBound(each.Series, each.Line, size)));

    /// <summary>One sentence for each line: its largest ratio to the reference, and whether that is flat. Then what failed.</summary>
    public IEnumerable<string> Verdicts =>
    [
        .. Lines.Select(each => VerdictOf(each.Series, each.Line)),
        .. results.Failures.Select(failure => $"{failure.Series}, {failure.Line}, {failure.Size:N0}: {failure.Reason.Split('\n')[0]}"),
    ];

    public string ToMarkdown()
    {
        StringBuilder text = new();
        foreach (string verdict in Verdicts)
            text.Append("- ").Append(verdict).Append('\n');
        text.Append('\n');
        foreach (ScaleSeries each in series)
        {
            text.Append("### By ").Append(each.Quantity).Append("\n\n").Append(ChartFolder.Reference(ScaleCharts.NameOf(each), each.Title)).Append("\n\n");
            foreach (ScaleLine line in each.Lines)
                text.Append(TableOf(each, line)).Append('\n');
            if (each.DiffersAtStart)
                text.Append(StartsOf(each)).Append('\n');
        }
        return text.ToString();
    }

    private bool IsWithinBound(ScaleSeries each, ScaleLine line, int size) => results.Ratio(each, line, size) is { } ratio && ratio.Median <= (line.BoundAt(size) ?? double.PositiveInfinity);

    private string VerdictOf(ScaleSeries each, ScaleLine line)
    {
        string name = $"{each.Name}, {line.Name}";
        (int Size, double Ratio)[] ratios = [.. from size in line.Sizes let ratio = results.Ratio(each, line, size) where ratio is not null select (size, ratio.Value.Median)];
        if (ratios.Length < line.Sizes.Count)
            return $"{name}: not measured at {string.Join(", ", line.Sizes.Except(ratios.Select(each => each.Size)).Select(Number))}.";
        (int Size, double Ratio) largest = ratios.MaxBy(each => each.Ratio);
        string told = $"{name}: at most {Format.Figure(largest.Ratio)} times the cost at {Number(line.Reference)}, at {Number(largest.Size)}";
        string[] beyond =
        [
            .. from one in ratios
               let bound = line.BoundAt(one.Size)
               where one.Ratio > bound
               select $"{Format.Figure(one.Ratio)} at {Number(one.Size)}, bound {Format.Figure(bound.Value)}",
        ];
        if (beyond.Length > 0)
            return $"{told}. **Not within its bound: {string.Join("; ", beyond)}.**";
        return largest.Ratio <= ScaleLine.Flat ? $"{told}: flat." : line.Instead is null ? $"{told}: within what is bound to grow." : $"{told}.";
    }

    private MarkdownTable TableOf(ScaleSeries each, ScaleLine line)
    {
        MarkdownTable table = new(
            $"{line.Name}, by {each.Quantity}",
            ["CPU, us per command", $"ratio to {Number(line.Reference)}", "bound", "commands per second", "p50 / p99, ms", "MiB, peak", $"KiB per {each.One}"]);
        double? Peak(int size) => results.Figure(each, line, size, sample => sample.PeakBytes)?.Median;
        foreach (int size in line.Sizes)
        {
            Spread? Figure(Func<ScaleSample, double> figure) => results.Figure(each, line, size, figure);
            table.Add(Number(size),
            [
                Format.WithSpread(Figure(sample => sample.CpuMicros), Format.Figure),
                size == line.Reference ? "1" : Format.WithSpread(results.Ratio(each, line, size), Format.Figure),
                size == line.Reference || line.BoundAt(size) is not { } bound ? Format.Absent : Format.Figure(bound),
                Format.WithSpread(Figure(sample => sample.Load.OpsPerSecond), Format.Thousands),
                $"{Format.MedianOnly(Figure(sample => sample.Load.P50Ms), Format.Figure)} / {Format.MedianOnly(Figure(sample => sample.Load.P99Ms), Format.Figure)}",
                Format.MedianOnly(Figure(sample => sample.PeakBytes), Format.MebiBytes),
                KibiBytesEach(Peak, line.Sizes[0], size),
            ]);
        }
        return table;
    }

    private MarkdownTable StartsOf(ScaleSeries each)
    {
        MarkdownTable table = new(
            $"Start and memory by {each.Quantity}", ["start to first GET answered, ms", "idle, MiB", $"KiB per {each.One}", "keys written, MiB", $"KiB per {each.One}"]);
        foreach (int size in each.Sizes)
        {
            if (results.StartOf(each, size) is not { } start)
                continue;
            table.Add(Number(size),
            [
                Format.Figure(start.StartMs),
                Format.MebiBytes(start.IdleBytes), KibiBytesEach(of => results.StartOf(each, of)?.IdleBytes, each.Sizes[0], size),
                Format.MebiBytes(start.FilledBytes), KibiBytesEach(of => results.StartOf(each, of)?.FilledBytes, each.Sizes[0], size),
            ]);
        }
        return table;
    }

    /// <summary>The growth since the smallest size, if it has grown.</summary>
    private static string KibiBytesEach(Func<int, double?> bytes, int smallest, int size) =>
        size - smallest >= LeastGrowth && bytes(size) - bytes(smallest) is { } growth and > 0 ? Format.Figure(growth / 1024 / (size - smallest)) : Format.Absent;

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
