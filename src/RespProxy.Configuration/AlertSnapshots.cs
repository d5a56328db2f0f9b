using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Configuration;

/// <summary>What the proxy judges by itself, and whom it tells: without it nothing is judged.</summary>
public sealed record AlertsSnapshot
{
    /// <summary>How often all rules are judged.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What is counted or measured over time is judged over the last so much of it.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>An alert ends when its value has stayed below its level, with the slack, for so long.</summary>
    public TimeSpan ResolveAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A webhook is told again of an alert that goes on for so long.</summary>
    public TimeSpan Repeat { get; init; } = TimeSpan.FromHours(4);

    /// <summary>What this proxy is called in its alerts; null: the machine's name.</summary>
    public string? Source { get; init; }

    /// <summary>The guide that alerts link to: each adds its own anchor.</summary>
    public string Runbook { get; init; } = "docs/operations/alerts.md";

    public ImmutableArray<AlertReceiverSnapshot> Receivers { get; init; } = [];

    /// <summary>Those in force, in the order of <see cref="AlertKind"/>.</summary>
    public ImmutableArray<AlertRuleSnapshot> Rules { get; init; } = AlertRules.Defaults;

    /// <summary>By what the lists hold: two loads of one text are equal.</summary>
    public bool Equals(AlertsSnapshot? other) => other is not null
        && (Interval, Window, ResolveAfter, Repeat, Source, Runbook) == (other.Interval, other.Window, other.ResolveAfter, other.Repeat, other.Source, other.Runbook)
        && Receivers.SequenceEqual(other.Receivers)
        && Rules.SequenceEqual(other.Rules);

    public override int GetHashCode() => HashCode.Combine(Interval, Window, ResolveAfter, Repeat, Source, Runbook, Receivers.Length, Rules.Length);
}

/// <summary>In what form a receiver takes alerts.</summary>
public enum AlertReceiverType
{
    /// <summary>JSON of the proxy's own, shaped like Alertmanager's notifications, so that what bridges those to chat, SMS or telephone takes it.</summary>
    Webhook,

    /// <summary>A Prometheus Alertmanager, by its API v2.</summary>
    Alertmanager,
}

/// <summary>Who is told of alerts.</summary>
public sealed record AlertReceiverSnapshot
{
    public required string Name { get; init; }

    public AlertReceiverType Type { get; init; }

    /// <summary>http or https. May hold a secret, as the addresses of chat rooms do: neither logged nor shown.</summary>
    public required Uri Url { get; init; }

    /// <summary>Sent with each request. The values are secrets.</summary>
    public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>The levels whose alerts it gets.</summary>
    public ImmutableArray<int> Levels { get; init; } = [.. AlertRules.Levels];

    /// <summary>How long one request may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>By what the lists hold.</summary>
    public bool Equals(AlertReceiverSnapshot? other) => other is not null
        && (Name, Type, Url, Timeout) == (other.Name, other.Type, other.Url, other.Timeout)
        && Headers.SequenceEqual(other.Headers)
        && Levels.SequenceEqual(other.Levels);

    public override int GetHashCode() => HashCode.Combine(Name, Type, Url, Timeout, Headers.Length, Levels.Length);

    /// <summary>For ToString: neither the address nor the headers.</summary>
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append($"Name = {Name}, Type = {Type}, Levels = {string.Join(' ', Levels)}");
        return true;
    }
}

/// <summary>When an alert fires.</summary>
public sealed record AlertRuleSnapshot(AlertKind Kind)
{
    /// <summary>Ascending, levels and values alike.</summary>
    public ImmutableArray<AlertThreshold> Thresholds { get; init; } = [];

    /// <summary>The value must have been there for so long before it fires.</summary>
    public TimeSpan For { get; init; }

    /// <summary>By what the list holds.</summary>
    public bool Equals(AlertRuleSnapshot? other) => other is not null && (Kind, For) == (other.Kind, other.For) && Thresholds.SequenceEqual(other.Thresholds);

    public override int GetHashCode() => HashCode.Combine(Kind, For, Thresholds.Length);
}

/// <summary>From this value on an alert of this level fires.</summary>
/// <param name="Level">60, 75, 85 or 100: who is told. Of memory and rates also the percentage it begins at unless written otherwise.</param>
/// <param name="Value">In the rule's unit.</param>
public readonly record struct AlertThreshold(int Level, decimal Value);

/// <summary>How much memory the nodes use, asked of each primary and replica.</summary>
public sealed record NodeMemorySnapshot
{
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What is in force: where nothing is written, nodes are asked if alerts are judged by the answers. Null: they are not.</summary>
    public static NodeMemorySnapshot? Of(ProxySnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        bool isJudged = snapshot.Alerts is { } alerts && alerts.Rules.Any(rule => rule.Kind == AlertKind.NodeMemory);
        return snapshot.NodeMemory ?? (isJudged ? new NodeMemorySnapshot() : null);
    }
}
