using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>Limits that proxies share: how they begin, what each action does with them, and how they end.</summary>
public sealed class FleetTests(FleetServers servers) : IClassFixture<FleetServers>
{
    private static int _lastTenant;

    /// <summary>Buckets in the control Redis are by tenant: each test has its own.</summary>
    private readonly string _tenant = $"app{Interlocked.Increment(ref _lastTenant)}";

    [Fact]
    public async Task The_first_demand_of_an_idle_proxy_has_it_supplied()
    {
        await using FleetMember proxy = await StartAsync(FleetMember.Shared(1_000, 1_000));
        await using RespClient client = await proxy.ConnectAsync(_tenant);
        for (int time = 0; time < 2; time++)
        {
            await Eventually.HoldsAsync("the proxy is idle", () => proxy.Leases.Leases is [{ IsIdle: true }]);
            int granted = 0;
            // Two tokens is what it may owe; all beyond are leased.
            await Eventually.HoldsAsync("a hundred commands run", async () => (granted += (await client.PipelineAsync("INCR n", "INCR n")).Count(reply => reply[0] == ':')) >= 100);
        }
    }

    [Fact]
    public async Task A_burst_is_the_fleet_s()
    {
        await using FleetMember first = await StartAsync(FleetMember.Shared(100, 300));
        await using FleetMember second = await StartAsync(FleetMember.Shared(100, 300));
        long begun = Stopwatch.GetTimestamp();
        await using Demand one = await Demand.StartAsync(first, _tenant, 2_000);
        await using Demand other = await Demand.StartAsync(second, _tenant, 2_000);
        await Eventually.HoldsAsync("the burst is used up", () => one.Granted + other.Granted >= 300);
        await Task.WhenAll(one.StopAsync(), other.StopAsync());

        // Each may owe its allowance, which is one token here.
        Assert.InRange(one.Granted + other.Granted, 300, 300 + (100 * Stopwatch.GetElapsedTime(begun).TotalSeconds) + 2);
        Assert.True(one.Granted > 0 && other.Granted > 0);
    }

    [Fact]
    public async Task What_an_idle_proxy_holds_goes_back_to_the_others()
    {
        await using FleetMember idle = await StartAsync(FleetMember.Shared(1_000, 1_000));
        await using (RespClient client = await idle.ConnectAsync(_tenant)) await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 100)]);
        await Eventually.HoldsAsync("it has given everything back", () => idle.Leases.Leases is [{ IsIdle: true, Leased: > 0, Returned: > 0 }]);
    }

    [Fact]
    public async Task Delayed_commands_get_their_turn_and_all_of_them_are_paid_for()
    {
        await using FleetMember proxy = await StartAsync(FleetMember.Shared(200, 1, action: RateAction.Delay) with { MaxDelay = TimeSpan.FromSeconds(10) });
        await using RespClient client = await proxy.ConnectAsync(_tenant);
        long begun = Stopwatch.GetTimestamp();
        string[] replies = await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 150)]);

        Assert.Equal(Enumerable.Range(1, 150).Select(n => $":{n}\r\n"), replies);
        // 200 a second, of which 20, what a tenth of a second brings, may be there at once, and as many are owed at most.
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalSeconds, (150 - 40) / 200.0, 60);
        await Eventually.HoldsAsync("every command is paid for", () => proxy.Leases.Leases is [var lease] && lease.Leased - lease.Returned - lease.Balance == 150);
    }

    [Fact]
    public async Task A_shadow_rate_refuses_nothing_and_counts_what_it_would_have_refused()
    {
        await using FleetMember proxy = await StartAsync(FleetMember.Shared(100, 10, action: RateAction.Shadow));
        await using RespClient client = await proxy.ConnectAsync(_tenant);
        string[] replies = await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 500)]);
        Assert.All(replies, reply => Assert.Equal(':', reply[0]));
        Assert.InRange(proxy.Proxy.Server.ReadUsage(_tenant).Total.Shadowed, 1, 500);
    }

    [Fact]
    public async Task A_rate_that_becomes_the_fleet_s_is_so_for_connections_that_are_there()
    {
        var own = new RateSnapshot { Rate = 1_000_000, Burst = 1_000_000 };
        await using FleetMember first = await StartAsync(own);
        await using FleetMember second = await StartAsync(own);
        await using RespClient one = await first.ConnectAsync(_tenant);
        await using RespClient other = await second.ConnectAsync(_tenant);
        Assert.Equal(":1\r\n", (await one.PipelineAsync("INCR n"))[0]);
        Assert.Equal(":2\r\n", (await other.PipelineAsync("INCR n"))[0]);
        Assert.Empty(first.Leases.Leases);

        RateSnapshot shared = FleetMember.Shared(1, 100);
        Apply(first, shared);
        Apply(second, shared);
        int granted = 0;
        await Eventually.HoldsAsync("the two have used the burst up together", async () =>
        {
            foreach (RespClient client in (RespClient[])[one, other]) granted += (await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 50)])).Count(reply => reply[0] == ':');
            return granted >= 100;
        });
        Assert.InRange(granted, 100, 125);

        Apply(first, own);
        await Eventually.HoldsAsync("nothing is leased any more", () => first.Leases.Leases.Count == 0);
        Assert.StartsWith("-ERR LIMIT", (await other.PipelineAsync([.. Enumerable.Repeat("INCR n", 50)]))[^1], StringComparison.Ordinal);
        await Eventually.HoldsAsync("the other one's own rate is its own", async () => (await one.PipelineAsync("INCR n"))[0][0] == ':');
    }

    [Fact]
    public async Task Metrics_tell_what_is_leased_and_by_how_many()
    {
        await using FleetMember proxy = await StartAsync(FleetMember.Shared(1_000, 1_000) with { Name = "writes" });
        await using RespClient client = await proxy.ConnectAsync(_tenant);
        await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 20)]);
        await Eventually.HoldsAsync("tokens are leased", () => proxy.Leases.Leases is [{ Leased: > 0 }]);

        var families = FleetMetrics.From(proxy.Leases).ToDictionary(family => family.Name, family => family.Samples);
        Assert.Equal(0, Assert.Single(families["respproxy_fleet_fallback_active"]).Value);
        MetricSample leased = Assert.Single(families["respproxy_fleet_tokens_leased_total"]);
        Assert.Equal([new MetricLabel("tenant", _tenant), new MetricLabel("rate", "writes")], leased.Labels);
        Assert.True(leased.Value > 0);
        Assert.Equal(1, Assert.Single(families["respproxy_fleet_sharing_proxies"]).Value);
        Assert.True(families["respproxy_fleet_lease_duration_seconds"].Single().Histogram!.Counts.ToArray().Sum() > 0);
        Assert.Empty(FleetMetrics.From(null));
    }

    private Task<FleetMember> StartAsync(RateSnapshot rate) => FleetMember.StartAsync(servers.Data, servers.Control, (_tenant, rate));

    private static void Apply(FleetMember member, RateSnapshot rate) => Assert.Empty(member.Proxy.Server.Apply(member.Proxy.Configuration with
    {
        Tenants = [FleetMember.Limit(member.Proxy.Configuration.Tenants[0], rate)],
    }));
}
