namespace RespProxy.Configuration;

/// <summary>What is kept of the tenants' latest requests, for trying rules on them.</summary>
public sealed record RecentRequestsSnapshot
{
    public bool Enabled { get; init; } = true;

    /// <summary>Older ones are forgotten.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most bytes for each tenant that asks, and event loop.</summary>
    public int Memory { get; init; } = 64 * 1024;
}
