using System.Globalization;
using RespProxy.LoadTests.Report;

namespace RespProxy.LoadTests.Scrapes;

/// <summary>The table of what scrapes cost.</summary>
internal static class ScrapeReport
{
    public static string ToMarkdown(IReadOnlyList<ScrapeSample> samples)
    {
        MarkdownTable table = new(
            string.Create(CultureInfo.InvariantCulture, $"/metrics, tenants x {ScrapedProxy.Commands.Count} commands"),
            ["series", "bytes", "bytes with gzip", "ms", "ms with gzip", "bytes allocated", "MiB resident before", "MiB, peak"]);
        foreach (ScrapeSample sample in samples)
        {
            table.Add(Number(sample.Tenants) + " tenants",
            [
                Number(sample.Series),
                Number(sample.Bytes),
                Number(sample.ZippedBytes),
                Format.WithSpread(Spread.Of(sample.Milliseconds), Format.Figure),
                Format.WithSpread(Spread.Of(sample.ZippedMilliseconds), Format.Figure),
                Number(sample.AllocatedBytes),
                Format.MebiBytes(sample.ResidentBytes),
                Format.MebiBytes(sample.PeakBytes),
            ]);
        }

        return table.ToString();
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
