using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Keyspace notifications: of the tenant's own keys, from every primary, under the names the tenant knows.</summary>
public sealed class KeyspaceEventTests
{
    private static readonly string[] Notify = ["--notify-keyspace-events", "KEA"];

    private static readonly string[][] Commands =
        [["SET", "user:1", "v"], ["SET", "other", "v"], ["DEL", "user:1"], ["EXPIRE", "other", "100"], ["RENAME", "other", "user:2"], ["LPUSH", "list", "x"], ["SET", "", "v"], ["SET", "__keyspace@0__:x", "v"]];

    [Theory]
    [InlineData("SUBSCRIBE", "__keyspace@0__:user:1", "__keyspace@0__:other", "__keyspace@0__:")]
    [InlineData("SUBSCRIBE", "__keyevent@0__:set", "__keyevent@0__:rename_to", "__keyevent@0__:del", "__keyspace@3__:user:1")]
    [InlineData("PSUBSCRIBE", "__keyspace@0__:*")]
    [InlineData("PSUBSCRIBE", "__keyspace@0__:user:*", "__keyspace@0__:[a-z]*", "__keyspace@0__:?ther")]
    [InlineData("PSUBSCRIBE", "__keyevent@0__:*")]
    [InlineData("PSUBSCRIBE", "__keyevent@*__:[sr]*", "__keyspace@*:user:[12]", "__keyevent@?__:del")]
    [InlineData("PSUBSCRIBE", "__key*__:*")]
    [InlineData("PSUBSCRIBE", "__key*", "__key*@0__:*", "__keyspace@1__:*", "__keys*user*", "__keye*set")]
    public async Task What_is_heard_is_what_redis_tells(params string[] subscribe)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions { ExtraArguments = Notify });
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions { ExtraArguments = Notify });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient foreign = await proxy.ConnectAsync("app2");

        string[] expected = await HearAsync(subscribe, () => RespClient.ConnectAsync(plain.Host, plain.Port), Commands);
        foreach (string protocol in (string[])["2", "3"])
        {
            await redis.CommandAsync("FLUSHALL");
            string[] actual = await HearAsync(subscribe, () => proxy.ConnectAsync(), Commands, foreign, protocol);
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData("PSUBSCRIBE", "__keyspace@0__:*", "message|__keyspace@0__:{0}|set")]
    [InlineData("PSUBSCRIBE", "__key*:*", "message|__keyspace@0__:{0}|set message|__keyevent@0__:set|{0}")]
    [InlineData("SUBSCRIBE", "__keyevent@0__:set", "message|__keyevent@0__:set|{0}")]
    public async Task In_a_cluster_two_tenants_hear_of_all_their_own_keys_and_of_no_others(string command, string name, string expected)
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0, ExtraArguments = Notify });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        string[] keys = [.. Enumerable.Range(0, 60).Select(i => "key" + i), "cluster1@app2:x", "cluster1@app1:x"];
        RespClient[] subscribers = [await proxy.ConnectAsync("app1"), await proxy.ConnectAsync("app2")];
        RespClient[] writers = [await proxy.ConnectAsync("app1"), await proxy.ConnectAsync("app2")];
        foreach (RespClient subscriber in subscribers) await subscriber.CommandAsync(command, name);
        for (int i = 0; i < 2; i++)
        {
            foreach (string key in keys) await writers[i].CommandAsync("SET", $"{key}-{i}", "v");
        }

        for (int i = 0; i < 2; i++)
        {
            string[] wanted = [.. keys.SelectMany(key => expected.Split(' ').Select(form => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, $"{key}-{i}")))];
            string[] heard = [.. (await subscribers[i].ReadRepliesAsync(wanted.Length)).Select(reply => Describe(reply, withPattern: false))];
            Assert.Equal(wanted.Order(StringComparer.Ordinal), heard.Order(StringComparer.Ordinal));
            Assert.Equal("pong", (await subscribers[i].CommandAsync("PING")).Items[0].Text);
        }

        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
        foreach (RespClient client in subscribers.Concat(writers)) await client.DisposeAsync();
    }

    [Fact]
    public async Task Many_subscribers_are_one_subscription_at_each_node_and_none_when_they_are_gone()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0, ExtraArguments = Notify });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        RespClient[] subscribers = [.. await Task.WhenAll(Enumerable.Range(0, 30).Select(i => proxy.ConnectAsync(i % 2 == 0 ? "app1" : "app2")))];
        foreach (RespClient subscriber in subscribers) await subscriber.CommandAsync("SUBSCRIBE", "__keyevent@0__:set");
        await using RespClient writer = await proxy.ConnectAsync("app1");
        foreach (LocalNode node in cluster.Primaries)
            Assert.Equal(proxy.Configuration.Loops, (await node.CommandAsync("PUBSUB", "NUMSUB", "__keyevent@0__:set")).Items[1].Integer);

        await writer.CommandAsync("SET", "k", "v");
        for (int i = 0; i < subscribers.Length; i += 2) Assert.Equal("message|__keyevent@0__:set|k", Describe(await subscribers[i].ReadReplyAsync(), withPattern: false));
        for (int i = 0; i < subscribers.Length; i += 2) await subscribers[i].DisposeAsync();
        Assert.Equal("pong", (await subscribers[1].CommandAsync("PING")).Items[0].Text);
        for (int i = 1; i < subscribers.Length; i += 2) await subscribers[i].DisposeAsync();
        foreach (LocalNode node in cluster.Primaries)
            await Eventually.HoldsAsync("nobody listens", async () => (await node.CommandAsync("PUBSUB", "NUMSUB", "__keyevent@0__:set")).Items[1].Integer == 0);
    }

    [Fact]
    public async Task A_new_primary_is_heard_after_a_failover()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { ExtraArguments = Notify });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient writer = await proxy.ConnectAsync();
        await subscriber.CommandAsync("PSUBSCRIBE", "__keyspace@0__:*");
        LocalNode lost = await cluster.OwnerAsync(Scene.SlotOf("k"));

        await lost.Server.KillAsync();
        Task<RawReply> heard = subscriber.ReadReplyAsync();
        await Eventually.HoldsAsync("a write at the new primary is heard of", async () =>
        {
            await writer.CommandAsync("SET", "k", "v");
            return heard.IsCompleted;
        }, TimeSpan.FromSeconds(19));

        Assert.Equal("message|__keyspace@0__:k|set", Describe(await heard, withPattern: false));
    }

    /// <summary>Subscribes, has the commands run, and listens up to the last event of the last.</summary>
    private static async Task<string[]> HearAsync(string[] subscribe, Func<Task<RespClient>> connect, string[][] commands, RespClient? foreign = null, string protocol = "2")
    {
        await using RespClient subscriber = await connect();
        await using RespClient writer = await connect();
        await subscriber.CommandAsync("HELLO", protocol);
        // Heard over the same connection: whatever came before its event has arrived.
        await subscriber.CommandAsync("SUBSCRIBE", "__keyevent@0__:hset");
        await subscriber.SendAsync(Wire.Request(subscribe));
        await subscriber.ReadRepliesAsync(subscribe.Length - 1);
        foreach (string[] command in commands)
        {
            if (foreign is not null) Assert.NotEqual(RedisReplyKind.Error, (await foreign.CommandAsync(command)).Kind);
            Assert.NotEqual(RedisReplyKind.Error, (await writer.CommandAsync(command)).Kind);
        }

        await writer.CommandAsync("HSET", "end", "f", "v");
        var heard = new List<string>();
        while (heard.Count == 0 || heard[^1] != "message|__keyevent@0__:hset|end") heard.Add(Describe(await subscriber.ReadReplyAsync(), withPattern: true));
        // Which of several patterns is told first is random in Redis; for each of them the order is that of the events.
        return [.. heard.OrderBy(each => each.Split('|')[1], StringComparer.Ordinal)];
    }

    private static string Describe(RawReply reply, bool withPattern)
    {
        string[] parts = [.. reply.Tree.Items.Select(item => item.Text)];
        return withPattern ? string.Join('|', parts) : "message|" + string.Join('|', parts[^2..]);
    }
}
