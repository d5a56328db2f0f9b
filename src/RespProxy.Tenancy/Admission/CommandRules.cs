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
}
