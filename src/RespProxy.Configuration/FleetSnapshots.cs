namespace RespProxy.Configuration;

/// <summary>Who shares a rate's tokens.</summary>
public enum RateReach
{
    /// <summary>The tenant's clients of one proxy: each proxy has the whole rate.</summary>
    Proxy,

    /// <summary>The tenant's clients of all proxies with the same control Redis.</summary>
    Fleet,
}

/// <summary>How proxies share rates. There is one only where rates may be shared.</summary>
public sealed record FleetSnapshot
{
    /// <summary>The control Redis that the tokens are leased from.</summary>
    public required ControlRedisSnapshot Redis { get; init; }

    /// <summary>What the keys there begin with; a colon follows.</summary>
    public string Prefix { get; init; } = "respproxy:fleet";

    /// <summary>Without an answer for so long each proxy goes by its local shares.</summary>
    public TimeSpan FallbackAfter { get; init; } = TimeSpan.FromMilliseconds(250);
}
