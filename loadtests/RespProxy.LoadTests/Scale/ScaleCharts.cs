using RespProxy.LoadTests.Report.Charts;

namespace RespProxy.LoadTests.Scale;

/// <summary>A chart for each series: CPU per command over what grows.</summary>
internal static class ScaleCharts
{
    public static string NameOf(ScaleSeries series) => $"scale-{series.Name}";

    public static void Write(ChartFolder folder, IReadOnlyList<ScaleSeries> series, ScaleResults results)
    {
        foreach (ScaleSeries each in series)
            folder.Write(NameOf(each), SvgChart.Draw(ChartOf(each, results)));
    }

    public static LineChart ChartOf(ScaleSeries series, ScaleResults results) => new(
        series.Title,
        new ChartAxis(series.Quantity) { Scale = AxisScale.Logarithmic, Ticks = [.. series.Sizes.Select(size => new ChartTick(size))] },
        new ChartAxis("CPU per command, us"),
        [.. series.Lines.Select(line => new ChartLine(line.Name, [.. PointsOf(series, line, results)]))]);

    private static IEnumerable<ChartPoint> PointsOf(ScaleSeries series, ScaleLine line, ScaleResults results) =>
        from size in line.Sizes
        let cpu = results.Figure(series, line, size, sample => sample.CpuMicros)
        where cpu is not null
        select new ChartPoint(size, cpu.Value);
}
