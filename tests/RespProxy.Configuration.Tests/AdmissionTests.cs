namespace RespProxy.Configuration.Tests;

/// <summary>A tenant's limits and denylist as written.</summary>
public class AdmissionTests
{
    private const string ExplainAll = "name commands, subcommands (CLIENT|LIST) or categories (@write); @all is every command";

    /// <summary>The minimal configuration; its tenant, in line 8, with the text below it, from line 9.</summary>
    private static string Tenant(string text) => Loading.Minimal + "\n    " + text.ReplaceLineEndings("\n    ");

    private static TenantSnapshot Read(string text) => Loading.Valid(Tenant(text)).Tenants[0];

    [Fact]
    public void A_tenant_is_not_limited_unless_something_says_so()
    {
        TenantSnapshot tenant = Loading.Valid(Loading.Minimal).Tenants[0];
        Assert.Null(tenant.Limits.MaxConnections);
        Assert.Null(tenant.Limits.MaxInFlight);
        Assert.Empty(tenant.Limits.Rates);
        Assert.Empty(tenant.Denials);
    }

    [Fact]
    public void A_rate_is_of_all_commands_with_a_second_of_burst_unless_it_says_more()
    {
        RateSnapshot rate = Assert.Single(Read("limits: {maxConnections: 5, maxInFlight: 7, rates: [{rate: 20k}]}").Limits.Rates);
        Assert.Equal(20_000, rate.Rate);
        Assert.Equal(20_000, rate.Burst);
        Assert.Equal(RateUnit.Commands, rate.Unit);
        Assert.Equal(RateAction.Reject, rate.Action);
        Assert.Equal(["@all"], rate.Scope.Commands);
        Assert.False(rate.Scope.NamesKeys);
        Assert.Null(rate.Name);
    }

    [Fact]
    public void A_rate_says_commands_keys_unit_burst_action_and_delay()
    {
        TenantLimitsSnapshot limits = Read(
            """
            limits:
              maxConnections: 5
              maxInFlight: 7
              rates:
                - {name: big, commands: ["@write", client|list], keys: [a], patterns: ["b*"], unit: replyBytes, rate: 10mb, burst: 20mb, action: delay, maxDelay: 2s}
            """).Limits;
        Assert.Equal((5, 7), (limits.MaxConnections, limits.MaxInFlight));
        RateSnapshot rate = Assert.Single(limits.Rates);
        Assert.Equal(("big", RateUnit.ReplyBytes, 10 << 20, 20 << 20, RateAction.Delay), (rate.Name, rate.Unit, rate.Rate, rate.Burst, rate.Action));
        Assert.Equal(TimeSpan.FromSeconds(2), rate.MaxDelay);
        Assert.Equal(["@write", "client|list"], rate.Scope.Commands);
        Assert.Equal(["a"], rate.Scope.Keys);
        Assert.Equal(["b*"], rate.Scope.Patterns);
    }

    [Fact]
    public void A_denial_holds_from_a_time_for_a_while_and_says_why()
    {
        DenialSnapshot denial = Assert.Single(Read(
            """
            deny:
              - commands: [HGETALL]
                keys: [big]
                from: 2026-01-31T12:00:00Z
                for: 30m
                reason: too large, use HSCAN
            """).Denials);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), denial.From);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 30, 0, TimeSpan.Zero), denial.Expires);
        Assert.Equal("too large, use HSCAN", denial.Reason);
        Assert.False(denial.Shadow);
    }

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", 12)]
    [InlineData("2026-01-31T12:00:00.000Z", 12)]
    [InlineData("2026-01-31T12:00Z", 12)]
    [InlineData("2026-01-31T12:00:00+02:00", 10)]
    [InlineData("2026-01-31T12:00:00-02:00", 14)]
    public void An_expiry_is_a_time_with_its_zone(string written, int hour) =>
        Assert.Equal(new DateTimeOffset(2026, 1, 31, hour, 0, 0, TimeSpan.Zero), Assert.Single(Read($"deny: [{{commands: [GET], expires: \"{written}\"}}]").Denials).Expires);

    [Theory]
    [InlineData("limits: {maxConnections: 0}", "tenants[0].limits.maxConnections: '0' is not a whole number from 1 to 1000000")]
    [InlineData("limits: {maxInFlight: -1}", "tenants[0].limits.maxInFlight: '-1' is not a whole number from 1 to 100000000")]
    [InlineData("limits: {rates: [{burst: 5}]}", "tenants[0].limits.rates[0].rate: is missing; write units per second, as rate: 1000")]
    [InlineData("limits: {rates: [{rate: 0}]}", "tenants[0].limits.rates[0].rate: '0' is out of range; from 1 to 10gb")]
    [InlineData("limits: {rates: [{rate: 1, burst: 3601}]}", "tenants[0].limits.rates[0].burst: '3601' is out of range; from 1 to 3600")]
    [InlineData("limits: {rates: [{rate: 1, maxDelay: 1s}]}", "tenants[0].limits.rates[0].maxDelay: is for action: delay only; remove it, or change the action")]
    [InlineData("limits: {rates: [{rate: 1, name: \"a b\"}]}", "tenants[0].limits.rates[0].name: 'a b' may hold letters, digits, '.', '_' and '-' only")]
    [InlineData("limits: {rates: [{rate: 1, unit: bytes}]}", "tenants[0].limits.rates[0].unit: 'bytes' is not allowed here; allowed: commands, keys, requestBytes, replyBytes")]
    [InlineData("limits: {rates: [{rate: 1, commands: [GETT]}]}", "tenants[0].limits.rates[0].commands[0]: 'GETT' names no command; did you mean 'GET'?")]
    [InlineData("limits: {rates: [{rate: 1, commands: []}]}", "tenants[0].limits.rates[0].commands: needs at least one element; @all is every command")]
    [InlineData("limits: {rates: [{rate: 1, keys: []}]}", "tenants[0].limits.rates[0].keys: needs at least one element; without the key every call of the commands is meant")]
    [InlineData("limits: {rates: [{rate: 1, commands: [PING], patterns: [a]}]}", "tenants[0].limits.rates[0].patterns: can never match: none of the commands has keys")]
    [InlineData("deny: [{keys: [a]}]", "tenants[0].deny[0].commands: is missing; " + ExplainAll)]
    [InlineData("deny: [{commands: [\"@wirte\"]}]", "tenants[0].deny[0].commands[0]: '@wirte' names no command; did you mean '@write'?")]
    [InlineData("deny: [{commands: [AUTH]}]", "tenants[0].deny[0].commands[0]: 'AUTH' cannot be denied: clients need it to identify themselves, or to end what they began")]
    [InlineData("deny: [{commands: [GET], expires: 2026-01-31}]", "tenants[0].deny[0].expires: '2026-01-31' is not a time; write date, time and zone, as 2026-01-31T12:00:00Z")]
    [InlineData("deny: [{commands: [GET], expires: \"2026-01-31T12:00:00\"}]", "tenants[0].deny[0].expires: '2026-01-31T12:00:00' is not a time; write date, time and zone, as 2026-01-31T12:00:00Z")]
    [InlineData("deny: [{commands: [GET], for: 5m}]", "tenants[0].deny[0].for: needs a start; write from: beside it, or expires: instead")]
    [InlineData("deny: [{commands: [GET], from: \"2026-01-31T12:00:00Z\", expires: \"2026-01-31T12:00:00Z\"}]", "tenants[0].deny[0].expires: is not after from; the rule would never hold")]
    [InlineData("deny: [{commands: [GET], reason: \"a\\nb\"}]", "tenants[0].deny[0].reason: must be one line of 1 to 256 characters: it is part of an error line")]
    public void What_is_wrong_is_told_with_its_path_and_line(string text, string error)
    {
        string told = Assert.Single(Loading.Errors(Tenant(text)));
        Assert.EndsWith(": " + error, told, StringComparison.Ordinal);
        Assert.StartsWith("test.yaml:9:", told, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expiry_given_twice_is_refused() =>
        Assert.Contains(
            Loading.Errors(Tenant("deny: [{commands: [GET], from: \"2026-01-31T12:00:00Z\", for: 5m, expires: \"2026-01-31T13:00:00Z\"}]")),
            error => error.EndsWith("deny[0].for: says the same as expires; remove one", StringComparison.Ordinal));

    [Fact]
    public void A_category_may_hold_commands_that_are_never_denied() =>
        Assert.Equal(["@connection"], Assert.Single(Read("deny: [{commands: [\"@connection\"]}]").Denials).Scope.Commands);

    [Fact]
    public void More_rates_of_reply_bytes_than_a_request_can_remember_are_refused()
    {
        string Rates(int count) => $"limits: {{rates: [{string.Join(", ", Enumerable.Repeat("{rate: 1, unit: replyBytes}", count))}]}}";
        Assert.Equal(64, Read(Rates(64)).Limits.Rates.Length);
        Assert.EndsWith("limits.rates: has 65 rates of replyBytes; at most 64 are possible", Assert.Single(Loading.Errors(Tenant(Rates(65)))), StringComparison.Ordinal);
    }
}
