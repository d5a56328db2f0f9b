using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;

namespace RespProxy.LoadTests.Scale;

/// <summary>One measurement: user and system microseconds of the proxy for each command, and the most memory it had since before the load connected, in bytes.</summary>
internal sealed record ScaleSample(int Repetition, string Series, string Line, int Size, LoadResult Load, double CpuMicros, long PeakBytes);

/// <summary>How a proxy began: milliseconds from before fork and exec to the first GET answered, and what it takes then, and with its keys written, in bytes.</summary>
internal sealed record ScaleStart(string Series, int Size, double StartMs, long IdleBytes, long FilledBytes);

/// <summary>A measurement that was not made, and why.</summary>
internal sealed record ScaleFailure(string Series, string Line, int Size, string Reason);

/// <summary>All of a run.</summary>
internal sealed record ScaleResults(IReadOnlyList<ScaleStart> Starts, IReadOnlyList<ScaleSample> Samples, IReadOnlyList<ScaleFailure> Failures)
{
    public ScaleStart? StartOf(ScaleSeries series, int size) => Starts.FirstOrDefault(start => start.Series == series.Name && start.Size == size);

    public IEnumerable<ScaleSample> Of(ScaleSeries series, ScaleLine line, int size) =>
        Samples.Where(sample => sample.Series == series.Name && sample.Line == line.Name && sample.Size == size);

    public Spread? Figure(ScaleSeries series, ScaleLine line, int size, Func<ScaleSample, double> figure) => Spread.Of(Of(series, line, size).Select(figure));

    /// <summary>The cost at a size as a multiple of that at the line's reference, taken within each repetition, where both met the same state of the machine.</summary>
    public Spread? Ratio(ScaleSeries series, ScaleLine line, int size) => Spread.Of(
        from mine in Of(series, line, size)
        join reference in Of(series, line, line.Reference) on mine.Repetition equals reference.Repetition
        where reference.CpuMicros > 0
        select mine.CpuMicros / reference.CpuMicros);
}
