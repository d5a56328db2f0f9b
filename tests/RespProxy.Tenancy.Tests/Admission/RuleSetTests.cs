using System.Collections.Immutable;
using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Admission;

public class RuleSetTests
{
    private readonly ManualTime _time = new();
    private readonly AdmissionScratch _scratch = new();

    [Fact]
    public void A_tenant_without_rules_has_no_rule_set() => Assert.Null(RuleSetCompiler.Compile(Tenant(), _time.Clock));

    [Theory]
    [InlineData("HGETALL")]
    [InlineData("CLIENT|LIST")]
    [InlineData("@write")]
    [InlineData("@all")]
    public void A_denial_is_for_the_commands_it_names_and_no_others(string selector)
    {
        RuleSet rules = Denying(new DenialSnapshot { Scope = Scope([selector]) });
        CommandSpec[] named = [.. CommandSelector.Find(selector).Where(DenialRules.CanBeDenied)];
        Assert.NotEmpty(named);
        foreach (CommandSpec spec in CommandTable.All)
            Assert.Equal(named.Contains(spec) ? AdmissionOutcome.Denied : AdmissionOutcome.Allowed, Decide(rules, spec, [.. spec.Name.Split('|'), "a", "b"]).Outcome);
    }

    [Theory]
    [InlineData("AUTH")]
    [InlineData("HELLO")]
    [InlineData("QUIT")]
    [InlineData("RESET")]
    [InlineData("EXEC")]
    [InlineData("DISCARD")]
    [InlineData("UNWATCH")]
    [InlineData("PUNSUBSCRIBE")]
    public void What_a_client_needs_to_come_in_or_to_end_something_is_neither_denied_nor_throttled(string command)
    {
        RuleSet rules = Compile(Tenant() with
        {
            Denials = [new DenialSnapshot { Scope = Scope(["@all"]) }],
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 1, Burst = 1 }] },
        });
        for (int i = 0; i < 5; i++) Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, command).Outcome);
    }

    [Fact]
    public void A_refusal_says_who_may_not_what_and_why()
    {
        RuleSet rules = Denying(new DenialSnapshot { Scope = Scope(["HGETALL"]), Reason = "too large, use HSCAN" });
        DenialRule denial = Decide(rules, "HGETALL", "a").Denial!;
        Assert.Equal("NOPERM tenant 'shop' may not run '", Wire.Text(denial.RefusalStart.ToArray()));
        Assert.Equal("': too large, use HSCAN", Wire.Text(denial.RefusalEnd.ToArray()));
    }

    [Theory]
    [InlineData("HGETALL big", true)]
    [InlineData("HGETALL huge:1", true)]
    [InlineData("HGETALL bigger", false)]
    [InlineData("HGETALL hug", false)]
    [InlineData("HGET big f", false)]
    [InlineData("HGETALL BIG", false)]
    public void A_key_can_be_closed_to_one_command_and_stay_open_to_another(string request, bool isDenied) =>
        Assert.Equal(
            isDenied ? AdmissionOutcome.Denied : AdmissionOutcome.Allowed,
            Decide(Denying(new DenialSnapshot { Scope = Scope(["HGETALL"], ["big"], ["huge:*"]) }), request.Split(' ')).Outcome);

    [Theory]
    [InlineData("MGET a b big")]
    [InlineData("MSET a 1 big 2")]
    [InlineData("SINTERCARD 2 a big")]
    [InlineData("EVAL return 2 a big")]
    [InlineData("XREAD STREAMS a big 0 0")]
    [InlineData("COPY a big")]
    public void A_key_is_closed_wherever_it_stands_among_the_keys(string request)
    {
        RuleSet rules = Denying(new DenialSnapshot { Scope = Scope(["@all"], ["big"]) });
        Assert.Equal(AdmissionOutcome.Denied, Decide(rules, request.Split(' ')).Outcome);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, request.Replace("big", "c", StringComparison.Ordinal).Split(' ')).Outcome);
    }

    [Fact]
    public void A_value_that_looks_like_a_closed_key_is_a_value() =>
        Assert.Equal(AdmissionOutcome.Allowed, Decide(Denying(new DenialSnapshot { Scope = Scope(["@all"], ["big"]) }), "SET", "a", "big").Outcome);

    [Fact]
    public void A_denial_holds_from_its_start_up_to_its_expiry()
    {
        RuleSet rules = Denying(new DenialSnapshot
        {
            Scope = Scope(["GET"]),
            From = ManualTime.Noon.AddSeconds(10),
            Expires = ManualTime.Noon.AddSeconds(20),
        });
        foreach ((double wait, bool isDenied) in ((double, bool)[])[(9.9, false), (0.1, true), (9.9, true), (0.1, false)])
        {
            _time.Advance(wait);
            Assert.Equal(isDenied ? AdmissionOutcome.Denied : AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
        }
    }

    [Fact]
    public void Of_two_denials_the_one_that_lasts_goes_on_when_the_other_is_over()
    {
        RuleSet rules = Denying(
            new DenialSnapshot { Scope = Scope(["GET"]), Expires = ManualTime.Noon.AddSeconds(10), Reason = "first" },
            new DenialSnapshot { Scope = Scope(["GET"]), Expires = ManualTime.Noon.AddSeconds(20), Reason = "second" });
        Assert.Equal("': first", Wire.Text(Decide(rules, "GET", "a").Denial!.RefusalEnd.ToArray()));
        _time.Advance(10);
        Assert.Equal("': second", Wire.Text(Decide(rules, "GET", "a").Denial!.RefusalEnd.ToArray()));
        _time.Advance(10);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
    }

    [Fact]
    public void A_shadow_denial_counts_and_an_enforced_one_beside_it_still_denies()
    {
        DenialSnapshot shadow = new() { Scope = Scope(["GET"]), Shadow = true };
        Verdict alone = Decide(Denying(shadow), "GET", "a");
        Assert.Equal((AdmissionOutcome.Allowed, true), (alone.Outcome, alone.IsShadowed));
        Verdict both = Decide(Denying(shadow, shadow with { Shadow = false }), "GET", "a");
        Assert.Equal((AdmissionOutcome.Denied, true), (both.Outcome, both.IsShadowed));
        Assert.False(Decide(Denying(shadow), "SET", "a", "1").IsShadowed);
    }

    [Theory]
    [InlineData(RateUnit.Commands, "MGET a b c", 1)]
    [InlineData(RateUnit.Keys, "MGET a b c", 3)]
    [InlineData(RateUnit.Keys, "MSET a 1 b 2", 2)]
    [InlineData(RateUnit.Keys, "EVAL return 2 a b arg", 2)]
    [InlineData(RateUnit.Keys, "PING", 0)]
    [InlineData(RateUnit.RequestBytes, "GET a", 20)]
    [InlineData(RateUnit.ReplyBytes, "GET a", 0)]
    public void A_request_costs_what_the_unit_says(RateUnit unit, string request, int cost)
    {
        const int Burst = 1000;
        RuleSet rules = Limiting(new RateSnapshot { Rate = 1, Burst = Burst, Unit = unit });
        int allowed = 0;
        while (allowed <= Burst && Decide(rules, request.Split(' ')).Outcome == AdmissionOutcome.Allowed) allowed++;
        Assert.Equal(cost == 0 ? Burst + 1 : Burst / cost, allowed);
    }

    [Theory]
    [InlineData(RateUnit.Keys, "MGET s:1 x s:2", 2)]
    [InlineData(RateUnit.Keys, "MGET one s:2", 2)]
    [InlineData(RateUnit.Keys, "MGET s:one", 1)]
    [InlineData(RateUnit.Commands, "MGET s:1 one s:2", 1)]
    [InlineData(RateUnit.Commands, "MGET x y", 0)]
    public void A_rate_for_keys_is_paid_by_the_keys_it_is_for_once_each(RateUnit unit, string request, int cost)
    {
        const int Burst = 100;
        RuleSet rules = Limiting(new RateSnapshot { Scope = Scope(["@read"], ["one"], ["s:*", "*:one"]), Rate = 1, Burst = Burst, Unit = unit });
        int allowed = 0;
        while (allowed <= Burst && Decide(rules, request.Split(' ')).Outcome == AdmissionOutcome.Allowed) allowed++;
        Assert.Equal(cost == 0 ? Burst + 1 : Burst / cost, allowed);
    }

    [Fact]
    public void A_throttled_request_names_its_rate_and_when_to_come_back()
    {
        RuleSet rules = Limiting(new RateSnapshot { Name = "writes", Scope = Scope(["@write"]), Rate = 10, Burst = 1 });
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "SET", "a", "1").Outcome);
        Verdict refused = Decide(rules, "SET", "a", "1");
        Assert.Equal(AdmissionOutcome.Throttled, refused.Outcome);
        Assert.Equal("ERR LIMIT writes rate exceeded, retry after ", Wire.Text(refused.Rate!.RefusalStart.ToArray()));
        Assert.Equal(100, AdmissionClock.ToMilliseconds(refused.Wait));
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
        _time.Advance(0.1);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "SET", "a", "1").Outcome);
    }

    [Fact]
    public void A_request_that_one_rate_refuses_costs_nothing_at_another()
    {
        RuleSet rules = Limiting(
            new RateSnapshot { Rate = 10, Burst = 10 },
            new RateSnapshot { Scope = Scope(["SET"]), Rate = 1, Burst = 1 });
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "SET", "a", "1").Outcome);
        for (int i = 0; i < 50; i++) Assert.Equal(AdmissionOutcome.Throttled, Decide(rules, "SET", "a", "1").Outcome);
        for (int i = 0; i < 9; i++) Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
        Assert.Equal(AdmissionOutcome.Throttled, Decide(rules, "GET", "a").Outcome);
    }

    [Fact]
    public void A_denied_request_costs_nothing()
    {
        RuleSet rules = Compile(Tenant() with
        {
            Denials = [new DenialSnapshot { Scope = Scope(["GET"], ["big"]) }],
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 1, Burst = 1 }] },
        });
        for (int i = 0; i < 10; i++) Assert.Equal(AdmissionOutcome.Denied, Decide(rules, "GET", "big").Outcome);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
    }

    [Fact]
    public void A_delaying_rate_sells_turns_up_to_its_longest_delay()
    {
        RuleSet rules = Limiting(new RateSnapshot { Rate = 10, Burst = 1, Action = RateAction.Delay, MaxDelay = TimeSpan.FromMilliseconds(250) });
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
        foreach (int milliseconds in (int[])[100, 200])
        {
            Verdict delayed = Decide(rules, "GET", "a");
            Assert.Equal((AdmissionOutcome.Delayed, milliseconds), (delayed.Outcome, AdmissionClock.ToMilliseconds(delayed.Wait)));
        }

        Verdict refused = Decide(rules, "GET", "a");
        Assert.Equal((AdmissionOutcome.Throttled, 300), (refused.Outcome, AdmissionClock.ToMilliseconds(refused.Wait)));
    }

    [Fact]
    public void A_shadow_rate_counts_what_it_would_have_refused()
    {
        RuleSet rules = Limiting(new RateSnapshot { Rate = 10, Burst = 2, Action = RateAction.Shadow });
        bool[] shadowed = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            Verdict verdict = Decide(rules, "GET", "a");
            Assert.Equal(AdmissionOutcome.Allowed, verdict.Outcome);
            return verdict.IsShadowed;
        })];
        Assert.Equal([false, false, true, true], shadowed);
    }

    [Fact]
    public void A_reply_is_paid_for_by_the_next_request()
    {
        RuleSet rules = Limiting(
            new RateSnapshot { Scope = Scope(["GET"]), Unit = RateUnit.ReplyBytes, Rate = 1000, Burst = 1000 },
            new RateSnapshot { Scope = Scope(["HGETALL"]), Unit = RateUnit.ReplyBytes, Rate = 1000, Burst = 1000 });
        Assert.True(rules.HasReplyRates);
        Verdict first = Decide(rules, "GET", "a");
        Assert.Equal(AdmissionOutcome.Allowed, first.Outcome);
        rules.ChargeReply(first.ReplyRates, 3000);
        Verdict second = Decide(rules, "GET", "a");
        Assert.Equal((AdmissionOutcome.Throttled, 2000), (second.Outcome, AdmissionClock.ToMilliseconds(second.Wait)));
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "HGETALL", "a").Outcome);
        _time.Advance(2);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "GET", "a").Outcome);
    }

    [Fact]
    public void A_MULTI_is_charged_and_never_throttled()
    {
        RuleSet rules = Limiting(new RateSnapshot { Rate = 1, Burst = 1 });
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "MULTI").Outcome);
        Assert.Equal(AdmissionOutcome.Throttled, Decide(rules, "GET", "a").Outcome);
        Assert.Equal(AdmissionOutcome.Allowed, Decide(rules, "MULTI").Outcome);
    }

    [Fact]
    public void A_request_whose_keys_cannot_be_found_is_left_to_the_router() =>
        Assert.Equal(
            AdmissionOutcome.Allowed,
            Decide(Denying(new DenialSnapshot { Scope = Scope(["@all"], [], ["*"]) }), "EVAL", "return", "many", "a").Outcome);

    [Fact]
    public void What_is_used_of_a_rate_counts_what_was_taken_and_charged_on_all_loops_and_never_falls_by_a_reload()
    {
        TenantSnapshot tenant = Tenant() with { Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Unit = RateUnit.ReplyBytes, Rate = 100, Burst = 100 }, new RateSnapshot { Rate = 2, Burst = 2 }] } };
        RuleSet rules = Compile(tenant);
        for (int i = 0; i < 3; i++) Decide(rules, "GET", "a");
        rules.ChargeReply(rules.Rates[0].ReplyBit, 70, loop: 0);
        rules.ChargeReply(rules.Rates[0].ReplyBit, 50, loop: 3);
        Assert.Equal([120, 2], rules.Rates.Select(rate => rate.Used));

        RuleSet next = RuleSetCompiler.Compile(tenant, _time.Clock, rules)!;
        Assert.Equal([120, 2], next.Rates.Select(rate => rate.Used));
        next.ChargeReply(next.Rates[0].ReplyBit, 5);
        Assert.Equal([125, 2], next.Rates.Select(rate => rate.Used));
    }

    /// <summary>Rules of every kind, in every combination that a small random set makes, against calls that some of them are for.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_short_way_decides_and_charges_as_the_long_one(int seed)
    {
        var random = new Random(seed);
        string[][] calls = [["GET", "a"], ["GET", "user:1"], ["SET", "a", "v"], ["MGET", "a", "b"], ["PING"], ["EVAL", "return 1", "1", "a"], ["EXEC"], ["GET"]];
        int allowed = 0, refused = 0;
        for (int round = 0; round < 200; round++)
        {
            TenantSnapshot tenant = Tenant() with
            {
                Denials = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new DenialSnapshot { Scope = AnyScope(random), Shadow = random.Next(3) == 0 })],
                Limits = new TenantLimitsSnapshot { Rates = [.. Enumerable.Range(0, random.Next(4)).Select(_ => AnyRate(random))] },
            };
            if (tenant.Denials.IsEmpty && tenant.Limits.Rates.IsEmpty) continue;
            RuleSet one = Compile(tenant), other = Compile(tenant);
            for (int i = 0; i < 30; i++)
            {
                string[] call = calls[random.Next(calls.Length)];
                CommandSpec spec = CommandTable.Find(Wire.Bytes(call[0]))!;
                Verdict shortly = Decide(one, spec, mayBeShort: true, call), atLength = Decide(other, spec, mayBeShort: false, call);
                Assert.Equal((atLength.Outcome, atLength.Wait, atLength.IsShadowed, atLength.ReplyRates), (shortly.Outcome, shortly.Wait, shortly.IsShadowed, shortly.ReplyRates));
                Assert.Equal(other.Rates.Select(other.AvailableOf), one.Rates.Select(one.AvailableOf));
                Assert.Equal(other.Rates.Select(rate => (rate.Granted, rate.Used)), one.Rates.Select(rate => (rate.Granted, rate.Used)));
                Assert.Equal(other.Denials.Select(denial => denial.Hits), one.Denials.Select(denial => denial.Hits));
                if (atLength.Outcome == AdmissionOutcome.Allowed) allowed++;
                else refused++;
            }
        }

        Assert.True(allowed > 500 && refused > 500, $"{allowed} allowed, {refused} not");
    }

    [Fact]
    public void A_decision_with_a_thousand_rules_allocates_nothing()
    {
        RuleSet rules = Compile(Tenant() with
        {
            Denials =
            [
                .. Enumerable.Range(0, 500).Select(i => new DenialSnapshot { Scope = Scope(["HGETALL", "@read"], [Number("big", i)], [Number("huge:", i) + ":*"]) }),
            ],
            Limits = new TenantLimitsSnapshot
            {
                Rates = [.. Enumerable.Range(0, 500).Select(i => new RateSnapshot { Scope = Scope(["@read"], [], [Number("user:", i) + ":*"]), Rate = 1_000_000, Burst = 1_000_000 })],
            },
        });
        Decide(rules, "MGET", "user:7:a", "user:8:b", "c");
        var reader = new RequestReader();
        byte[] frame = Wire.Request("MGET", "user:7:a", "user:8:b", "c");
        Assert.Equal(ReadStatus.Request, reader.Read(frame, RequestLimits.Default, out int length));
        CommandSpec spec = CommandTable.Find("MGET"u8)!;
        long before = GC.GetAllocatedBytesForCurrentThread();
        int allowed = 0;
        for (int i = 0; i < 1000; i++)
        {
            rules.Decide(reader.View(frame, length), spec, _scratch, rules.Clock.Now, out Verdict verdict);
            if (verdict.Outcome == AdmissionOutcome.Allowed) allowed++;
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1000, allowed);
    }

    private static RuleScopeSnapshot AnyScope(Random random) => Scope(
        [new[] { "@all", "@read", "GET", "SET" }[random.Next(4)]],
        random.Next(3) == 0 ? ["a"] : [],
        random.Next(3) == 0 ? ["user:*"] : []);

    private static RateSnapshot AnyRate(Random random) => new()
    {
        Scope = AnyScope(random),
        Rate = random.Next(1, 20),
        Burst = random.Next(1, 20),
        Unit = (RateUnit)random.Next(4),
        Action = (RateAction)random.Next(3),
    };

    private static string Number(string text, int number) => string.Create(CultureInfo.InvariantCulture, $"{text}{number}");

    private static TenantSnapshot Tenant() => new() { Name = "shop", Upstream = "main", Namespace = "main@shop" };

    private static RuleScopeSnapshot Scope(ImmutableArray<string> commands, ImmutableArray<string> keys = default, ImmutableArray<string> patterns = default) =>
        new() { Commands = commands, Keys = keys.IsDefault ? [] : keys, Patterns = patterns.IsDefault ? [] : patterns };

    private RuleSet Compile(TenantSnapshot tenant) => RuleSetCompiler.Compile(tenant, _time.Clock)!;

    private RuleSet Denying(params ImmutableArray<DenialSnapshot> denials) => Compile(Tenant() with { Denials = denials });

    private RuleSet Limiting(params ImmutableArray<RateSnapshot> rates) => Compile(Tenant() with { Limits = new TenantLimitsSnapshot { Rates = rates } });

    private Verdict Decide(RuleSet rules, params string[] arguments) => Decide(rules, CommandTable.Find(Wire.Bytes(arguments[0]))!, arguments);

    /// <summary>As sessions do: first the short way.</summary>
    private Verdict Decide(RuleSet rules, CommandSpec spec, params string[] arguments) => Decide(rules, spec, mayBeShort: true, arguments);

    private Verdict Decide(RuleSet rules, CommandSpec spec, bool mayBeShort, params string[] arguments)
    {
        var reader = new RequestReader();
        byte[] frame = Wire.Request(arguments);
        Assert.Equal(ReadStatus.Request, reader.Read(frame, RequestLimits.Default, out int length));
        RequestView request = reader.View(frame, length);
        if (mayBeShort && rules.TryAllow(request, spec, rules.Clock.Now)) return default;
        rules.Decide(request, spec, _scratch, rules.Clock.Now, out Verdict verdict);
        return verdict;
    }
}
