using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>Slots that move during traffic: no client sees anything of it.</summary>
[Collection(Alone.Name)]
public sealed class ReshardTests : IAsyncLifetime
{
    private const int Slots = 40;

    private LocalRedisCluster _cluster = null!;
    private RunningProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions());
        _proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. _cluster.Nodes.Select(node => (node.Host, node.Port))]);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Slots_that_are_resharded_during_traffic_cost_no_error_no_acknowledged_write_and_no_order()
    {
        var traffic = new ClusterTraffic(_proxy);
        string[][] counters = [.. Enumerable.Range(0, 4).Select(writer => (string[])
            [.. ClusterTraffic.KeysIn(0, Slots - 1, 12, $"moving{writer}-"), .. ClusterTraffic.KeysIn(8000, 16_383, 4, $"staying{writer}-")])];
        string[] tags = ClusterTraffic.TagsIn(0, Slots - 1, 3);
        Task<Dictionary<string, long>>[] writers = [.. counters.Select(traffic.CountAsync)];
        Task<long>[] others = [.. counters.Take(2).Select(traffic.WatchAsync), .. tags.Select(traffic.WriteTogetherAsync)];

        await MoveAsync();
        traffic.Stop();

        long[] rounds = await Task.WhenAll(others);
        Assert.All(rounds, count => Assert.InRange(count, 10, long.MaxValue));
        foreach (Task<Dictionary<string, long>> writer in writers)
        {
            foreach ((string counter, long acknowledged) in await writer) Assert.Equal(acknowledged, await StoredAsync(counter));
        }

        UpstreamReading counted = _proxy.Server.ReadCounters().Upstreams[0];
        Assert.True(counted.Moved > 0 && counted.Asked > 0, $"the traffic met no moving slot: {counted}");
        Assert.Equal(0, counted.Failed);
    }

    /// <summary>Half by redis-cli, as an operator would; half in the smallest steps, so that keys of one slot are in two places for long; then back.</summary>
    private async Task MoveAsync()
    {
        LocalNode from = await _cluster.OwnerAsync(0);
        LocalNode to = _cluster.Primaries.First(node => node != from);
        await _cluster.ReshardAsync(Slots / 2, from, to);
        await MoveInStepsAsync(from, to, Slots / 2, Slots / 2);
        await MoveInStepsAsync(to, from, 0, Slots / 2);
        Assert.Same(to, await _cluster.OwnerAsync(Slots - 1));
    }

    private async Task MoveInStepsAsync(LocalNode from, LocalNode to, int first, int count)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            SlotMove move = _cluster.BeginMove(slot, from, to);
            await move.MarkAsync();
            while (await move.MigrateKeysAsync(1) > 0)
            {
            }

            await move.FinishAsync();
        }
    }

    private async Task<long> StoredAsync(string counter)
    {
        string key = ClusterTraffic.Prefix + counter;
        LocalNode owner = await _cluster.OwnerAsync(await _cluster.SlotOfAsync(key));
        return (await owner.CommandAsync("GET", key)).OrThrow().Integer;
    }
}
