using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>How charts look: colours, type, lines. Dark on white of their own, so that a dark page changes nothing.</summary>
internal static class ChartStyle
{
    /// <summary>Font of whoever looks at it: none is embedded or named.</summary>
    private const string Font = "sans-serif";

    /// <summary>Of all text but the title, in pixels.</summary>
    public const double TextSize = 13;

    private const double TitleSize = 17;

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x24, 0x29, 0x2f);
    private static readonly OxyColor Faint = OxyColor.FromRgb(0xe4, 0xe7, 0xeb);
    private static readonly OxyColor Quiet = OxyColor.FromRgb(0x57, 0x60, 0x6a);

    /// <summary>Okabe and Ito's colours, which colour-blind readers tell apart; the yellow, too light for white, left out. Symbols differ too.</summary>
    private static readonly OxyColor[] Palette =
    [
        OxyColor.FromRgb(0x00, 0x72, 0xb2),
        OxyColor.FromRgb(0xd5, 0x5e, 0x00),
        OxyColor.FromRgb(0x00, 0x9e, 0x73),
        OxyColor.FromRgb(0xcc, 0x79, 0xa7),
        OxyColor.FromRgb(0x56, 0xb4, 0xe9),
        OxyColor.FromRgb(0xe6, 0x9f, 0x00),
        OxyColor.FromRgb(0x4d, 0x4d, 0x4d),
    ];

    private static readonly MarkerType[] SymbolShapes =
        [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];

    /// <summary>The colour of the series at <paramref name="index"/>; they repeat after seven.</summary>
    public static OxyColor Colour(int index) => Palette[index % Palette.Length];

    public static MarkerType Symbol(int index) => SymbolShapes[index % SymbolShapes.Length];

    /// <summary>An empty chart with its title and a legend between title and figure.</summary>
    public static PlotModel Canvas(string title)
    {
        PlotModel model = new()
        {
            Title = title,
            TitleFont = Font,
            TitleFontSize = TitleSize,
            TitleFontWeight = FontWeights.Bold,
            TitlePadding = 10,
            DefaultFont = Font,
            DefaultFontSize = TextSize,
            TextColor = Ink,
            Background = OxyColors.White,
            PlotAreaBorderThickness = new OxyThickness(0),
            Padding = new OxyThickness(12, 12, 24, 12),
        };
        model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside,
            LegendPosition = LegendPosition.TopCenter,
            LegendOrientation = LegendOrientation.Horizontal,
            LegendColumnSpacing = 18,
            LegendSymbolLength = 22,
            LegendLineSpacing = 6,
            LegendMargin = 4,
            LegendFontSize = TextSize,
        });
        return model;
    }

    /// <summary>Adds an axis: labels without ticks; across the figure faint lines at the labels of y, below it one line.</summary>
    public static void Add(PlotModel model, Axis axis)
    {
        axis.TickStyle = axis.IsVertical() || axis is CategoryAxis ? TickStyle.None : TickStyle.Outside;
        axis.TicklineColor = Quiet;
        axis.AxislineStyle = axis.IsVertical() ? LineStyle.None : LineStyle.Solid;
        axis.AxislineColor = Quiet;
        axis.MajorGridlineStyle = axis.IsVertical() ? LineStyle.Solid : LineStyle.None;
        axis.MajorGridlineColor = Faint;
        axis.MinorTickSize = 0;
        axis.AxisTitleDistance = 10;
        axis.TextColor = Ink;
        axis.TitleColor = Quiet;
        model.Axes.Add(axis);
    }

    /// <summary>A mark from one place of x to another. The legend has its label: beside the line it would be in the way of the others.</summary>
    public static LineSeries Mark(ChartMark mark, double place, double from, double to)
    {
        LineSeries line = new() { Title = mark.Label, Color = Quiet, LineStyle = LineStyle.Dash, StrokeThickness = 1.4 };
        line.Points.AddRange([new DataPoint(from, place), new DataPoint(to, place)]);
        return line;
    }

    public static void Whisker(IRenderContext context, ScreenPoint from, ScreenPoint to, OxyColor colour, double capWidth)
    {
        double half = capWidth / 2;
        foreach ((ScreenPoint a, ScreenPoint b) in (ReadOnlySpan<(ScreenPoint, ScreenPoint)>)
            [(from, to), (new(from.X - half, from.Y), new(from.X + half, from.Y)), (new(to.X - half, to.Y), new(to.X + half, to.Y))])
            context.DrawLine([a, b], colour, 1.3, EdgeRenderingMode.Automatic, null, LineJoin.Miter);
    }

    /// <summary>A figure above the place that it belongs to.</summary>
    public static void Label(IRenderContext context, ScreenPoint place, string text, double size) =>
        context.DrawText(place, text, Quiet, Font, size, FontWeights.Normal, 0, HorizontalAlignment.Center, VerticalAlignment.Bottom, null);
}
