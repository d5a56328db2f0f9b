using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Crowds;

/// <summary>The bounded pool of connections that clients have for themselves, from WATCH to EXEC and while they wait.</summary>
[Collection(Crowd.Name)]
public sealed class LeaseTests
{
    private const string Full = "ERR too many clients block or watch at once, the command was not executed; raise maxLeasedConnections or try again later";

    [Fact]
    public async Task A_full_pool_says_so_and_serves_again_when_one_is_free()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await StartAsync(redis, leases: 3);
        List<RespClient> holders = await Crowd.ConnectAsync(proxy, 3 * proxy.Configuration.Loops);
        for (int i = 0; i < holders.Count; i++) await holders[i].SendAsync(Wire.Request("BLPOP", "list" + i.ToString(CultureInfo.InvariantCulture), "0"));
        await Eventually.HoldsAsync("the pool is full", async () => await Crowd.ReadAsync("blocked_clients", redis) == holders.Count);
        await using RespClient late = await proxy.ConnectAsync();

        Assert.Equal(Full, (await late.CommandAsync("BLPOP", "list", "0")).Text);
        Assert.Equal(Full, (await late.CommandAsync("WATCH", "key")).Text);
        Assert.Equal("OK", (await late.CommandAsync("SET", "key", "v")).Text);
        Assert.Equal(1, (await late.CommandAsync("RPUSH", "list0", "v")).Integer);
        Assert.Equal(["list0", "v"], (await holders[0].ReadReplyAsync()).Tree.Items.Select(item => item.Text));

        Assert.Equal("OK", (await late.CommandAsync("WATCH", "key")).Text);
        Assert.Equal("OK", (await late.CommandAsync("UNWATCH")).Text);
        foreach (RespClient holder in holders) await holder.DisposeAsync();
        await Eventually.HoldsAsync("nothing is leased", () => Crowd.LeasedBy(proxy) == 0);
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone, "2")]
    [InlineData(UpstreamMode.Standalone, "3")]
    [InlineData(UpstreamMode.Cluster, "2")]
    [InlineData(UpstreamMode.Cluster, "3")]
    public async Task Fifty_clients_racing_with_WATCH_lose_no_increment(UpstreamMode mode, string protocol)
    {
        const int Clients = 50;
        const int Increments = 5;
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = mode == UpstreamMode.Cluster ? 3 : 1, Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(mode, (cluster.Nodes[0].Host, cluster.Nodes[0].Port));
        long lost = 0;

        await Task.WhenAll((await Crowd.ConnectAsync(proxy, Clients)).Select(async client =>
        {
            await client.CommandAsync("HELLO", protocol);
            for (int done = 0; done < Increments;)
            {
                await client.SendAsync(Scene.Requests("WATCH counter", "GET counter"));
                RedisReply value = (await client.ReadRepliesAsync(2))[1].Tree.OrThrow();
                long next = value.IsNull ? 1 : value.Integer + 1;
                await client.SendAsync(Scene.Requests("MULTI", "SET counter " + next.ToString(CultureInfo.InvariantCulture), "EXEC"));
                RedisReply exec = (await client.ReadRepliesAsync(3))[2].Tree.OrThrow();
                if (exec.IsNull) Interlocked.Increment(ref lost);
                else done++;
            }

            await client.DisposeAsync();
        }));

        await using RespClient reader = await proxy.ConnectAsync();
        Assert.Equal(Clients * Increments, (await reader.CommandAsync("GET", "counter")).Integer);
        Assert.InRange(lost, 1, long.MaxValue); // otherwise it was no race
        await Eventually.HoldsAsync("nothing is leased", () => Crowd.LeasedBy(proxy) == 0);
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone)]
    [InlineData(UpstreamMode.Cluster)]
    public async Task Clients_that_come_and_vanish_in_the_middle_leave_no_lease_and_no_subscription(UpstreamMode mode)
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = mode == UpstreamMode.Cluster ? 3 : 1, Replicas = 0 });
        await using RunningProxy proxy = await StartAsync(mode, cluster.Nodes[0].Server, leases: 64);

        for (int round = 0; round < 40; round++) await Task.WhenAll(Enumerable.Range(0, 16).Select(kind => ComeAndVanishAsync(proxy, kind % 8)));

        await Eventually.HoldsAsync("all are forgotten", () => proxy.Server.ReadCounters().Connections == 0 && Crowd.LeasedBy(proxy) == 0);
        foreach (LocalNode node in cluster.Nodes)
        {
            await Eventually.HoldsAsync("nobody waits at the node", async () => await Crowd.ReadAsync("blocked_clients", node.Server) == 0);
            await Eventually.HoldsAsync("nobody listens at the node", async () => (await node.CommandAsync("PUBSUB", "CHANNELS")).Items.Count == 0);
        }

        // All 64 are there to be had at once: none was lost.
        List<RespClient> clients = await Crowd.ConnectAsync(proxy, 64);
        foreach (RespClient client in clients)
        {
            Assert.Equal("OK", (await client.CommandAsync("WATCH", "key")).Text);
            // A connection that came back with something watched, queued or owed would show it here.
            Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "*1\r\n+PONG\r\n"], await client.PipelineAsync("MULTI", "PING", "EXEC"));
            Assert.Equal("OK", (await client.CommandAsync("WATCH", "key")).Text);
        }

        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    private static async Task ComeAndVanishAsync(RunningProxy proxy, int kind)
    {
        RespClient client = await proxy.ConnectAsync();
        string[] requests = kind switch
        {
            0 => ["WATCH a"],
            1 => ["WATCH a", "MULTI", "SET a 1"],
            2 => ["WATCH a", "MULTI", "SET a 1", "EXEC"],
            3 => ["BLPOP none 0"],
            4 => ["BLPOP none 0", "GET a"],
            5 => ["SUBSCRIBE news", "PSUBSCRIBE n*", "SSUBSCRIBE shard"],
            6 => ["WATCH a", "UNWATCH", "BLPOP none 0.001", "WATCH a"],
            _ => ["XREAD BLOCK 0 STREAMS none $"],
        };
        await client.SendAsync(Scene.Requests(requests));
        // Some read an answer first, some are gone before the node knows of them.
        if (kind is 0 or 2 or 5) await client.ReadReplyAsync();
        client.Abort();
    }

    private static Task<RunningProxy> StartAsync(LocalRedis redis, int leases) => StartAsync(UpstreamMode.Standalone, redis, leases);

    private static Task<RunningProxy> StartAsync(UpstreamMode mode, LocalRedis seed, int leases) =>
        RunningProxy.StartAsync(mode, [(seed.Host, seed.Port)], configuration => configuration with { Upstreams = [configuration.Upstreams[0] with { MaxLeasedConnections = leases }] });
}
