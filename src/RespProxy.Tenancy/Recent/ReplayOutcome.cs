using RespProxy.Tenancy.Admission;

namespace RespProxy.Tenancy.Recent;

/// <summary>A number of requests, as a sample tells it.</summary>
/// <param name="Count">The best guess.</param>
/// <param name="Error">By how much it may be off, in 95 of 100 samples; 0 where every request was kept.</param>
public readonly record struct Estimate(long Count, long Error);

/// <summary>What rules would have made of recorded requests.</summary>
public sealed record ReplayOutcome
{
    /// <summary>Requests replayed, by what those kept stand for.</summary>
    public long Requests { get; init; }

    /// <summary>Refused by a denylist.</summary>
    public Estimate Denied { get; init; }

    /// <summary>Refused by a rate.</summary>
    public Estimate Throttled { get; init; }

    /// <summary>Made to wait for their turn at a rate.</summary>
    public Estimate Delayed { get; init; }

    /// <summary>Met a shadow rule that would have refused or delayed them.</summary>
    public Estimate Shadowed { get; init; }

    /// <summary>Of each denial, in the order written.</summary>
    public IReadOnlyList<RuleOutcome<DenialRule>> Denials { get; init; } = [];

    /// <summary>Of each rate, in the order written.</summary>
    public IReadOnlyList<RuleOutcome<RateRule>> Rates { get; init; } = [];
}

/// <summary>What one rule would have done.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="IsInForce">It has begun and has not ended.</param>
/// <param name="Hits">Requests that it would have refused, or in shadow mode counted.</param>
/// <param name="Examples">Some of the commands that it met.</param>
public sealed record RuleOutcome<T>(T Rule, bool IsInForce, Estimate Hits, IReadOnlyList<string> Examples);
