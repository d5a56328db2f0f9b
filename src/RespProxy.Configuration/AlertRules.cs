using System.Collections.Immutable;

namespace RespProxy.Configuration;

/// <summary>What can be wrong, each a rule of its own; docs/operations/alerts.md says of each what it means and what to do.</summary>
public enum AlertKind
{
    TenantMemory,
    NodeMemory,
    TenantRate,
    TenantThrottled,
    ErrorReplies,
    RequestsFailed,
    AuthenticationFailures,
    IsolationFault,
    AddedLatency,
    UpstreamLatency,
    TopologyAge,
    NodeConnections,
    SlotsUncovered,
    NotReady,
    ConfigurationRefused,
}

/// <summary>What a rule's value is in.</summary>
public enum AlertUnit
{
    /// <summary>Percent of something that is set aside: a level is left five of them below.</summary>
    PercentOfLimit,

    /// <summary>Percent of commands.</summary>
    PercentOfCommands,
    PerMinute,
    Milliseconds,
    Seconds,
    Slots,

    /// <summary>It is so, or it is not.</summary>
    Fact,
}

/// <summary>The rules there are: their units and what they are where nothing is written. One row each; the Prometheus rules say the same.</summary>
public static class AlertRules
{
    /// <summary>From "look at it today" to "get up": each may go to receivers of its own.</summary>
    public static readonly ImmutableArray<int> Levels = [60, 75, 85, 100];

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>In the order of <see cref="AlertKind"/>.</summary>
    public static readonly ImmutableArray<AlertRuleSnapshot> Defaults =
    [
        Rule(AlertKind.TenantMemory, default, (60, 60), (75, 75), (85, 85), (100, 100)),
        Rule(AlertKind.NodeMemory, default, (60, 60), (75, 75), (85, 85)),
        Rule(AlertKind.TenantRate, Minute, (60, 60), (75, 75), (85, 85)),
        Rule(AlertKind.TenantThrottled, Minute, (60, 1), (75, 5), (85, 20)),
        Rule(AlertKind.ErrorReplies, Minute, (60, 5), (75, 20), (85, 50)),
        Rule(AlertKind.RequestsFailed, default, (60, 1), (75, 60), (85, 600)),
        Rule(AlertKind.AuthenticationFailures, default, (60, 10), (75, 100), (85, 1000)),
        Rule(AlertKind.IsolationFault, default, (85, 1)),
        Rule(AlertKind.AddedLatency, Minute, (60, 5), (75, 20), (85, 100)),
        Rule(AlertKind.UpstreamLatency, Minute, (60, 20), (75, 100), (85, 500)),
        Rule(AlertKind.TopologyAge, default, (60, 60), (75, 180), (85, 600)),
        Rule(AlertKind.NodeConnections, default, (60, 5), (75, 20), (85, 100)),
        Rule(AlertKind.SlotsUncovered, default, (60, 1), (75, 164), (85, 1639)),
        Rule(AlertKind.NotReady, Minute, (85, 1)),
        Rule(AlertKind.ConfigurationRefused, default, (60, 1)),
    ];

    public static AlertUnit UnitOf(AlertKind kind) => kind switch
    {
        AlertKind.TenantMemory or AlertKind.NodeMemory or AlertKind.TenantRate => AlertUnit.PercentOfLimit,
        AlertKind.TenantThrottled or AlertKind.ErrorReplies => AlertUnit.PercentOfCommands,
        AlertKind.RequestsFailed or AlertKind.AuthenticationFailures or AlertKind.NodeConnections => AlertUnit.PerMinute,
        AlertKind.AddedLatency or AlertKind.UpstreamLatency => AlertUnit.Milliseconds,
        AlertKind.TopologyAge => AlertUnit.Seconds,
        AlertKind.SlotsUncovered => AlertUnit.Slots,
        _ => AlertUnit.Fact,
    };

    private static AlertRuleSnapshot Rule(AlertKind kind, TimeSpan holds, params ReadOnlySpan<(int Level, decimal Value)> thresholds)
    {
        var built = ImmutableArray.CreateBuilder<AlertThreshold>(thresholds.Length);
        foreach ((int level, decimal value) in thresholds) built.Add(new AlertThreshold(level, value));
        return new AlertRuleSnapshot(kind) { Thresholds = built.ToImmutable(), For = holds };
    }
}
