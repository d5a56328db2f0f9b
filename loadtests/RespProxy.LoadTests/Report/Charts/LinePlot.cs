using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>Makes the drawing library's model of a <see cref="LineChart"/>.</summary>
internal static class LinePlot
{
    public static PlotModel Of(LineChart chart)
    {
        ChartPoint[] points = [.. chart.Lines.SelectMany(line => line.Points)];
        AxisLayout x = new(chart.X, points.Select(point => point.X));
        AxisLayout y = new(chart.Y, [.. points.SelectMany(point => Shown(chart, point.Y)), .. chart.Marks.Select(mark => mark.Y)]);
        PlotModel model = ChartStyle.Canvas(chart.Title);
        ChartStyle.Add(model, x.Draw(AxisPosition.Bottom));
        ChartStyle.Add(model, y.Draw(AxisPosition.Left));
        if (chart.Spread == SpreadStyle.Band)
        {
            foreach ((int index, ChartLine line) in chart.Lines.Index())
                model.Series.Add(Band(line, index, x, y));
        }
        foreach ((int index, ChartLine line) in chart.Lines.Index())
            model.Series.Add(Line(chart, line, index, x, y));
        if (points.Length == 0)
            return model;
        (double first, double last) = (x.Place(points.Min(point => point.X)), x.Place(points.Max(point => point.X)));
        foreach (ChartMark mark in chart.Marks)
            model.Series.Add(ChartStyle.Mark(mark, y.Place(mark.Y), first, last));
        return model;
    }

    private static double[] Shown(LineChart chart, Spread spread) =>
        chart.Spread == SpreadStyle.None ? [spread.Median] : [spread.Min, spread.Median, spread.Max];

    private static WhiskerLine Line(LineChart chart, ChartLine line, int index, AxisLayout x, AxisLayout y)
    {
        OxyColor colour = ChartStyle.Colour(index);
        WhiskerLine drawn = new()
        {
            Title = line.Name,
            Color = colour,
            StrokeThickness = 2.4,
            LineJoin = LineJoin.Round,
            MarkerType = chart.Symbols ? ChartStyle.Symbol(index) : MarkerType.None,
            MarkerFill = colour,
            MarkerSize = 4.5,
        };
        foreach (ChartPoint point in line.Points)
        {
            drawn.Points.Add(new DataPoint(x.Place(point.X), y.Place(point.Y.Median)));
            if (chart.Spread == SpreadStyle.ErrorBars && point.Y.Count > 1)
                drawn.Whiskers.Add((x.Place(point.X), y.Place(point.Y.Min), y.Place(point.Y.Max)));
        }
        return drawn;
    }

    private static AreaSeries Band(ChartLine line, int index, AxisLayout x, AxisLayout y)
    {
        AreaSeries band = new() { Color = OxyColors.Transparent, Color2 = OxyColors.Transparent, Fill = OxyColor.FromAColor(45, ChartStyle.Colour(index)) };
        foreach (ChartPoint point in line.Points)
        {
            band.Points.Add(new DataPoint(x.Place(point.X), y.Place(point.Y.Max)));
            band.Points2.Add(new DataPoint(x.Place(point.X), y.Place(point.Y.Min)));
        }
        return band;
    }

    /// <summary>A line with a whisker at its points. The library's own error bars are as long up as down, which the spread around a median is not.</summary>
    private sealed class WhiskerLine : LineSeries
    {
        private const double CapWidth = 7;

        public List<(double X, double Min, double Max)> Whiskers { get; } = [];

        public override void Render(IRenderContext rc)
        {
            foreach ((double x, double min, double max) in Whiskers)
                ChartStyle.Whisker(rc, this.Transform(x, min), this.Transform(x, max), ActualColor, CapWidth);
            base.Render(rc);
        }

        protected override void UpdateMaxMin()
        {
            base.UpdateMaxMin();
            foreach ((_, double min, double max) in Whiskers)
            {
                MinY = Math.Min(MinY, min);
                MaxY = Math.Max(MaxY, max);
            }
        }
    }
}
