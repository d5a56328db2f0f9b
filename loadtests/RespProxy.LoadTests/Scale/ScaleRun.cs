using System.Net.Sockets;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Report;

namespace RespProxy.LoadTests.Scale;

/// <summary>
/// Series by series: a proxy of every size, all running at once, so that the sizes are measured in turn; who goes first rotates with repetition and line. What is being
/// measured has the machine to itself but for the timers of the others.
/// </summary>
internal sealed class ScaleRun(IReadOnlyList<ScaleSeries> series, double cellSeconds, TextWriter log)
{
    /// <summary>Before each measurement, as a share of it: connections have just been made, caches and batches are not yet as they stay.</summary>
    private const double LeadIn = 0.25;

    private readonly List<ScaleStart> _starts = [];
    private readonly List<ScaleSample> _samples = [];
    private readonly List<ScaleFailure> _failures = [];

    public ScaleResults Run(int repetitions, CancellationToken cancellation)
    {
        foreach (ScaleSeries each in series)
            Run(each, repetitions, cancellation);
        return new ScaleResults(_starts, _samples, _failures);
    }

    private void Run(ScaleSeries one, int repetitions, CancellationToken cancellation)
    {
        Dictionary<int, ScaledProxy> proxies = [];
        try
        {
            foreach (int size in one.Sizes)
                Start(one, size, proxies, cancellation);
            WarmUp(one, proxies, cancellation);
            for (int repetition = 0; repetition < repetitions; repetition++)
            {
                foreach ((int number, ScaleLine line) in one.Lines.Index())
                {
                    for (int turn = 0; turn < line.Sizes.Count; turn++)
                        Measure(one, line, line.Sizes[(turn + repetition + number) % line.Sizes.Count], proxies, repetition, cancellation);
                }
            }
        }
        finally
        {
            foreach (ScaledProxy proxy in proxies.Values)
                proxy.Dispose();
        }
    }

    private void Start(ScaleSeries one, int size, Dictionary<int, ScaledProxy> proxies, CancellationToken cancellation)
    {
        try
        {
            cancellation.ThrowIfCancellationRequested();
            ScaledProxy proxy = one.Start(size);
            proxies.Add(size, proxy);
            _starts.Add(new ScaleStart(one.Name, size, proxy.StartMs, proxy.IdleBytes, proxy.FilledBytes));
            log.WriteLine($"prepare {one.Name} {size}: {Format.Figure(proxy.StartMs)} ms, {Format.MebiBytes(proxy.IdleBytes)} MiB");
        }
        catch (Exception error) when (IsFailure(error))
        {
            Fail(one, "start", size, error);
        }
    }

    /// <summary>A cell of each load, so that the code that it runs is compiled for good.</summary>
    private void WarmUp(ScaleSeries one, Dictionary<int, ScaledProxy> proxies, CancellationToken cancellation)
    {
        foreach (ScaleLine line in one.Lines)
        {
            foreach (int size in line.Sizes.Where(proxies.ContainsKey))
                Try(one, line, size, () => Load(line.Load(size), line.Instead ?? proxies[size].Target, _ => { }, cancellation));
        }
    }

    private void Measure(ScaleSeries one, ScaleLine line, int size, Dictionary<int, ScaledProxy> proxies, int repetition, CancellationToken cancellation)
    {
        if (!proxies.TryGetValue(size, out ScaledProxy? proxy))
            return;
        ScaleTarget target = line.Instead ?? proxy.Target;
        Try(one, line, size, () =>
        {
            target.Sampler.ResetPeak();
            Load(line.Load(size), target, load =>
            {
                TimeSpan before = target.Sampler.CpuTime();
                LoadResult result = load.Run(cellSeconds, cancellation);
                double micros = (target.Sampler.CpuTime() - before).TotalMicroseconds / result.Commands;
                _samples.Add(new ScaleSample(repetition, one.Name, line.Name, size, result, micros, target.Sampler.PeakResidentBytes()));
                log.WriteLine($"{repetition + 1} {one.Name,-12} {line.Name,-46} {size,6:N0} {Format.Thousands(result.OpsPerSecond),7} {Format.Figure(micros),6} us");
            }, cancellation);
        });
    }

    private void Load(ScaleLoad load, ScaleTarget target, Action<SteadyLoad> measure, CancellationToken cancellation)
    {
        using IdleConnections idle = new();
        idle.GrowTo(target.Endpoint, load.Idle, cancellation);
        using SteadyLoad steady = new(target.Endpoint, load.Connections, load.Pipeline, load.Requests, cancellation);
        _ = steady.Run(cellSeconds * LeadIn, cancellation);
        measure(steady);
    }

    private void Try(ScaleSeries one, ScaleLine line, int size, Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (IsFailure(error))
        {
            Fail(one, line.Name, size, error);
        }
    }

    private void Fail(ScaleSeries one, string line, int size, Exception error)
    {
        _failures.Add(new ScaleFailure(one.Name, line, size, error.Message));
        log.WriteLine($"{one.Name} {line} {size:N0} failed: {error.Message}");
    }

    private static bool IsFailure(Exception error) => error is LoadFailedException or SocketException or IOException;
}
