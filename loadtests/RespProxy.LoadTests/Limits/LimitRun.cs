using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Limits;

/// <summary>All cells, one after the other, on a proxy for each number of loops.</summary>
internal sealed class LimitRun(string binary, RedisUpstream upstream, WorkDirectory directory, TextWriter log)
{
    private const double CalibrationSeconds = 1;

    /// <summary>
    /// Too few may be the machine's doing: a client or a proxy that gets no processor for longer than the burst lasts does not ask or grant, and
    /// what was not used is gone. Too many never is.
    /// </summary>
    private const int Attempts = 3;

    private readonly List<LimitResult> _results = [];

    /// <param name="loops">Numbers of loops.</param>
    /// <param name="wanted">Cells by their tenant's name; none: all.</param>
    /// <param name="seconds">How long a cell is measured.</param>
    /// <param name="cancellation">Gives up.</param>
    public IReadOnlyList<LimitResult> Run(IReadOnlyList<int> loops, IReadOnlyList<string> wanted, double seconds, CancellationToken cancellation)
    {
        foreach (int number in loops.Distinct())
        {
            LimitCell[] cells = [.. LimitCell.Of(number).Where(cell => wanted.Count == 0 || wanted.Contains(cell.Tenant))];
            using LimitedProxy proxy = new(binary, number, cells, upstream, directory);
            foreach (LimitCell cell in cells)
                Measure(proxy, cell, seconds, cancellation);
        }

        return _results;
    }

    private void Measure(LimitedProxy proxy, LimitCell cell, double seconds, CancellationToken cancellation)
    {
        string name = $"{cell.Loops} {cell.Tenant}";
        try
        {
            LimitResult result = MeasureOnce(proxy, cell, seconds, cancellation);
            for (int again = 1; again < Attempts && result is { Sample: { Excess: null }, Fault: not null }; again++)
            {
                log.WriteLine($"{name,-28} {result.Fault}, once more");
                result = MeasureOnce(proxy, cell, seconds, cancellation);
            }

            _results.Add(result);
            log.WriteLine($"{name,-28} {result.Sample!.Ratio:0.0000} of the rate, {result.Sample.Demand:0.0} asked {result.Fault}");
        }
        catch (LoadFailedException error)
        {
            _results.Add(new LimitResult(cell, null, error.Message));
            log.WriteLine($"{name,-28} failed: {error.Message}");
        }
    }

    private static LimitResult MeasureOnce(LimitedProxy proxy, LimitCell cell, double seconds, CancellationToken cancellation)
    {
        LimitSample sample = LimitLoad.Run(proxy.Endpoint, cell.Tenant, cell, seconds, cancellation);
        return new LimitResult(cell, sample, sample.Excess ?? (sample.IsShort && CouldMore(proxy, sample, cancellation) ? sample.Shortage : null));
    }

    /// <summary>
    /// True: the clients asked for more than they got; or, where they wait and cannot ask for more, the same load gets far more a moment later without
    /// a limit.
    /// </summary>
    private static bool CouldMore(LimitedProxy proxy, LimitSample sample, CancellationToken cancellation)
    {
        if (sample.Cell.Action == LimitAction.Reject) return true;
        LimitSample unlimited = LimitLoad.Run(proxy.Endpoint, LimitedProxy.Unlimited, sample.Cell, CalibrationSeconds, cancellation);
        return unlimited.Ratio > 2;
    }
}

/// <summary>A cell's sample, null when there is none, and what is wrong, null when nothing is.</summary>
internal sealed record LimitResult(LimitCell Cell, LimitSample? Sample, string? Fault);
