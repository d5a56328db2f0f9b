namespace RespProxy.IntegrationTests.Differential;

/// <summary>How closely two replies must agree, from byte for byte to the same type.</summary>
internal enum Likeness
{
    /// <summary>Byte for byte.</summary>
    Exact,

    /// <summary>Redis leaves the order of an aggregate's elements open.</summary>
    Unordered,

    /// <summary>Numbers that time moves: off by at most 1 % or 3; all else byte for byte.</summary>
    Approximate,

    /// <summary>The same types and lengths of aggregates at every place: random picks, identifiers, clocks.</summary>
    Shape,

    /// <summary>The same type of reply (for an error, any error): what each server says of itself.</summary>
    Kind,
}

/// <summary>One call of a scenario.</summary>
/// <param name="Arguments">One char per byte.</param>
/// <param name="Text">The call as its file has it, for people.</param>
internal sealed record Call(Likeness Likeness, string[] Arguments, string Text);

/// <summary>Calls on an empty keyspace, by a client of its own; every reply is compared.</summary>
internal sealed record Scenario
{
    /// <summary>The command's name in the command table, e.g. <c>XGROUP|CREATE</c>.</summary>
    public required string Row { get; init; }

    public required string Title { get; init; }

    public required IReadOnlyList<Call> Calls { get; init; }

    /// <summary>Its keys lie in several slots, so that in a cluster it can be no transaction.</summary>
    public bool HasSeveralSlots { get; init; }

    /// <summary>Why it is not run between MULTI and EXEC; null when it is.</summary>
    public string? OutsideMulti { get; init; }

    /// <summary>Why nodes of a cluster answer it otherwise than a plain Redis; null when they don't.</summary>
    public string? NotInCluster { get; init; }
}
