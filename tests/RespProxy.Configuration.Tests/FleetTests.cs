namespace RespProxy.Configuration.Tests;

public class FleetTests
{
    private const string Control = "fleet: {redis: {addresses: [\"127.0.0.1:6390\"]}}\n";

    [Fact]
    public void A_rate_is_the_proxy_s_own_unless_it_says_fleet()
    {
        RateSnapshot own = Rate("rate: 10");
        Assert.Equal((RateReach.Proxy, 1m, 10L, 10L), (own.Reach, own.LocalShare, own.LocalRate, own.LocalBurst));
        RateSnapshot shared = Rate("rate: 1000, burst: 500, scope: fleet, localShare: 0.005");
        Assert.Equal((RateReach.Fleet, 0.005m, 5L, 2L), (shared.Reach, shared.LocalShare, shared.LocalRate, shared.LocalBurst));
        Assert.Equal((1L, 1L), (Rate("rate: 3, scope: fleet, localShare: 0.1").LocalRate, Rate("rate: 3, scope: fleet, localShare: 0.1").LocalBurst));
    }

    [Fact]
    public void The_section_says_where_the_control_Redis_is_and_how_patient_to_be()
    {
        Assert.Null(Loading.Valid(Loading.Minimal).Fleet);
        FleetSnapshot fleet = Loading.Valid(Loading.With(
            "fleet: {redis: {addresses: [\"a:1\", \"b:2\"], username: u, password: p}, prefix: \"x:y\", fallbackAfter: 1s}")).Fleet!;
        Assert.Equal([new NodeAddress("a", 1), new NodeAddress("b", 2)], fleet.Redis.Addresses);
        Assert.Equal(("u", "p", "x:y", TimeSpan.FromSeconds(1)), (fleet.Redis.Username, fleet.Redis.Password, fleet.Prefix, fleet.FallbackAfter));
        Assert.DoesNotContain("= p", fleet.ToString(), StringComparison.Ordinal);
        Assert.Equal(("respproxy:fleet", TimeSpan.FromMilliseconds(250)), (Loading.Valid(Loading.With(Control)).Fleet!.Prefix, Loading.Valid(Loading.With(Control)).Fleet!.FallbackAfter));
    }

    [Fact]
    public void A_shared_rate_without_a_control_Redis_is_an_error_that_says_what_to_write() => Assert.Equal(
        "test.yaml:9:40: tenants[0].limits.rates[0].scope: needs a control Redis that the proxies share the rate by; write fleet: {redis: {addresses: [\"host:port\"]}}, or scope: proxy",
        Assert.Single(Loading.Errors(Loading.Minimal + "\n    limits: {rates: [{rate: 10, scope: fleet, localShare: 0.1}]}")));

    [Theory]
    [InlineData("rate: 10, scope: fleet", "localShare: is missing: the part of the rate that this proxy may give out alone")]
    [InlineData("rate: 10, scope: fleet, localShare: 0", "localShare: '0' is not a number from 0.0001 to 1")]
    [InlineData("rate: 10, scope: fleet, localShare: 10%", "localShare: '10%' is not a number from 0.0001 to 1")]
    [InlineData("rate: 10, localShare: 0.1", "localShare: is for scope: fleet only; remove it, or add that")]
    [InlineData("rate: 10, scope: cluster", "scope: 'cluster' is not allowed here; allowed: proxy, fleet")]
    public void A_rate_says_both_scope_and_share_or_neither(string rate, string error) =>
        Assert.Contains(error, Assert.Single(Loading.Errors(Loading.With(Control) + $"\n    limits: {{rates: [{{{rate}}}]}}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("fleet: {prefix: p}", "fleet.redis: is missing; write the control Redis")]
    [InlineData("fleet: {redis: {addresses: []}}", "fleet.redis.addresses: needs at least one host:port of a Redis")]
    [InlineData("fleet: {redis: {addresses: [\"a:1\"]}, prefix: \"a b\"}", "fleet.prefix: 'a b' may hold 1 to 128 letters")]
    [InlineData("fleet: {redis: {addresses: [\"a:1\"]}, fallbackAfter: 1ms}", "fleet.fallbackAfter: '1ms' is out of range; from 50ms to 30s")]
    public void The_section_s_errors_say_what_to_do(string section, string error) =>
        Assert.Contains(Loading.Errors(Loading.With(section)), each => each.Contains(error, StringComparison.Ordinal));

    [Fact]
    public void Recent_requests_have_bounds()
    {
        Assert.Equal(new RecentRequestsSnapshot(), Loading.Valid(Loading.Minimal).RecentRequests);
        Assert.Equal(
            new RecentRequestsSnapshot { Enabled = false, Window = TimeSpan.FromMinutes(10), Memory = 1024 * 1024 },
            Loading.Valid(Loading.With("recentRequests: {enabled: false, window: 10m, memory: 1mb}")).RecentRequests);
        Assert.Contains("recentRequests.memory: '1kb' is out of range; from 4kb to 64mb", Assert.Single(Loading.Errors(Loading.With("recentRequests: {memory: 1kb}"))), StringComparison.Ordinal);
    }

    private static RateSnapshot Rate(string rate) => Loading.Valid(Loading.With(Control) + $"\n    limits: {{rates: [{{{rate}}}]}}").Tenants[0].Limits.Rates[0];
}
