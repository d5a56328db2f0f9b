using System.Globalization;

namespace RespProxy.LoadTests.Limits;

internal enum LimitAction
{
    Reject,
    Delay,
}

/// <summary>One limit under one load. Each cell is a tenant of its own, so that none begins with what another left of its bucket.</summary>
/// <param name="Loops">Event loops of the proxy, which share the bucket.</param>
/// <param name="Action">What the proxy does beyond the rate.</param>
/// <param name="Rate">Commands per second.</param>
/// <param name="Connections">Clients, each in a closed loop.</param>
/// <param name="Pipeline">Requests that a client sends at once; the next ones when all are answered.</param>
internal sealed record LimitCell(int Loops, LimitAction Action, long Rate, int Connections, int Pipeline)
{
    private static readonly long[] Rates = [10, 100, 1_000, 10_000, 100_000];

    /// <summary>Of the rate: what clients see is within this of it.</summary>
    public const double Tolerance = 0.02;

    /// <summary>A tenth of a second's worth: more than a pause of the proxy between two turns, less than what would hide a wrong rate.</summary>
    public long Burst => Math.Max(1, Rate / 10);

    public string Tenant => string.Create(CultureInfo.InvariantCulture, $"{(Action == LimitAction.Delay ? "delay" : "reject")}-{Rate}-c{Connections}-p{Pipeline}");

    public string Load => string.Create(CultureInfo.InvariantCulture, $"{Connections} conn{(Connections == 1 ? "" : "s")}, P={Pipeline}");

    public static IReadOnlyList<LimitCell> Of(int loops) =>
    [
        // Loops share the bucket, whatever becomes of what it does not let pass.
        .. from action in loops == 1 ? (LimitAction[])[LimitAction.Reject, LimitAction.Delay] : [LimitAction.Reject]
           from rate in Rates
           from connections in (int[])[1, 8, 64]
           from pipeline in (int[])[1, 50]
           select new LimitCell(loops, action, rate, connections, pipeline),
    ];
}
