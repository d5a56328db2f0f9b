using System.Diagnostics.Metrics;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Otlp;

/// <summary>
/// The same metrics as instruments of the runtime's meter <c>RespProxy</c>, for what listens within the process, or attaches to it where event sources are built in (dotnet-counters). All
/// are observable: without a listener nothing is read. The runtime has no observable histogram, so of those it gets the count and the sum. Any thread.
/// </summary>
public sealed class MetricsMeter : IDisposable
{
    public const string Name = "RespProxy";

    /// <summary>One reading serves all the instruments that a listener asks one after the other.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMilliseconds(500);

    private readonly Func<IEnumerable<MetricFamily>> _metrics;
    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private Dictionary<string, MetricFamily> _reading = new(StringComparer.Ordinal);
    private long _readAt;

    /// <param name="version">Of the program.</param>
    /// <param name="metrics">Asked when a listener asks; once at the beginning, for the names.</param>
    /// <param name="time">How old a reading is.</param>
    public MetricsMeter(string version, Func<IEnumerable<MetricFamily>> metrics, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _metrics = metrics;
        _time = time;
        _meter = new Meter(Name, version);
        foreach (MetricFamily family in Read().Values) Declare(family);
    }

    public void Dispose() => _meter.Dispose();

    private void Declare(MetricFamily family)
    {
        if (!_known.Add(family.BaseName)) return;
        string unit = OtlpUnits.Of(family);
        switch (family.Kind)
        {
            case MetricKind.Counter:
                _meter.CreateObservableCounter(family.BaseName, () => Observe(family.BaseName, sample => sample.Value), unit, family.Help);
                break;
            case MetricKind.Gauge:
                _meter.CreateObservableGauge(family.BaseName, () => Observe(family.BaseName, sample => sample.Value), unit, family.Help);
                break;
            default:
                _meter.CreateObservableCounter(family.BaseName + "_sum", () => Observe(family.BaseName, sample => sample.Histogram!.Sum), unit, family.Help);
                _meter.CreateObservableCounter(family.BaseName + "_count", () => Observe(family.BaseName, CountOf), "", family.Help);
                break;
        }
    }

    private static double CountOf(MetricSample sample)
    {
        long count = 0;
        foreach (long each in sample.Histogram!.Counts) count += each;
        return count;
    }

    private IEnumerable<Measurement<double>> Observe(string name, Func<MetricSample, double> value)
    {
        if (!Read().TryGetValue(name, out MetricFamily? family)) yield break;
        foreach (MetricSample sample in family.Samples)
            yield return new Measurement<double>(value(sample), [.. sample.Labels.Select(label => new KeyValuePair<string, object?>(label.Name, label.Value))]);
    }

    private Dictionary<string, MetricFamily> Read()
    {
        lock (_lock)
        {
            if (_reading.Count > 0 && _time.GetElapsedTime(_readAt) < KeptFor) return _reading;
            _reading = _metrics().ToDictionary(family => family.BaseName, StringComparer.Ordinal);
            _readAt = _time.GetTimestamp();
            return _reading;
        }
    }
}
