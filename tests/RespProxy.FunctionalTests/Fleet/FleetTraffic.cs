using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests.Fleet;

/// <summary>
/// Ten seconds by the control Redis's clock in the life of four proxies, and a fifth that dies half-way, for four tenants at once, each of whom asks for more than its
/// limit in a way of its own.
/// </summary>
public sealed class FleetTraffic : IAsyncLifetime
{
    /// <summary>Of every tenant, in commands per second.</summary>
    public const int Rate = 1_000;

    private const int Seconds = 10;

    private static readonly string[] Tenants = ["everywhere", "single", "uneven", "dying"];

    private readonly Dictionary<string, Demand[]> _demands = [];
    private LocalRedis _data = null!;
    private LocalRedis _control = null!;

    /// <summary>Commands granted within the ten seconds, by tenant, per second of the control Redis's clock.</summary>
    public Dictionary<string, double> Granted { get; } = [];

    /// <summary>What the small ones of the uneven demand were granted and refused.</summary>
    public (long Granted, long Refused) Small { get; private set; }

    /// <summary>Tokens that the proxy had when it died.</summary>
    public long LostWithTheDead { get; private set; }

    /// <summary>Tokens leased less tokens held and returned, by all proxies, against commands granted, of the demand from everywhere.</summary>
    public (long Leased, long Granted) Balance { get; private set; }

    public async ValueTask InitializeAsync()
    {
        _data = await LocalRedis.StartAsync(new LocalRedisOptions());
        _control = await LocalRedis.StartAsync(new LocalRedisOptions());
        var proxies = new List<FleetMember>();
        for (int i = 0; i < 5; i++)
            proxies.Add(await FleetMember.StartAsync(_data, _control, [.. Tenants.Select(tenant => (tenant, FleetMember.Shared(Rate, Rate / 2)))]));
        await BeginAsync(proxies);
        await Eventually.HoldsAsync("every tenant has used its burst up", () => Tenants.All(tenant => _demands[tenant].Sum(demand => demand.Refused) > Rate / 2));

        (double begun, Dictionary<string, long> before) = (await NowAsync(), Totals());
        (long, long) small = SmallOnes();
        await UntilAsync(begun + (Seconds / 2.0));
        LostWithTheDead = proxies[4].Leases.Leases.Single(lease => lease.Tenant == "dying").Balance;
        await proxies[4].DisposeAsync();
        await UntilAsync(begun + Seconds);
        (double ended, Dictionary<string, long> after) = (await NowAsync(), Totals());
        Small = (SmallOnes().Granted - small.Item1, SmallOnes().Refused - small.Item2);
        foreach (string tenant in Tenants) Granted[tenant] = (after[tenant] - before[tenant]) / (ended - begun);
        await EndAsync(proxies);
    }

    public async ValueTask DisposeAsync()
    {
        await _control.DisposeAsync();
        await _data.DisposeAsync();
    }

    private async Task BeginAsync(List<FleetMember> proxies)
    {
        _demands["everywhere"] = await Task.WhenAll(proxies.Take(4).Select(proxy => Demand.StartAsync(proxy, "everywhere", Rate * 6 / 10)));
        _demands["single"] = [await Demand.StartAsync(proxies[0], "single", Rate * 2)];
        _demands["uneven"] =
        [
            await Demand.StartAsync(proxies[1], "uneven", Rate * 2),
            await Demand.StartAsync(proxies[2], "uneven", Rate / 10),
            await Demand.StartAsync(proxies[3], "uneven", Rate / 10),
        ];
        _demands["dying"] = [await Demand.StartAsync(proxies[3], "dying", Rate * 3 / 2), await Demand.StartAsync(proxies[4], "dying", Rate * 3 / 2)];
    }

    private async Task EndAsync(List<FleetMember> proxies)
    {
        foreach (Demand demand in _demands.Values.SelectMany(each => each)) await demand.StopAsync();
        await Eventually.HoldsAsync("idle proxies give everything back, and pay what they owe", () => proxies.Take(4).All(proxy => proxy.Leases.Leases.All(lease => lease.IsIdle)));
        long spent = proxies.Take(4).Sum(proxy => proxy.Leases.Leases.Where(lease => lease.Tenant == "everywhere").Sum(lease => lease.Leased - lease.Returned - lease.Balance));
        Balance = (spent, _demands["everywhere"].Sum(demand => demand.Granted));
        foreach (Demand demand in _demands.Values.SelectMany(each => each)) await demand.DisposeAsync();
        foreach (FleetMember proxy in proxies.Take(4)) await proxy.DisposeAsync();
    }

    private Dictionary<string, long> Totals() => Tenants.ToDictionary(tenant => tenant, tenant => _demands[tenant].Sum(demand => demand.Granted));

    private (long Granted, long Refused) SmallOnes() => (_demands["uneven"].Skip(1).Sum(demand => demand.Granted), _demands["uneven"].Skip(1).Sum(demand => demand.Refused));

    private async Task UntilAsync(double time)
    {
        while (await NowAsync() is double now && now < time) await Task.Delay(TimeSpan.FromSeconds(time - now));
    }

    /// <summary>The control Redis's clock, in seconds.</summary>
    private async Task<double> NowAsync()
    {
        IReadOnlyList<RedisReply> time = (await _control.CommandAsync("TIME")).Items!;
        return double.Parse(time[0].Text, CultureInfo.InvariantCulture) + (double.Parse(time[1].Text, CultureInfo.InvariantCulture) / 1e6);
    }
}
