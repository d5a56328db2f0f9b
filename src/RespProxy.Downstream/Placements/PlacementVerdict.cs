namespace RespProxy.Downstream.Placements;

/// <summary>What comparing a tenant's configuration with its marker came to.</summary>
/// <param name="Kind">The outcome.</param>
/// <param name="Error">For <see cref="PlacementVerdictKind.Refused"/>: what every request of the tenant is answered, without <c>-</c> and CRLF.</param>
internal sealed record PlacementVerdict(PlacementVerdictKind Kind, string Error = "")
{
    public static readonly PlacementVerdict Good = new(PlacementVerdictKind.Good);

    public static readonly PlacementVerdict Unreachable = new(PlacementVerdictKind.Unreachable);

    public static PlacementVerdict Refused(string error) => new(PlacementVerdictKind.Refused, error);
}

internal enum PlacementVerdictKind
{
    /// <summary>The keys are where the configuration says, or there are none elsewhere.</summary>
    Good,

    /// <summary>There are keys under another namespace or placement.</summary>
    Refused,

    /// <summary>The nodes could not be asked in time.</summary>
    Unreachable,
}
