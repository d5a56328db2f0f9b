using System.Xml.Linq;
using OxyPlot;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>
/// Draws charts as SVG documents: text stays text in the reader's sans-serif font, on a white ground of the chart's own. The same chart is the same text,
/// byte for byte.
/// </summary>
internal static class SvgChart
{
    private const double Width = 820;
    private const double Height = 440;

    /// <exception cref="ArgumentException">The chart contradicts itself; the message says how.</exception>
    public static string Draw(LineChart chart) => Draw(LinePlot.Of(chart));

    /// <inheritdoc cref="Draw(LineChart)"/>
    public static string Draw(BarChart chart) => Draw(BarPlot.Of(chart));

    private static string Draw(PlotModel model)
    {
        SvgExporter exporter = new()
        {
            Width = Width,
            Height = Height,
            TextMeasurer = new WideText(),
            UseVerticalTextAlignmentWorkaround = true,
        };
        XDocument drawing = XDocument.Parse(exporter.ExportToString(model));
        return Readable(drawing.Root!, model.Title).ToString() + "\n";
    }

    /// <summary>Adds what a page needs to scale the drawing and to read its name aloud.</summary>
    private static XElement Readable(XElement svg, string title)
    {
        svg.SetAttributeValue("viewBox", FormattableString.Invariant($"0 0 {Width} {Height}"));
        svg.SetAttributeValue("role", "img");
        svg.SetAttributeValue("aria-label", title);
        svg.AddFirst(new XElement(svg.Name.Namespace + "title", title));
        return svg;
    }

    /// <summary>The library itself knows Helvetica only, and would cut others off.</summary>
    private sealed class WideText() : PdfRenderContext(Width, Height, OxyColors.White)
    {
        public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight) => string.IsNullOrEmpty(text)
            ? OxySize.Empty
            : new OxySize(ChartText.Width(text, fontSize, isBold: fontWeight > FontWeights.Normal), ChartText.Height(text, fontSize));
    }
}
