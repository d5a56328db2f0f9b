using System.Diagnostics;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>A primary that dies or hangs: its clients wait no longer than the cluster itself takes, the others notice nothing.</summary>
[Collection(Alone.Name)]
public sealed class FailoverTests : IAsyncLifetime
{
    /// <summary>One debounced refresh, one backoff, and what a loaded machine makes of them.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(3);

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
    public Task A_killed_primary_costs_errors_only_on_its_slots_and_only_until_its_failover_is_seen() =>
        LoseAsync(primary => primary.KillAsync());

    [Fact]
    public Task A_suspended_primary_costs_errors_only_on_its_slots_and_only_until_its_failover_is_seen() =>
        LoseAsync(primary =>
        {
            primary.Suspend();
            return Task.CompletedTask;
        });

    private async Task LoseAsync(Func<LocalNode, Task> lose)
    {
        LocalNode lost = await _cluster.OwnerAsync(0);
        var traffic = new ClusterTraffic(_proxy);
        string[] counters = [ClusterTraffic.KeysIn(0, 100, 1, "lost")[0], ClusterTraffic.KeysIn(8000, 8100, 1, "second")[0], ClusterTraffic.KeysIn(16_000, 16_383, 1, "third")[0]];
        Task<Outage>[] clients = [.. counters.Select(traffic.EndureAsync)];
        await Eventually.HoldsAsync("traffic flows", async () => await StoredAsync(counters[0], lost) > 20);

        await lose(lost);
        LocalNode witness = _cluster.Primaries.First(node => node != lost);
        await Eventually.HoldsAsync("a replica has taken over", async () => await OwnerAsync(witness, slot: 0) != lost.Id, TimeSpan.FromSeconds(30));
        long takenOver = Stopwatch.GetTimestamp();
        string heirId = await OwnerAsync(witness, slot: 0);
        LocalNode heir = _cluster.Nodes.Single(node => node.Id == heirId);
        long inherited = await StoredAsync(counters[0], heir);
        await Eventually.HoldsAsync("the slots of the lost primary are written again", async () => await StoredAsync(counters[0], heir) > inherited + 20, Refresh);
        await WriteEverywhereAsync();
        traffic.Stop();
        Outage[] outages = await Task.WhenAll(clients);

        Assert.All(outages[0].Errors, error => Assert.True(Stopwatch.GetElapsedTime(takenOver, error.At) < Refresh, $"{error.Text} too late"));
        foreach ((Outage outage, string counter) in outages.Zip(counters).Skip(1))
        {
            Assert.True(outage.Errors.Count == 0, outage.ToString());
            Assert.Equal(outage.Acknowledged, await StoredAsync(counter, await OwnerOfAsync(counter, witness)));
            Assert.InRange(Stopwatch.GetElapsedTime(0, outage.LongestSilence), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        }
    }

    /// <summary>No slot is left without a writable owner.</summary>
    private async Task WriteEverywhereAsync()
    {
        await using RespClient client = await _proxy.ConnectAsync();
        for (int i = 0; i < 500; i++) Assert.Equal("\"OK\"", (await client.CommandAsync("SET", $"everywhere{i}", "v")).ToString());
    }

    private static async Task<string> OwnerAsync(LocalNode witness, int slot)
    {
        RedisReply ranges = (await witness.CommandAsync("CLUSTER", "SLOTS")).OrThrow();
        return ranges.Items.First(range => range.Items[0].Integer <= slot && slot <= range.Items[1].Integer).Items[2].Items[2].Text;
    }

    private async Task<LocalNode> OwnerOfAsync(string counter, LocalNode witness)
    {
        RedisReply slot = await witness.CommandAsync("CLUSTER", "KEYSLOT", ClusterTraffic.Prefix + counter);
        string id = await OwnerAsync(witness, (int)slot.Integer);
        return _cluster.Nodes.Single(node => node.Id == id);
    }

    private static async Task<long> StoredAsync(string counter, LocalNode owner)
    {
        RedisReply reply = await owner.CommandAsync("GET", ClusterTraffic.Prefix + counter);
        return reply.IsNull ? 0 : reply.OrThrow().Integer;
    }
}
