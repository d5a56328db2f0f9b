using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Tenancy.Recent;

namespace RespProxy.Tenancy.Tests.Recent;

/// <summary>What is foreseen is what happens: exactly where every request was kept, within the error told where they were not.</summary>
public class RuleReplayTests
{
    private const int Everything = 16 * 1024 * 1024, Little = 64 * 1024;

    public static TheoryData<string> Rules => [.. Tried.Keys];

    private static Dictionary<string, TenantSnapshot> Tried { get; } = new()
    {
        ["a command"] = RecordedTraffic.Denying(Deny(["HGETALL"])),
        ["a category"] = RecordedTraffic.Denying(Deny(["@write"])),
        ["a key"] = RecordedTraffic.Denying(Deny(["@all"], keys: ["hot"])),
        ["a pattern"] = RecordedTraffic.Denying(Deny(["GET", "MGET"], patterns: ["user:1*", "big:*"])),
        ["the last of several keys"] = RecordedTraffic.Denying(Deny(["MGET"], keys: ["b"])),
        ["in shadow"] = RecordedTraffic.Denying(Deny(["GET"]) with { Shadow = true }),
        ["a rate"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 50, Burst = 50 }),
        ["a rate of a category"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 10, Burst = 10, Scope = new RuleScopeSnapshot { Commands = ["@write"] } }),
        ["a rate of a pattern"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 5, Burst = 5, Scope = new RuleScopeSnapshot { Patterns = ["user:*"] } }),
        ["a rate of keys"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 60, Burst = 60, Unit = RateUnit.Keys }),
        ["a rate of bytes"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 3000, Burst = 3000, Unit = RateUnit.RequestBytes }),
        ["a rate of bytes of a pattern"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 1000, Burst = 1000, Unit = RateUnit.RequestBytes, Scope = new RuleScopeSnapshot { Patterns = ["user:*"] } }),
        ["a rate that delays"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 60, Burst = 20, Action = RateAction.Delay }),
        ["a rate in shadow"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 60, Burst = 20, Action = RateAction.Shadow }),
        ["two rates"] = RecordedTraffic.Limiting(new RateSnapshot { Rate = 70, Burst = 70 }, new RateSnapshot { Rate = 10, Burst = 10, Scope = new RuleScopeSnapshot { Commands = ["HGETALL"] } }),
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Where_every_request_was_kept_what_is_foreseen_is_what_happens(string rules)
    {
        var traffic = new RecordedTraffic(Everything, Tried[rules]);
        traffic.Run(seed: 4, requests: 5_000, seconds: 50);
        ReplayOutcome foreseen = traffic.Replay(Tried[rules]);

        Assert.InRange(traffic.Denied + traffic.Throttled + traffic.Delayed + traffic.Shadowed, 100, 4_990);
        Assert.Equal(5_000, foreseen.Requests);
        Assert.Equal(
            [(traffic.Denied, 0), (traffic.Throttled, 0), (traffic.Delayed, 0), (traffic.Shadowed, 0)],
            [(foreseen.Denied.Count, foreseen.Denied.Error), (foreseen.Throttled.Count, 0), (foreseen.Delayed.Count, 0), (foreseen.Shadowed.Count, foreseen.Shadowed.Error)]);
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Where_a_part_was_kept_it_is_foreseen_within_the_error_told(string rules)
    {
        // A record that holds one in ten or less. One seed in twenty may be further off than the error of 95 %; and rates are smoothed, some more than others.
        int within = 0, least = int.MaxValue;
        for (int seed = 1; seed <= 8; seed++)
        {
            var traffic = new RecordedTraffic(Little / 2, Tried[rules], seed: (ulong)seed);
            traffic.Run(seed, requests: 10_000, seconds: 125);
            ReplayOutcome foreseen = traffic.Replay(Tried[rules]);
            (long happened, Estimate told) = MostlyOf(traffic, foreseen);
            least = (int)Math.Min(least, happened);
            if (Math.Abs(happened - told.Count) <= told.Error + (happened * 0.1)) within++;
        }

        Assert.True(least > 250);
        Assert.InRange(within, 6, 8);
    }

    [Fact]
    public void A_record_of_a_part_tells_how_far_it_may_be_off_and_one_of_all_that_it_is_not()
    {
        var all = new RecordedTraffic(Everything);
        all.Run(seed: 5, requests: 2_000, seconds: 20);
        var some = new RecordedTraffic(Little / 4);
        some.Run(seed: 5, requests: 20_000, seconds: 200);
        Assert.Equal(0, all.Replay(Tried["a command"]).Denied.Error);
        Estimate estimate = some.Replay(Tried["a command"]).Denied;
        Assert.InRange(estimate.Error, estimate.Count / 50, estimate.Count / 2);
        Estimate none = some.Replay(RecordedTraffic.Denying(Deny(["DEL"]))).Denied;
        Assert.Equal(0, none.Count);
        Assert.InRange(none.Error, 1, 20_000 / 20);
    }

    [Fact]
    public void Each_rule_tells_what_it_met_by_command()
    {
        var traffic = new RecordedTraffic(Everything);
        traffic.Run(seed: 6, requests: 2_000, seconds: 20);
        TenantSnapshot tenant = RecordedTraffic.Denying(
            Deny(["HGETALL"]),
            Deny(["@read"], keys: ["hot"]) with { Shadow = true },
            Deny(["@all"]) with { From = new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero) });
        ReplayOutcome outcome = traffic.Replay(tenant);

        Assert.Equal(["HGETALL"], outcome.Denials[0].Examples);
        Assert.Equal(["GET", "MGET"], outcome.Denials[1].Examples.Order());
        Assert.Equal((outcome.Denied.Count, outcome.Shadowed.Count, 0), (outcome.Denials[0].Hits.Count, outcome.Denials[1].Hits.Count, outcome.Denials[2].Hits.Count));
        Assert.Equal([true, true, false], outcome.Denials.Select(rule => rule.IsInForce));
    }

    [Fact]
    public void Far_more_requests_than_decisions_are_decided_about_several_at_once_at_the_same_rate()
    {
        var traffic = new RecordedTraffic(Everything);
        traffic.Run(seed: 7, requests: 1_000, seconds: 100);
        List<RecentRequest> many = [.. traffic.Read().Select(request => request with { Weight = 100 })];
        var rate = RecordedTraffic.Limiting(new RateSnapshot { Rate = 500, Burst = 500 });
        ReplayOutcome fine = RuleReplay.Run(rate, many, traffic.Time), coarse = RuleReplay.Run(rate, many, traffic.Time, mostDecisions: 5_000);

        // 1,000 a second are asked for, over 100 seconds, and half of them granted.
        Assert.Equal((100_000, 100_000), (fine.Requests, coarse.Requests));
        Assert.InRange(fine.Throttled.Count, 47_000, 52_000);
        Assert.InRange(coarse.Throttled.Count, 47_000, 52_000);
    }

    /// <summary>The outcome that most requests have.</summary>
    private static (long Happened, Estimate Told) MostlyOf(RecordedTraffic traffic, ReplayOutcome foreseen)
    {
        (long, Estimate)[] all = [(traffic.Denied, foreseen.Denied), (traffic.Throttled, foreseen.Throttled), (traffic.Delayed, foreseen.Delayed), (traffic.Shadowed, foreseen.Shadowed)];
        return all.MaxBy(each => each.Item1);
    }

    private static DenialSnapshot Deny(ImmutableArray<string> commands, ImmutableArray<string> keys = default, ImmutableArray<string> patterns = default) => new()
    {
        Scope = new RuleScopeSnapshot { Commands = commands, Keys = keys.IsDefault ? [] : keys, Patterns = patterns.IsDefault ? [] : patterns },
    };
}
