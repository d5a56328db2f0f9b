namespace RespProxy.LoadTests.Report.Charts;

/// <summary>How values are laid out along an axis.</summary>
internal enum AxisScale
{
    Linear,

    /// <summary>Each power of ten takes as much room as the next. A 0, which has no place of its own there, stands one power of ten before the smallest value above it.</summary>
    Logarithmic,
}

/// <summary>One labelled place of an axis; without a label the value itself, as 10,000 or 0.25, is written there.</summary>
internal readonly record struct ChartTick(double Value, string? Label = null);

/// <summary>One axis.</summary>
/// <param name="Title">What is measured, and its unit after a comma: "latency, ms".</param>
internal sealed record ChartAxis(string Title)
{
    public AxisScale Scale { get; init; }

    /// <summary>The places that get a label. None: round numbers, or on a logarithmic axis the powers of ten.</summary>
    public IReadOnlyList<ChartTick> Ticks { get; init; } = [];

    /// <summary>The least that the axis shows; null: 0, or on a logarithmic axis, and along a line's x, what the smallest value needs.</summary>
    public double? Min { get; init; }

    /// <summary>The most that the axis shows; null: what the largest value needs.</summary>
    public double? Max { get; init; }
}

/// <summary>A place along x and the repetitions' figure there.</summary>
internal readonly record struct ChartPoint(double X, Spread Y)
{
    /// <summary>A figure that has no spread.</summary>
    public ChartPoint(double x, double y)
        : this(x, new Spread(y, y, y, 1))
    {
    }
}

/// <summary>A named line: its points in the order of x. A line of more than one chart keeps its colour if it keeps its place in the list.</summary>
internal sealed record ChartLine(string Name, IReadOnlyList<ChartPoint> Points);

/// <summary>How a line shows the smallest and the largest repetition.</summary>
internal enum SpreadStyle
{
    None,
    ErrorBars,
    Band,
}

/// <summary>A dashed line across the chart at a value of y that matters: a bound, a target.</summary>
internal sealed record ChartMark(double Y, string Label);

/// <summary>Lines over a quantity.</summary>
internal sealed record LineChart(string Title, ChartAxis X, ChartAxis Y, IReadOnlyList<ChartLine> Lines)
{
    public SpreadStyle Spread { get; init; } = SpreadStyle.ErrorBars;

    /// <summary>Points get a symbol each; better off where a line has very many.</summary>
    public bool Symbols { get; init; } = true;

    public IReadOnlyList<ChartMark> Marks { get; init; } = [];
}

/// <summary>A named set of bars: one for each category, in their order; null where nothing was measured.</summary>
internal sealed record ChartBars(string Name, IReadOnlyList<Spread?> Values);

/// <summary>Bars side by side for each category, each with its figure, and a line from the smallest to the largest repetition.</summary>
internal sealed record BarChart(string Title, IReadOnlyList<string> Categories, ChartAxis Y, IReadOnlyList<ChartBars> Series)
{
    public IReadOnlyList<ChartMark> Marks { get; init; } = [];
}
