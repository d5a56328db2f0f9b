using RespProxy.Configuration;

namespace RespProxy.Control.Alerts;

/// <summary>
/// Which alerts there are. Each level of a rule is an alert of its own for each subject: at 80 % both 60 and 75 go on, so that who was told of one is told of its
/// end. One thread.
///
/// <para>An alert is pending from the moment that its value reaches the threshold, and fires when it has stayed there for the rule's time. It goes on while
/// the value is above the threshold less a slack, and for <see cref="AlertsSnapshot.ResolveAfter"/> after it was so last; a value
/// that is not observed any more (a tenant that is gone, a command that nobody calls) counts as below. A pending one that falls below is forgotten.</para>
/// </summary>
internal sealed class AlertStates(AlertsSnapshot alerts)
{
    /// <summary>Of a limit, in percent of it; of anything else, in percent of the threshold.</summary>
    private const decimal Slack = 5;

    private readonly Dictionary<AlertKind, AlertRuleSnapshot> _rules = alerts.Rules.ToDictionary(rule => rule.Kind);
    private readonly Dictionary<AlertKey, State> _states = [];

    /// <summary>Those that go on, in no order.</summary>
    public IReadOnlyList<AlertNotice> Firing { get; private set; } = [];

    /// <summary>Takes what is observed now.</summary>
    /// <param name="observations">All of them, each subject once.</param>
    /// <param name="now">Never before the time of the last call.</param>
    /// <returns>The alerts that fired or ended just now.</returns>
    public IReadOnlyList<AlertNotice> Judge(IEnumerable<AlertObservation> observations, AlertMoment now)
    {
        var changes = new List<AlertNotice>();
        foreach (AlertObservation observed in observations)
        {
            if (!_rules.TryGetValue(observed.Kind, out AlertRuleSnapshot? rule)) continue;
            foreach (AlertThreshold threshold in rule.Thresholds) Take(observed, rule, threshold, now, changes);
        }

        End(now, changes);
        Firing = [.. _states.Where(pair => pair.Value.IsFiring).Select(pair => pair.Value.Notice(pair.Key, endsAt: null))];
        return changes;
    }

    private void Take(AlertObservation observed, AlertRuleSnapshot rule, AlertThreshold threshold, AlertMoment now, List<AlertNotice> changes)
    {
        var key = new AlertKey(observed.Kind, observed.First, observed.Second, threshold.Level);
        bool isReached = observed.Value >= (double)threshold.Value;
        if (!_states.TryGetValue(key, out State? state))
        {
            if (!isReached) return;
            _states.Add(key, state = new State(threshold.Value, now.Clock));
        }

        state.Value = observed.Value;
        if (isReached || (state.IsFiring && observed.Value >= ReleaseOf(rule.Kind, threshold.Value))) state.HeldAt = now.Clock;
        if (state.IsFiring || !isReached || now.Clock - state.Since < rule.For) return;
        state.StartsAt = now.Time;
        changes.Add(state.Notice(key, endsAt: null));
    }

    private void End(AlertMoment now, List<AlertNotice> changes)
    {
        foreach ((AlertKey key, State state) in _states.Where(pair => pair.Value.HeldAt < now.Clock).ToArray())
        {
            if (state.IsFiring && now.Clock - state.HeldAt < alerts.ResolveAfter) continue;
            _states.Remove(key);
            if (state.IsFiring) changes.Add(state.Notice(key, now.Time));
        }
    }

    private static double ReleaseOf(AlertKind kind, decimal threshold) => (double)(AlertRules.UnitOf(kind) switch
    {
        AlertUnit.PercentOfLimit => threshold - Slack,
        AlertUnit.Fact => threshold,
        _ => threshold * (100 - Slack) / 100,
    });

    private sealed class State(decimal threshold, TimeSpan since)
    {
        public TimeSpan Since { get; } = since;

        /// <summary>When the value was last at the threshold, or within the slack.</summary>
        public TimeSpan HeldAt { get; set; } = since;

        public double Value { get; set; }

        /// <summary>Null while it is pending.</summary>
        public DateTimeOffset? StartsAt { get; set; }

        public bool IsFiring => StartsAt is not null;

        public AlertNotice Notice(AlertKey key, DateTimeOffset? endsAt) => new(key, Value, threshold, StartsAt!.Value, endsAt);
    }
}
