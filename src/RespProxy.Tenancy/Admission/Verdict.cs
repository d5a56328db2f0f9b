namespace RespProxy.Tenancy.Admission;

/// <summary>What admission says of a request; <see cref="RuleSet.Decide"/> lists when.</summary>
public enum AdmissionOutcome
{
    /// <summary>It runs now.</summary>
    Allowed,

    /// <summary>A denylist names it: an error.</summary>
    Denied,

    /// <summary>A rate is used up: an error that says when to come back.</summary>
    Throttled,

    /// <summary>It is paid for, and runs when its wait is over.</summary>
    Delayed,
}

/// <summary>The outcome with what belongs to it.</summary>
public readonly struct Verdict
{
    public AdmissionOutcome Outcome { get; init; }

    /// <summary>Of <see cref="AdmissionOutcome.Denied"/>.</summary>
    public DenialRule? Denial { get; init; }

    /// <summary>Of <see cref="AdmissionOutcome.Throttled"/>.</summary>
    public RateRule? Rate { get; init; }

    /// <summary>Of throttled and delayed, in ticks of <see cref="AdmissionClock"/>.</summary>
    public long Wait { get; init; }

    /// <summary>A rule that only counts would have refused or delayed it.</summary>
    public bool IsShadowed { get; init; }

    /// <summary>The reply-byte rates that its reply is to be charged to: <see cref="RuleSet.ChargeReply"/>.</summary>
    public ulong ReplyRates { get; init; }
}
