using System.Globalization;
using System.Xml.Linq;
using RespProxy.LoadTests.Report;
using RespProxy.LoadTests.Report.Charts;

namespace RespProxy.LoadTests.Tests;

public sealed class ChartTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("respproxy-chart-tests-");

    private static LineChart Lines => new(
        "Cost <per> command & growth",
        new ChartAxis("connections") { Scale = AxisScale.Logarithmic },
        new ChartAxis("CPU per command, us"),
        [
            new ChartLine("active", [new(1, new Spread(9, 8, 12, 3)), new(100, new Spread(7, 6, 7.5, 3)), new(10_000, new Spread(8, 7.5, 9, 3))]),
            new ChartLine("idle", [new(1, 9), new(100, 7.25), new(10_000, 8)]),
        ])
    {
        Marks = [new ChartMark(11, "bound")],
    };

    private static BarChart Bars => new(
        "Throughput",
        ["GET", "SET", "MGET of 10"],
        new ChartAxis("commands per second, thousands"),
        [
            new ChartBars("nutcracker", [new Spread(50, 45, 52, 3), new Spread(48, 40, 50, 3), null]),
            new ChartBars("respproxy", [new Spread(70, 66, 71, 3), new Spread(69, 60, 90, 3), new Spread(1, 1, 1, 1)]),
        ])
    {
        Marks = [new ChartMark(60, "target")],
    };

    [Fact]
    public void A_line_chart_says_what_it_shows_in_text()
    {
        HashSet<string> texts = Texts(SvgChart.Draw(Lines));

        Assert.Superset(
            new HashSet<string> { "Cost <per> command & growth", "connections", "CPU per command, us", "active", "idle", "bound", "1", "10", "100", "1,000", "10,000" },
            texts);
    }

    [Fact]
    public void A_bar_chart_says_what_it_shows_in_text()
    {
        HashSet<string> texts = Texts(SvgChart.Draw(Bars));

        Assert.Superset(
            new HashSet<string> { "Throughput", "commands per second, thousands", "GET", "SET", "MGET of 10", "nutcracker", "respproxy", "50.0", "70.0", "1.00", "target" },
            texts);
    }

    [Fact]
    public void The_same_chart_is_the_same_text_in_any_culture()
    {
        string lines = SvgChart.Draw(Lines), bars = SvgChart.Draw(Bars);
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        commas.NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };
        try
        {
            CultureInfo.CurrentCulture = commas;
            Assert.Equal(lines, SvgChart.Draw(Lines));
            Assert.Equal(bars, SvgChart.Draw(Bars));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_chart_has_a_ground_of_its_own_and_no_font_of_its_own()
    {
        XElement svg = XDocument.Parse(SvgChart.Draw(Lines)).Root!;

        XElement ground = Of(svg, "rect").First();
        Assert.StartsWith("fill:rgb(255,255,255)", ground.Attribute("style")!.Value, StringComparison.Ordinal);
        Assert.Equal(svg.Attribute("viewBox")!.Value, $"0 0 {ground.Attribute("width")!.Value} {ground.Attribute("height")!.Value}");
        Assert.All(Of(svg, "text"), text => Assert.Equal("sans-serif", text.Attribute("font-family")!.Value));
        Assert.Empty(Of(svg, "style"));
        Assert.Equal("Cost <per> command & growth", svg.Attribute("aria-label")!.Value);
    }

    [Fact]
    public void Zero_stands_one_power_of_ten_before_the_smallest_value_on_a_logarithmic_axis()
    {
        LineChart chart = Lines with { Lines = [new ChartLine("rules", [new(0, 1), new(10, 2), new(100, 3), new(1000, 4)])], Marks = [] };
        XElement svg = XDocument.Parse(SvgChart.Draw(chart)).Root!;

        double Left(string label) => Centre(Of(svg, "text").First(text => text.Value == label));

        Assert.Equal(Left("100") - Left("10"), Left("10") - Left("0"), tolerance: 0.01);
        Assert.Equal(Left("1,000") - Left("100"), Left("100") - Left("10"), tolerance: 0.01);
    }

    [Fact]
    public void An_axis_labels_the_places_that_it_is_told_to()
    {
        LineChart chart = Lines with
        {
            X = new ChartAxis("nodes") { Scale = AxisScale.Logarithmic, Ticks = [new(3), new(25), new(50, "fifty")] },
            Lines = [new ChartLine("nodes", [new(3, 1), new(25, 2), new(50, 3)])],
            Marks = [],
        };

        HashSet<string> texts = Texts(SvgChart.Draw(chart));

        Assert.Superset(new HashSet<string> { "3", "25", "fifty" }, texts);
        Assert.DoesNotContain("10", texts);
    }

    [Theory]
    [InlineData("short", 200, "short")]
    [InlineData("GET 100 KiB, 8 connections", 110, "GET 100 KiB, 8\nconnections")]
    [InlineData("indivisible", 10, "indivisible")]
    public void A_category_is_broken_at_spaces_where_it_has_no_room(string category, double room, string wrapped) =>
        Assert.Equal(wrapped, ChartText.Wrapped(category, room));

    [Fact]
    public void What_contradicts_itself_is_refused()
    {
        ArgumentException uneven = Assert.Throws<ArgumentException>(() => SvgChart.Draw(Bars with { Categories = ["GET"] }));
        Assert.StartsWith("'nutcracker' has 3 values for 1 categories", uneven.Message, StringComparison.Ordinal);
        _ = Assert.Throws<ArgumentException>(() => SvgChart.Draw(Lines with { Lines = [new ChartLine("below", [new(-1, 1)])] }));
    }

    [Fact]
    public void A_chart_is_written_beside_its_document()
    {
        ChartFolder folder = new(Path.Combine(_directory.FullName, "performance.md"));

        folder.Write("scale-nodes", "first");
        folder.Write("scale-nodes", SvgChart.Draw(Lines));

        Assert.Equal(SvgChart.Draw(Lines), File.ReadAllText(Path.Combine(_directory.FullName, "charts", "scale-nodes.svg")));
        Assert.Equal("![cost by nodes](charts/scale-nodes.svg)", ChartFolder.Reference("scale-nodes", "cost by nodes"));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static HashSet<string> Texts(string svg) => [.. Of(XDocument.Parse(svg).Root!, "text").Select(text => text.Value)];

    private static IEnumerable<XElement> Of(XElement svg, string name) => svg.Descendants(svg.Name.Namespace + name);

    /// <summary>Text is drawn around its anchor, which a translation gives.</summary>
    private static double Centre(XElement text)
    {
        string transform = text.Attribute("transform")!.Value;
        string numbers = transform[(transform.IndexOf('(', StringComparison.Ordinal) + 1)..transform.IndexOf(')', StringComparison.Ordinal)];
        return double.Parse(numbers.Split(',', ' ')[0], CultureInfo.InvariantCulture);
    }
}
