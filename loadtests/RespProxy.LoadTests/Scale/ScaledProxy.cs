using System.Diagnostics;
using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Running;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scale;

/// <summary>A proxy of one size, with what it took to start. Ends with its upstream, if that is its own.</summary>
internal sealed class ScaledProxy : IDisposable
{
    private readonly ChildProcess _process;
    private readonly IDisposable? _upstream;

    /// <param name="binary">RespProxy.</param>
    /// <param name="configurationFile">Its listener is at <paramref name="endpoint"/>.</param>
    /// <param name="endpoint">Where the load connects.</param>
    /// <param name="tenant">Whose password is its name, to ask as; null where the listener knows.</param>
    /// <param name="upstream">Ended with the proxy, if given.</param>
    /// <param name="cancellation">Gives up.</param>
    public ScaledProxy(
        string binary, string configurationFile, ServerEndpoint endpoint, string? tenant = null, IDisposable? upstream = null, CancellationToken cancellation = default)
    {
        _upstream = upstream;
        long start = Stopwatch.GetTimestamp();
        _process = new ChildProcess("respproxy", binary, ["run", "--config", configurationFile]);
        try
        {
            Readiness.WaitForUpstream(_process, endpoint, tenant);
            StartMs = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Target = new ScaleTarget(endpoint, new ProcessSampler(_process.Pid));
            IdleBytes = FilledBytes = FootprintRun.SettledBytes(Target.Sampler, cancellation);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ScaleTarget Target { get; }

    /// <summary>From before fork and exec to the first GET answered.</summary>
    public double StartMs { get; }

    public long IdleBytes { get; }

    /// <summary>Resident once <see cref="Fill"/> has used the proxy.</summary>
    public long FilledBytes { get; private set; }

    /// <summary>Writes keys through the proxy, for all tenants if there are several.</summary>
    public void Fill(Action<ServerEndpoint> fill, CancellationToken cancellation)
    {
        fill(Target.Endpoint);
        FilledBytes = FootprintRun.SettledBytes(Target.Sampler, cancellation);
    }

    public void Dispose()
    {
        _process.Dispose();
        _upstream?.Dispose();
    }
}
