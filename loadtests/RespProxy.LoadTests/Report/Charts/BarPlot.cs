using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>Makes the drawing library's model of a <see cref="BarChart"/>.</summary>
internal static class BarPlot
{
    private const string Categories = "categories";
    private const string Values = "values";

    /// <summary>What the names of all categories have, in pixels: the figure's width without the axis of values.</summary>
    private const double CategoryRoom = 650;

    private const double LabelSize = ChartStyle.TextSize - 2;

    public static PlotModel Of(BarChart chart)
    {
        if (chart.Series.FirstOrDefault(series => series.Values.Count != chart.Categories.Count) is { } uneven)
            throw new ArgumentException($"'{uneven.Name}' has {uneven.Values.Count} values for {chart.Categories.Count} categories", nameof(chart));
        if (chart.Y.Scale == AxisScale.Logarithmic)
            throw new ArgumentException("a bar's length says nothing on a logarithmic axis", nameof(chart));
        PlotModel model = ChartStyle.Canvas(chart.Title);
        CategoryAxis categories = new() { Key = Categories, Position = AxisPosition.Bottom, GapWidth = 0.35 };
        categories.Labels.AddRange(chart.Categories.Select(category => ChartText.Wrapped(category, CategoryRoom / chart.Categories.Count)));
        ChartStyle.Add(model, categories);
        categories.AxisTickToLabelDistance = 8;
        AxisLayout y = new(chart.Y, chart.Series.SelectMany(series => series.Values).OfType<Spread>().Select(spread => spread.Max));
        Axis values = y.Draw(AxisPosition.Left);
        values.Key = Values;
        values.MaximumPadding = 0.1; // the figures above the bars
        ChartStyle.Add(model, values);
        double labelWidth = chart.Series.SelectMany(series => series.Values).OfType<Spread>().Select(LabelWidth).DefaultIfEmpty(0).Max();
        foreach ((int index, ChartBars series) in chart.Series.Index())
            model.Series.Add(Bars(series, index, labelWidth));
        foreach (ChartMark mark in chart.Marks)
        {
            LineSeries line = ChartStyle.Mark(mark, mark.Y, -0.5, chart.Categories.Count - 0.5);
            (line.XAxisKey, line.YAxisKey) = (Categories, Values);
            model.Series.Add(line);
        }
        return model;
    }

    private static double LabelWidth(Spread value) => ChartText.Width(Format.Figure(value.Median), LabelSize);

    private static WhiskerBars Bars(ChartBars series, int index, double labelWidth)
    {
        WhiskerBars drawn = new(series.Values, labelWidth)
        {
            Title = series.Name,
            FillColor = ChartStyle.Colour(index),
            StrokeThickness = 0,
            // The library draws bars to the right; with the axes the other way round they stand.
            XAxisKey = Values,
            YAxisKey = Categories,
        };
        foreach ((int category, Spread? value) in series.Values.Index())
        {
            if (value is { } spread)
                drawn.Items.Add(new BarItem(spread.Median, category));
        }
        return drawn;
    }

    /// <summary>Bars with a whisker and, where all of the chart have room for it, their figure above it.</summary>
    private sealed class WhiskerBars(IReadOnlyList<Spread?> values, double labelWidth) : BarSeries
    {
        private const double CapWidth = 6;
        private const double LabelDistance = 3;

        /// <summary>How much wider than its bar a label may be: neighbours are rarely of one height.</summary>
        private const double LabelOverhang = 1.15;

        protected override void RenderItem(
            IRenderContext rc, double barValue, double categoryValue, double actualBarWidth, BarItem item, OxyRect rect)
        {
            base.RenderItem(rc, barValue, categoryValue, actualBarWidth, item, rect);
            Spread spread = values[item.CategoryIndex]!.Value;
            double middle = (rect.Left + rect.Right) / 2;
            double top = rect.Top;
            if (spread.Count > 1)
            {
                ScreenPoint low = new(middle, XAxis.Transform(spread.Min));
                ScreenPoint high = new(middle, XAxis.Transform(spread.Max));
                ChartStyle.Whisker(rc, low, high, OxyColors.Black, CapWidth);
                top = high.Y;
            }
            if (labelWidth <= rect.Width * LabelOverhang)
                ChartStyle.Label(rc, new ScreenPoint(middle, top - LabelDistance), Format.Figure(spread.Median), LabelSize);
        }

        protected override void UpdateAxisMaxMin()
        {
            base.UpdateAxisMaxMin();
            XAxis.Include(values.Max(value => value?.Max ?? 0));
        }
    }
}
