namespace RespProxy.Tenancy.Admission;

/// <summary>The rules that concern one command. Immutable.</summary>
internal sealed class CommandRules
{
    /// <summary>For every call, in the order written.</summary>
    public DenialRule[] Denials { get; init; } = [];

    /// <summary>For every call, in the order written.</summary>
    public RateRule[] Rates { get; init; } = [];

    /// <summary>For certain keys; null when there are none. Shared by the commands with the same such rules.</summary>
    public KeyRules? Keyed { get; init; }

    /// <summary>A rule asks for the command's keys or their number.</summary>
    public bool NeedsKeys { get; init; }

    public bool MayBeThrottled { get; init; }

    /// <summary>
    /// Unless a rule is for its key, a request is subject to nothing but <see cref="OnlyRate"/>, which it costs one: no denial is for every call, the key,
    /// if rules ask for it, is the first argument, and no other rate is for every call.
    /// </summary>
    public bool IsSimple { get; init; }

    /// <summary>Where <see cref="IsSimple"/>: the rate that every call pays one at; null for none.</summary>
    public RateRule? OnlyRate => Rates.Length > 0 ? Rates[0] : null;
}
