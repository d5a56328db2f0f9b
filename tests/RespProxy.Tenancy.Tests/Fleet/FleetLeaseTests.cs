using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Fleet;
using RespProxy.Tenancy.Tenants;
using RespProxy.Tenancy.Tests.Admission;
using RespProxy.Testing;

namespace RespProxy.Tenancy.Tests.Fleet;

/// <summary>One proxy's part of a shared rate: 1,000 a second, of which a tenth is its own while it is alone. The test is the control Redis.</summary>
public sealed class FleetLeaseTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly AdmissionScratch _scratch = new();
    private readonly RequestReader _reader = new();
    private readonly FleetRates _rates = new();
    private TenantDirectory _directory;

    public FleetLeaseTests()
    {
        _directory = new TenantDirectory(Configure(Shared), _time);
        _rates.Follow(_directory);
        _time.Advance(10);
    }

    private static RateSnapshot Shared { get; } = new() { Rate = 1_000, Burst = 1_000, Reach = RateReach.Fleet, LocalShare = 0.1m };

    private RuleSet Rules => _directory.Find("app")!.Policy.Admission!.Rules!;

    private FleetLease Lease => Assert.Single(_rates.Refresh());

    public void Dispose() => _rates.Dispose();

    [Fact]
    public void Before_the_first_lease_a_proxy_may_owe_what_its_share_brings_in_20_ms_and_no_more()
    {
        Assert.Equal(2, Ask(100));
        Assert.Equal(-2, Lease.Balance);
    }

    [Fact]
    public async Task The_first_request_wakes_whoever_leases()
    {
        await _rates.Signal.WaitAsync(TimeSpan.Zero, CancellationToken.None);
        Assert.Single(_rates.Refresh());
        Task woken = _rates.Signal.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        Assert.False(woken.IsCompleted);
        Ask(1);
        await woken.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void What_is_owed_is_paid_before_anything_is_spent_again()
    {
        Ask(100);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        Answer(ask, granted: 5);
        Assert.Equal(3, Lease.Balance);
        Assert.Equal(5, Ask(100));
        Assert.Equal(5, Lease.Leased);
    }

    [Fact]
    public void A_proxy_comes_from_nothing_to_its_whole_demand_within_a_few_leases_while_there_is_enough()
    {
        // A thousand a second, and every lease takes two milliseconds.
        int leases = 0, refused = 0;
        for (int millisecond = 0; millisecond < 100; millisecond++)
        {
            refused += 1 - Ask(1);
            _time.Advance(0.001);
            if (millisecond % 2 != 0 || !Lease.TryAsk(Now, out LeaseAsk ask)) continue;
            Answer(ask, ask.Tokens);
            leases++;
        }

        Assert.InRange(refused, 0, 3);
        Assert.InRange(leases, 3, 12);
    }

    [Fact]
    public void A_proxy_holds_no_more_than_a_tenth_of_a_second_brings_however_much_is_asked_for()
    {
        for (int i = 0; i < 20; i++)
        {
            Ask(5_000);
            _time.Advance(0.005);
            if (Lease.TryAsk(Now, out LeaseAsk ask)) Answer(ask, ask.Tokens);
            Assert.InRange(Lease.Balance, -2, 100);
        }

        Assert.Equal(100, Lease.Balance);
    }

    [Fact]
    public void Who_gets_less_than_it_asks_for_waits_for_its_next_turn()
    {
        Ask(100);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        Answer(ask, granted: 0, proxies: 4);
        Ask(100);
        _time.Advance(0.005);
        Assert.False(Lease.TryAsk(Now, out _));
        _time.Advance(0.040);
        Assert.True(Lease.TryAsk(Now, out ask));

        // Ten times as many proxies ask ten times as seldom.
        Answer(ask, granted: 0, proxies: 40);
        Ask(100);
        _time.Advance(0.150);
        Assert.False(Lease.TryAsk(Now, out _));
        _time.Advance(0.200);
        Assert.True(Lease.TryAsk(Now, out _));
    }

    [Fact]
    public void After_a_second_without_requests_everything_goes_back()
    {
        Ask(100);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        Answer(ask, granted: 50);
        _time.Advance(2);
        Assert.True(Lease.TryAsk(Now, out ask));
        Assert.Equal((-48, 0), (ask.Tokens, Lease.Balance));
        Assert.False(Lease.IsIdle);
        Answer(ask, granted: 0);
        Assert.True(Lease.IsIdle);
        Assert.Equal((50, 48), (Lease.Leased, Lease.Returned));
    }

    [Fact]
    public void A_request_that_costs_more_than_is_held_is_saved_up_for()
    {
        Follow(Shared with { Unit = RateUnit.RequestBytes });
        string value = new('x', 500);
        Assert.False(Allows("SET", "a", value));
        long asked = 0;
        for (int i = 0; i < 20 && !Allows("SET", "a", value); i++)
        {
            _time.Advance(0.05);
            if (!Lease.TryAsk(Now, out LeaseAsk ask)) continue;
            asked = Math.Max(asked, ask.Tokens);
            Answer(ask, Math.Min(ask.Tokens, 100));
        }

        Assert.InRange(asked, 500, 2_000);
        Assert.InRange(Lease.Leased, 500, 1_200);
    }

    [Fact]
    public void A_proxy_that_is_alone_goes_by_its_share_and_what_it_had_leased_expires()
    {
        Ask(10);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        Answer(ask, granted: 50);
        Lease.GoAlone();
        Assert.Equal(0, Lease.Balance);
        Assert.Equal(100, Ask(1_000));
        _time.Advance(1);
        Assert.Equal(100, Ask(1_000));

        LeaseAsk probe = Lease.Probe(Now);
        Assert.True(probe.WasUsed);
        Answer(probe, granted: 2);
        Assert.False(Lease.IsAlone);
        Assert.Equal(2 + 2, Ask(1_000));
    }

    [Fact]
    public void A_bucket_that_is_missing_though_it_was_used_a_moment_ago_is_not_a_full_one()
    {
        Ask(10);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk first));
        Assert.False(first.WasUsed);
        Answer(first, granted: 5);
        Ask(10);
        _time.Advance(0.5);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk second));
        Assert.True(second.WasUsed);
        Answer(second, granted: 5);
        Ask(10);
        _time.Advance(1.5);
        Ask(10);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk third));
        Assert.False(third.WasUsed);
    }

    [Fact]
    public void New_numbers_go_on_with_the_tokens_there_are_and_a_new_purpose_does_not()
    {
        Ask(10);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        Answer(ask, granted: 12);
        string key = Lease.Key;
        Follow(Shared with { Rate = 2_000, Burst = 500 });
        Assert.Equal((key, 10L, 12L, 2_000L, 500L), (Lease.Key, Lease.Balance, Lease.Leased, Lease.PerSecond, Lease.Burst));
        Assert.Equal(2, Rules.Rates[0].Used);

        Follow(Shared with { Scope = new RuleScopeSnapshot { Commands = ["@read"] } });
        Assert.NotEqual(key, Lease.Key);
        Assert.Equal((0, 0), (Lease.Balance, Lease.Leased));
    }

    [Fact]
    public void Two_rates_for_the_same_have_a_bucket_each()
    {
        Follow(Shared, Shared with { Rate = 10, Burst = 100 });
        Assert.Equal(2, _rates.Refresh().Select(lease => lease.Key).Distinct().Count());
    }

    [Fact]
    public void A_rate_that_was_the_fleet_s_and_is_the_proxy_s_own_begins_with_nothing()
    {
        Follow(Shared with { Reach = RateReach.Proxy, LocalShare = 1 });
        Assert.Empty(_rates.Refresh());
        Assert.Equal(0, Ask(100));
        _time.Advance(0.01);
        Assert.Equal(10, Ask(100));
        Follow(Shared);
        Assert.InRange(Lease.Balance, -1_000, 0);
    }

    [Fact]
    public void Many_loops_spend_each_token_once()
    {
        Ask(10);
        Assert.True(Lease.TryAsk(Now, out LeaseAsk ask));
        for (int i = 0; i < 1_000; i++) Answer(ask, granted: 20);
        long balance = Lease.Balance;
        int granted = 0;
        Parallel.For(0, 4, _ =>
        {
            var scratch = new AdmissionScratch();
            var reader = new RequestReader();
            byte[] frame = Wire.Request("GET", "a");
            reader.Read(frame, RequestLimits.Default, out int length);
            for (int i = 0; i < 10_000; i++)
            {
                if (Rules.TryAllow(reader.View(frame, length), CommandTable.Find("GET"u8)!, Now)) Interlocked.Increment(ref granted);
            }
        });
        Assert.Equal(balance + 2, granted);
        Assert.Equal(-2, Lease.Balance);
    }

    [Fact]
    public void Spending_allocates_nothing()
    {
        byte[] frame = Wire.Request("GET", "a");
        Assert.Equal(ReadStatus.Request, _reader.Read(frame, RequestLimits.Default, out int length));
        CommandSpec spec = CommandTable.Find("GET"u8)!;
        RuleSet rules = Rules;
        for (int i = 0; i < 100; i++) rules.Decide(_reader.View(frame, length), spec, _scratch, Now, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) rules.Decide(_reader.View(frame, length), spec, _scratch, Now, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private long Now => _time.Clock.Now;

    private static ProxySnapshot Configure(params RateSnapshot[] rates) => new()
    {
        Upstreams = [new UpstreamSnapshot { Name = "main", Seeds = [] }],
        Listeners = [],
        Tenants = [new TenantSnapshot { Name = "app", Upstream = "main", Namespace = "main@app", Limits = new TenantLimitsSnapshot { Rates = [.. rates] } }],
    };

    private void Follow(params RateSnapshot[] rates)
    {
        _directory = _directory.Follow(Configure(rates), out _);
        _rates.Follow(_directory);
    }

    private void Answer(LeaseAsk ask, long granted, int proxies = 1) => ask.Lease.OnAnswered(ask, Now, granted, proxies, round: 1);

    /// <summary>How many of so many requests are allowed.</summary>
    private int Ask(int requests) => Enumerable.Range(0, requests).Count(_ => Allows("GET", "a"));

    private bool Allows(params string[] arguments)
    {
        byte[] frame = Wire.Request(arguments);
        Assert.Equal(ReadStatus.Request, _reader.Read(frame, RequestLimits.Default, out int length));
        Rules.Decide(_reader.View(frame, length), CommandTable.Find(Wire.Bytes(arguments[0]))!, _scratch, Rules.Clock.Now, out Verdict verdict);
        return verdict.Outcome == AdmissionOutcome.Allowed;
    }
}
