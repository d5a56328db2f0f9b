using RespProxy.LoadTests.Measuring;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scale;

/// <summary>One quantity that grows while all else stays the same: a chart.</summary>
/// <param name="Name">On the command line, and of the chart's file: scale-NAME.</param>
/// <param name="Title">Of the chart.</param>
/// <param name="Quantity">What grows, in the plural; the axis.</param>
/// <param name="One">One of them.</param>
/// <param name="Start">Starts a proxy of one size, with its keys.</param>
/// <param name="Lines">The loads it is measured under.</param>
internal sealed record ScaleSeries(string Name, string Title, string Quantity, string One, Func<int, ScaledProxy> Start, IReadOnlyList<ScaleLine> Lines)
{
    /// <summary>The proxies differ from the start, not by their load alone.</summary>
    public bool DiffersAtStart { get; init; } = true;

    /// <summary>Those of all lines, ascending.</summary>
    public IReadOnlyList<int> Sizes => [.. Lines.SelectMany(line => line.Sizes).Distinct().Order()];
}

/// <summary>One load over several sizes: a line of the chart.</summary>
/// <param name="Name">In legends and tables.</param>
/// <param name="Sizes">Ascending.</param>
/// <param name="Reference">The size that the others are compared with; one of them.</param>
/// <param name="Load">What is asked of a proxy of one size.</param>
internal sealed record ScaleLine(string Name, IReadOnlyList<int> Sizes, int Reference, Func<int, ScaleLoad> Load)
{
    /// <summary>The server that is asked and measured in place of the proxy, to compare with; nothing is asked of what it costs. Null: the proxy.</summary>
    public ScaleTarget? Instead { get; init; }

    /// <summary>What counts as flat: no more than this many times the cost at the reference.</summary>
    public const double Flat = 1.25;

    /// <summary>Sizes where more than <see cref="Flat"/> is bound to be; docs/performance.md says why.</summary>
    public IReadOnlyDictionary<int, double> Allowances { get; init; } = new Dictionary<int, double>();

    /// <summary>The most that a command may cost at this size, as a multiple of what it costs at the reference; null: whatever it does.</summary>
    public double? BoundAt(int size) => Instead is null ? Allowances.GetValueOrDefault(size, Flat) : null;
}

/// <summary>Where a load goes, and whose CPU and memory count.</summary>
internal sealed record ScaleTarget(ServerEndpoint Endpoint, ProcessSampler Sampler);

/// <summary>A closed loop, and connections that are open meanwhile and say nothing after one PING.</summary>
internal sealed record ScaleLoad(int Connections, int Pipeline, ScaleRequests Requests, int Idle = 0);
