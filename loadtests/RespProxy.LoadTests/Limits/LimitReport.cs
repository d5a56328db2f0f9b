using System.Globalization;
using System.Text;
using RespProxy.LoadTests.Report;

namespace RespProxy.LoadTests.Limits;

/// <summary>A table for each number of loops and action: what ran, as a multiple of the rate.</summary>
internal static class LimitReport
{
    public static string ToMarkdown(IReadOnlyList<LimitResult> results)
    {
        StringBuilder text = new();
        foreach (IGrouping<(int Loops, LimitAction Action), LimitResult> table in results.GroupBy(result => (result.Cell.Loops, result.Cell.Action)))
        {
            long[] rates = [.. table.Select(result => result.Cell.Rate).Distinct()];
            string loops = table.Key.Loops == 1 ? "1 loop" : $"{table.Key.Loops} loops sharing the limits";
            string action = table.Key.Action == LimitAction.Delay ? "delay" : "reject";
            MarkdownTable markdown = new($"{action}, {loops}", rates.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{rate:N0}/s")));
            foreach (IGrouping<string, LimitResult> row in table.GroupBy(result => result.Cell.Load))
                markdown.Add(row.Key, rates.Select(rate => Cell(row.First(result => result.Cell.Rate == rate))));
            text.Append(markdown).Append('\n');
        }

        return text.ToString();
    }

    private static string Cell(LimitResult result)
    {
        if (result.Sample is not { } sample) return $"**{result.Fault}**";
        string ratio = sample.Ratio.ToString("0.000", CultureInfo.InvariantCulture);
        if (result.Fault is not null) return $"**{ratio}**";
        return sample.Ratio < 1 - LimitCell.Tolerance ? $"({ratio})" : ratio;
    }
}
