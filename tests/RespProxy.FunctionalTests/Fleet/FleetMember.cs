using RespProxy.Configuration;
using RespProxy.Control.Fleet;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>One proxy of a fleet, with what leases tokens for it.</summary>
internal sealed class FleetMember : IAsyncDisposable
{
    private FleetMember(RunningProxy proxy, FleetLeases leases, RecordingLoggerFactory logs) => (Proxy, Leases, Logs) = (proxy, leases, logs);

    public RunningProxy Proxy { get; }

    public FleetLeases Leases { get; }

    public RecordingLoggerFactory Logs { get; }

    /// <summary>A loaded machine's hiccups are no silence of the control Redis.</summary>
    private static readonly TimeSpan LongSilence = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="StartAsync(LocalRedis, LocalRedis, TimeSpan, ValueTuple{string, RateSnapshot}[])"/>
    public static Task<FleetMember> StartAsync(LocalRedis data, LocalRedis control, params (string Tenant, RateSnapshot Rate)[] limits) =>
        StartAsync(data, control, LongSilence, limits);

    /// <summary>Starts a proxy before <paramref name="data"/> whose tenants are limited as <paramref name="limits"/> says, by their names.</summary>
    public static async Task<FleetMember> StartAsync(LocalRedis data, LocalRedis control, TimeSpan silence, params (string Tenant, RateSnapshot Rate)[] limits)
    {
        var fleet = new FleetSnapshot { Redis = new ControlRedisSnapshot { Addresses = [new NodeAddress(control.Host, control.Port)] }, FallbackAfter = silence };
        RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(data.Host, data.Port)], configuration => configuration with
        {
            Fleet = fleet,
            Tenants = [.. limits.Select(limit => Limit(RunningProxy.Tenant(limit.Tenant), limit.Rate))],
            Listeners = [.. limits.Select(limit => new ListenerSnapshot { Name = limit.Tenant, Host = "127.0.0.1", Port = 0, Tenant = limit.Tenant })],
        });
        var logs = new RecordingLoggerFactory();
        return new FleetMember(proxy, new FleetLeases(proxy.Server.Fleet!, fleet, TimeProvider.System, logs), logs);
    }

    public static TenantSnapshot Limit(TenantSnapshot tenant, RateSnapshot rate) => tenant with { Limits = new TenantLimitsSnapshot { Rates = [rate] } };

    /// <summary>A rate that the fleet shares.</summary>
    public static RateSnapshot Shared(long rate, long burst, decimal localShare = 0.1m, RateAction action = RateAction.Reject) =>
        new() { Rate = rate, Burst = burst, Reach = RateReach.Fleet, LocalShare = localShare, Action = action };

    public Task<RespClient> ConnectAsync(string tenant) => Proxy.ConnectAsync(tenant);

    public async ValueTask DisposeAsync()
    {
        await Leases.DisposeAsync();
        await Proxy.DisposeAsync();
        Logs.Dispose();
    }
}
