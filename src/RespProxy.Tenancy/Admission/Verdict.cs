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

/// <summary>The outcome with what belongs to it. Filled field by field where its reader has it: written in parts and copied whole, it stalls the processor.</summary>
public struct Verdict
{
    public AdmissionOutcome Outcome { readonly get; internal set; }

    /// <summary>Of <see cref="AdmissionOutcome.Denied"/>.</summary>
    public DenialRule? Denial { readonly get; internal set; }

    /// <summary>Of <see cref="AdmissionOutcome.Throttled"/>.</summary>
    public RateRule? Rate { readonly get; internal set; }

    /// <summary>Of throttled and delayed, in ticks of <see cref="AdmissionClock"/>.</summary>
    public long Wait { readonly get; internal set; }

    /// <summary>A rule that only counts would have refused or delayed it.</summary>
    public bool IsShadowed { readonly get; internal set; }

    /// <summary>The reply-byte rates that its reply is to be charged to: <see cref="RuleSet.ChargeReply"/>.</summary>
    public ulong ReplyRates { readonly get; internal set; }
}
