using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Crowds;

[Collection(Crowd.Name)]
public sealed class BlockedCrowdTests
{
    [Fact]
    public async Task Five_thousand_clients_block_and_each_is_woken_by_its_own_key_and_all_vanish_at_once()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient other = await proxy.ConnectAsync();
        int count = Crowd.Affordable(5000);
        Assert.InRange(count, 1, 5000);
        List<RespClient> clients = await Crowd.ConnectAsync(proxy, count);

        for (int i = 0; i < count; i++) await clients[i].SendAsync(Wire.Request("BLPOP", "list" + Number(i), "0"));
        await Eventually.HoldsAsync("all wait at the node", async () => await Crowd.ReadAsync("blocked_clients", redis) == count);
        Assert.Equal(count, Crowd.LeasedBy(proxy));
        Assert.Equal(count, (await other.CommandAsync("CLIENT", "LIST")).Text.Split('\n').Count(line => line.Contains(" flags=b ", StringComparison.Ordinal)));

        int[] woken = [.. Enumerable.Range(0, count).Where(i => i % 7 == 0)];
        await other.SendAsync(woken.SelectMany(i => Wire.Request("RPUSH", "list" + Number(i), "for " + Number(i))).ToArray());
        await other.ReadRepliesAsync(woken.Length);
        foreach (int i in woken) Assert.Equal(["list" + Number(i), "for " + Number(i)], (await clients[i].ReadReplyAsync()).Tree.Items.Select(item => item.Text));

        long[] unblocked = await UnblockAsync(other, [.. clients.Where((_, i) => i % 7 == 1).Take(100)]);
        Assert.All(unblocked, answer => Assert.Equal(1, answer));
        await Eventually.HoldsAsync("the others still wait", () => Crowd.LeasedBy(proxy) == count - woken.Length - unblocked.Length);

        for (int i = 0; i < count; i++)
        {
            if (i % 2 == 0) clients[i].Abort();
            else await clients[i].DisposeAsync();
        }

        await Eventually.HoldsAsync("nothing is leased", () => Crowd.LeasedBy(proxy) == 0 && proxy.Server.ReadCounters().Connections == 1);
        await Eventually.HoldsAsync("nobody waits at the node", async () => await Crowd.ReadAsync("blocked_clients", redis) == 0);
        Assert.Equal(1, (await other.CommandAsync("RPUSH", "list3", "kept")).Integer);
        Assert.Equal("kept", (await other.CommandAsync("LPOP", "list3")).Text);
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone)]
    [InlineData(UpstreamMode.Cluster)]
    public async Task Who_waits_longest_for_a_key_is_served_first(UpstreamMode mode)
    {
        const int Waiters = 200;
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = mode == UpstreamMode.Cluster ? 3 : 1, Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(mode, [.. cluster.Nodes.Select(node => (node.Host, node.Port)).Take(mode == UpstreamMode.Cluster ? 3 : 1)]);
        await using RespClient pusher = await proxy.ConnectAsync();
        List<RespClient> waiters = await Crowd.ConnectAsync(proxy, Waiters);
        LocalRedis[] nodes = [.. cluster.Nodes.Select(node => node.Server)];
        for (int i = 0; i < Waiters; i++)
        {
            await waiters[i].SendAsync(Wire.Request("BLPOP", "jobs", "0"));
            // By the node's own account, not by time: the next one comes after it.
            await Crowd.WaitForBlockedAsync(i + 1, nodes);
        }

        await pusher.CommandAsync(["RPUSH", "jobs", .. Enumerable.Range(0, Waiters / 2).Select(Number)]);
        for (int i = Waiters / 2; i < Waiters; i++) await pusher.CommandAsync("RPUSH", "jobs", Number(i));

        for (int i = 0; i < Waiters; i++) Assert.Equal(Number(i), (await waiters[i].ReadReplyAsync()).Tree.Items[1].Text);
        await Eventually.HoldsAsync("nothing is leased", () => Crowd.LeasedBy(proxy) == 0);
        foreach (RespClient waiter in waiters) await waiter.DisposeAsync();
    }

    /// <summary>Frees clients by CLIENT UNBLOCK, each of which then gets BLPOP's null; the answers of UNBLOCK.</summary>
    private static async Task<long[]> UnblockAsync(RespClient other, List<RespClient> clients)
    {
        string[] lines = (await other.CommandAsync("CLIENT", "LIST")).Text.Split('\n');
        var answers = new List<long>();
        foreach (RespClient client in clients)
        {
            string line = lines.Single(line => line.Contains($" addr=127.0.0.1:{client.LocalPort} ", StringComparison.Ordinal));
            answers.Add((await other.CommandAsync("CLIENT", "UNBLOCK", line.Split(' ')[0]["id=".Length..])).Integer);
            Assert.Equal("*-1\r\n", (await client.ReadReplyAsync()).Wire);
        }

        return [.. answers];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
