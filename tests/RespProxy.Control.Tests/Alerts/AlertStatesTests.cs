using RespProxy.Configuration;
using RespProxy.Control.Alerts;

namespace RespProxy.Control.Tests.Alerts;

public class AlertStatesTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private TimeSpan _clock;
    private AlertStates _states = new(new AlertsSnapshot { ResolveAfter = TimeSpan.FromSeconds(60) });

    private IEnumerable<int> Firing => _states.Firing.Select(notice => notice.Key.Level).Order();

    /// <summary>15 s pass, and a node uses so many percent.</summary>
    private string[] At(double percent) => After(15, new AlertObservation(AlertKind.NodeMemory, "main", "n:1", percent));

    private string[] After(int seconds, params AlertObservation[] observations)
    {
        _clock += TimeSpan.FromSeconds(seconds);
        return [.. _states.Judge(observations, new AlertMoment(_clock, Start + _clock)).Select(notice => $"{notice.Key.First}{notice.Key.Second} {(notice.IsResolved ? "-" : "+")}{notice.Key.Level}").Order()];
    }

    [Fact]
    public void Each_level_fires_once_when_it_is_reached_and_those_below_go_on()
    {
        Assert.Empty(At(59.9));
        Assert.Equal(["mainn:1 +60"], At(60));
        Assert.Empty(At(70));
        Assert.Equal(["mainn:1 +75"], At(75));
        Assert.Equal(["mainn:1 +85"], At(99));
        Assert.Empty(At(100));
        Assert.Equal([60, 75, 85], Firing);
    }

    [Fact]
    public void A_jump_over_all_levels_fires_them_all_at_once() => Assert.Equal(["mainn:1 +60", "mainn:1 +75", "mainn:1 +85"], At(90));

    [Fact]
    public void A_level_of_a_limit_ends_when_the_value_was_five_percent_below_it_for_the_time_that_is_set()
    {
        At(80);
        Assert.Empty(At(70));
        _clock += TimeSpan.FromHours(1);
        Assert.Empty(At(70));
        Assert.Empty(At(69.9));
        Assert.Empty(At(69.9));
        Assert.Empty(At(69.9));
        Assert.Equal(["mainn:1 -75"], At(69.9));
        Assert.Equal([60], Firing);
    }

    [Fact]
    public void A_value_that_comes_back_within_the_time_begins_the_time_anew()
    {
        At(60);
        At(40);
        At(40);
        At(40);
        At(56);
        At(40);
        At(40);
        Assert.Empty(At(40));
        Assert.Equal(["mainn:1 -60"], At(40));
        Assert.Empty(_states.Firing);
    }

    [Fact]
    public void An_alert_that_ended_fires_again_with_a_beginning_of_its_own()
    {
        At(60);
        DateTimeOffset first = Assert.Single(_states.Firing).StartsAt;
        After(0);
        Assert.Equal(["mainn:1 -60"], After(75));
        Assert.Equal(["mainn:1 +60"], At(61));
        Assert.Equal(Start + _clock, Assert.Single(_states.Firing).StartsAt);
        Assert.NotEqual(first, Assert.Single(_states.Firing).StartsAt);
    }

    [Fact]
    public void What_is_not_observed_any_more_ends()
    {
        At(60);
        Assert.Empty(After(45));
        Assert.Equal(["mainn:1 -60"], After(15));
    }

    [Fact]
    public void Subjects_are_alerts_of_their_own()
    {
        AlertObservation Node(string name, double percent) => new(AlertKind.NodeMemory, "main", name, percent);
        Assert.Equal(["mainn:1 +60"], After(15, Node("n:1", 61), Node("n:2", 50)));
        Assert.Equal(["mainn:2 +60"], After(15, Node("n:1", 61), Node("n:2", 61)));
        Assert.Equal(["mainn:1 -60"], After(60, Node("n:1", 50), Node("n:2", 61)));
        Assert.Equal("n:2", Assert.Single(_states.Firing).Key.Second);
    }

    [Fact]
    public void A_rule_with_a_time_fires_when_its_value_has_been_there_without_a_break_for_so_long()
    {
        AlertObservation Latency(double milliseconds) => new(AlertKind.AddedLatency, "shop", "", milliseconds);
        Assert.Empty(After(15, Latency(6)));
        Assert.Empty(After(45, Latency(6)));
        // Within the slack holds an alert that fires, not one that is pending.
        Assert.Empty(After(14, Latency(4.9)));
        Assert.Empty(After(1, Latency(6)));
        Assert.Empty(After(59, Latency(6)));
        Assert.Equal(["shop +60"], After(1, Latency(6)));
        Assert.Empty(After(120, Latency(4.8)));
        Assert.Empty(After(59, Latency(4.7)));
        Assert.Equal(["shop -60"], After(1, Latency(4.7)));
    }

    [Fact]
    public void A_fact_ends_when_it_is_no_more_so()
    {
        Assert.Equal([" +60"], After(15, new AlertObservation(AlertKind.ConfigurationRefused, "", "", 1)));
        Assert.Empty(After(60, new AlertObservation(AlertKind.ConfigurationRefused, "", "", 1)));
        Assert.Equal([" -60"], After(60, new AlertObservation(AlertKind.ConfigurationRefused, "", "", 0)));
    }

    [Fact]
    public void A_notice_tells_the_value_the_threshold_and_both_ends()
    {
        At(62.5);
        AlertNotice notice = Assert.Single(_states.Firing);
        Assert.Equal((62.5, 60m, Start + TimeSpan.FromSeconds(15), null), (notice.Value, notice.Threshold, notice.StartsAt, notice.EndsAt));
        _clock += TimeSpan.FromSeconds(60);
        AlertNotice ended = Assert.Single(_states.Judge([], new AlertMoment(_clock, Start + _clock)));
        Assert.Equal((Start + TimeSpan.FromSeconds(15), Start + _clock), (ended.StartsAt, ended.EndsAt));
    }

    [Fact]
    public void A_rule_that_is_off_says_nothing_and_one_with_thresholds_of_its_own_goes_by_them()
    {
        var rule = new AlertRuleSnapshot(AlertKind.NodeMemory) { Thresholds = [new AlertThreshold(60, 90)] };
        _states = new AlertStates(new AlertsSnapshot { Rules = [rule] });
        Assert.Empty(At(89));
        Assert.Empty(After(15, new AlertObservation(AlertKind.TenantMemory, "shop", "", 200)));
        Assert.Equal(["mainn:1 +60"], At(90));
    }
}
