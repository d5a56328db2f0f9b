using System.Globalization;
using OxyPlot.Axes;

namespace RespProxy.LoadTests.Report.Charts;

/// <summary>
/// Where values stand along an axis. The drawing library sees placed values only, on linear axes: its logarithmic axis can neither show a 0 nor label
/// places of our choice.
/// </summary>
internal sealed class AxisLayout
{
    /// <summary>Room beyond the outermost values of a logarithmic axis, in powers of ten: half a symbol and half a label.</summary>
    private const double LogarithmicMargin = 0.12;

    private readonly ChartAxis _axis;
    private readonly double[] _values;
    private readonly double _zero;

    /// <param name="axis">As it is asked for.</param>
    /// <param name="values">All that it must show.</param>
    public AxisLayout(ChartAxis axis, IEnumerable<double> values)
    {
        _axis = axis;
        _values = [.. values];
        if (IsLogarithmic && _values.Any(double.IsNegative))
            throw new ArgumentException($"'{axis.Title}' is logarithmic and has no place for what is below 0", nameof(values));
        double[] positive = [.. _values.Where(value => value > 0)];
        _zero = positive.Length > 0 ? Math.Log10(positive.Min()) - 1 : 0;
    }

    private bool IsLogarithmic => _axis.Scale == AxisScale.Logarithmic;

    public double Place(double value) => !IsLogarithmic ? value : value > 0 ? Math.Log10(value) : _zero;

    public Axis Draw(AxisPosition position)
    {
        ChartTick[] ticks = [.. _axis.Ticks.Count > 0 || !IsLogarithmic ? _axis.Ticks : PowersOfTen()];
        LinearAxis axis = ticks.Length == 0 ? new LinearAxis { LabelFormatter = Number } : new TickedAxis(this, ticks);
        axis.Position = position;
        axis.Title = _axis.Title;
        SetRange(axis);
        return axis;
    }

    /// <summary>A number as a label writes it: 10,000 or 0.25.</summary>
    public static string Number(double value) => value.ToString("#,0.###", CultureInfo.InvariantCulture);

    private void SetRange(LinearAxis axis)
    {
        axis.MinimumPadding = IsLogarithmic ? 0 : 0.03;
        axis.MaximumPadding = IsLogarithmic ? 0 : 0.06;
        if (_axis.Min is { } min)
            axis.Minimum = Place(min);
        else if (IsLogarithmic)
            axis.Minimum = Places.Min() - LogarithmicMargin;
        else if (axis.IsVertical() && _values.All(value => value >= 0))
            axis.Minimum = 0;
        if (_axis.Max is { } max)
            axis.Maximum = Place(max);
        else if (IsLogarithmic)
            axis.Maximum = Places.Max() + LogarithmicMargin;
    }

    private IEnumerable<double> Places => _values.DefaultIfEmpty(1).Select(Place);

    private IEnumerable<ChartTick> PowersOfTen()
    {
        if (_values.Contains(0))
            yield return new ChartTick(0);
        double[] positive = [.. _values.Where(value => value > 0).Select(Math.Log10).DefaultIfEmpty(0)];
        for (double power = Math.Floor(positive.Min()); power <= Math.Ceiling(positive.Max()); power++)
            yield return new ChartTick(Math.Pow(10, power));
    }

    /// <summary>Labels where they are asked for and nowhere else.</summary>
    private sealed class TickedAxis : LinearAxis
    {
        private readonly double[] _places;
        private readonly string[] _labels;

        public TickedAxis(AxisLayout layout, ChartTick[] ticks)
        {
            _places = [.. ticks.Select(tick => layout.Place(tick.Value))];
            _labels = [.. ticks.Select(tick => tick.Label ?? Number(tick.Value))];
        }

        public override void GetTickValues(out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues)
        {
            double[] visible = [.. _places.Where(place => place >= ClipMinimum && place <= ClipMaximum)];
            majorLabelValues = visible;
            majorTickValues = visible;
            minorTickValues = [];
        }

        protected override string FormatValueOverride(double x) => Array.IndexOf(_places, x) is >= 0 and var found ? _labels[found] : "";
    }
}
