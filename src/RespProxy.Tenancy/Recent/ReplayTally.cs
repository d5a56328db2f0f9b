using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.Recent;

/// <summary>
/// Counts requests of a sample. One that was kept stands for w, itself and those since the one before, at random gaps: so a count of n of such is off by a
/// standard deviation of about the root of n (w - 1).
/// </summary>
internal sealed class ReplayTally
{
    /// <summary>Of a normal distribution, 95 % are within so many standard deviations.</summary>
    private const double Deviations = 1.96;

    /// <summary>What was not seen once in n samples is, in 95 of 100 cases, rarer than 3 in n.</summary>
    private const double WhereNoneWasSeen = 3;

    private const int MostExamples = 5;

    private readonly List<CommandSpec> _examples = [];
    private long _count;
    private double _variance;

    public IReadOnlyList<string> Examples => [.. _examples.Select(spec => spec.Name)];

    /// <summary>So many of those that a kept request stands for were met.</summary>
    public void Add(RecentRequest request, long times)
    {
        _count += times;
        _variance += (double)times * (request.Weight - 1);
        if (_examples.Count < MostExamples && !_examples.Contains(request.Command)) _examples.Add(request.Command);
    }

    /// <param name="meanWeight">Requests that one kept stands for on the average.</param>
    public Estimate Estimate(double meanWeight) => new(_count, (long)Math.Ceiling(
        meanWeight <= 1 ? 0 : _count == 0 ? WhereNoneWasSeen * meanWeight : Deviations * Math.Sqrt(_variance)));
}
