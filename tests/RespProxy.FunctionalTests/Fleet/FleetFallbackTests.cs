using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>The control Redis goes away, in every way it can, and comes back.</summary>
public sealed class FleetFallbackTests : IAsyncLifetime
{
    private const int Rate = 1_000, Burst = 200, Proxies = 4;

    private const decimal Share = 0.1m;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(250);

    private LocalRedis _data = null!;
    private LocalRedis _control = null!;

    public async ValueTask InitializeAsync()
    {
        _data = await LocalRedis.StartAsync(new LocalRedisOptions());
        _control = await LocalRedis.StartAsync(new LocalRedisOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        await _data.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_control_Redis_is_dead_or_hung_each_proxy_keeps_to_its_share_and_afterwards_all_keep_to_the_limit(bool isKilled)
    {
        FleetMember[] proxies = await Task.WhenAll(Enumerable.Range(0, Proxies).Select(_ => FleetMember.StartAsync(_data, _control, Silence, ("app1", FleetMember.Shared(Rate, Burst, Share)))));
        Demand[] demands = await Task.WhenAll(proxies.Select(proxy => Demand.StartAsync(proxy, "app1", Rate / 2)));
        await Eventually.HoldsAsync("the burst is used up", () => demands.Sum(demand => demand.Refused) > Rate / 2);

        if (isKilled) await _control.KillAsync();
        else _control.Suspend();
        await Eventually.HoldsAsync("every proxy is alone", () => proxies.All(proxy => proxy.Leases.IsAlone));
        double alone = await RateAsync(demands, seconds: 2, allowance: 0);
        Assert.InRange(alone, (double)Share * Rate * Proxies * 0.6, ((double)Share * ((Rate * 2) + Burst) * Proxies / 2) + 5);
        Assert.All(proxies, proxy => Assert.Contains(proxy.Logs.Lines, line => line.Contains("[6501]", StringComparison.Ordinal)));
        Assert.All(proxies, proxy => Assert.True(proxy.Leases.Failures > 0));

        if (isKilled) await _control.RestartAsync();
        else _control.Resume();
        await Eventually.HoldsAsync("every proxy is back", () => proxies.All(proxy => !proxy.Leases.IsAlone));
        double together = await RateAsync(demands, seconds: 2, allowance: Burst);
        Assert.InRange(together, Rate * 0.6, Rate * 1.05);
        Assert.All(proxies, proxy => Assert.Contains(proxy.Logs.Lines, line => line.Contains("[6502]", StringComparison.Ordinal)));
        foreach (Demand demand in demands) await demand.DisposeAsync();
        foreach (FleetMember proxy in proxies) await proxy.DisposeAsync();
    }

    [Fact]
    public async Task A_proxy_that_starts_without_the_control_Redis_goes_by_its_share_and_joins_when_it_comes()
    {
        await _control.KillAsync();
        await using FleetMember proxy = await FleetMember.StartAsync(_data, _control, Silence, ("app1", FleetMember.Shared(Rate, Burst, Share)));
        await using RespClient client = await proxy.ConnectAsync("app1");
        await Eventually.HoldsAsync("it goes by its share", async () => (await client.PipelineAsync([.. Enumerable.Repeat("INCR n", 10)]))[^1][0] == ':' && proxy.Leases.IsAlone);

        await _control.RestartAsync();
        await Eventually.HoldsAsync("it has joined", async () => (await client.PipelineAsync("INCR n"))[0][0] == ':' && proxy.Leases.Leases is [{ Leased: > 0 }]);
        Assert.False(proxy.Leases.IsAlone);
    }

    /// <summary>Commands granted per second, less what may be granted at once.</summary>
    private static async Task<double> RateAsync(Demand[] demands, int seconds, int allowance)
    {
        long begun = Stopwatch.GetTimestamp();
        long before = demands.Sum(demand => demand.Granted);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        long granted = demands.Sum(demand => demand.Granted) - before;
        return (granted - allowance) / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}
