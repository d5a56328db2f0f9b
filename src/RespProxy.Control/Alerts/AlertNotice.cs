using RespProxy.Configuration;

namespace RespProxy.Control.Alerts;

/// <summary>When something is judged.</summary>
/// <param name="Clock">Since the judging began, by a clock that never goes back: for how long things last.</param>
/// <param name="Time">For people.</param>
internal readonly record struct AlertMoment(TimeSpan Clock, DateTimeOffset Time);

/// <summary>A rule's value for one subject.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="First">The subject's first label; empty where it has none.</param>
/// <param name="Second">Its second.</param>
/// <param name="Value">In the rule's unit.</param>
internal readonly record struct AlertObservation(AlertKind Kind, string First, string Second, double Value);

/// <summary>What one alert is: two with the same key are the same alert at two times.</summary>
internal readonly record struct AlertKey(AlertKind Kind, string First, string Second, int Level);

/// <summary>An alert as it stands. Immutable.</summary>
/// <param name="Key">Which it is.</param>
/// <param name="Value">When it was last seen.</param>
/// <param name="Threshold">Of its level.</param>
/// <param name="StartsAt">When it fired.</param>
/// <param name="EndsAt">When it ended; null: it goes on.</param>
internal sealed record AlertNotice(AlertKey Key, double Value, decimal Threshold, DateTimeOffset StartsAt, DateTimeOffset? EndsAt)
{
    public bool IsResolved => EndsAt is not null;

    /// <summary>Names and values of its labels.</summary>
    /// <param name="source">Which proxy says so.</param>
    public IEnumerable<(string Name, string Value)> Labels(string source)
    {
        string[] names = AlertText.Of(Key.Kind).Labels;
        yield return ("alertname", AlertText.NameOf(Key.Kind));
        yield return ("level", Key.Level.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (names.Length > 0) yield return (names[0], Key.First);
        if (names.Length > 1) yield return (names[1], Key.Second);
        yield return ("proxy", source);
    }
}
