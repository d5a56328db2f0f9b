using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

public sealed class PubSubTests
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task Confirmations_and_errors_are_those_of_redis(string protocol)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(plain.Host, plain.Port);
        await client.CommandAsync("HELLO", protocol);
        await direct.CommandAsync("HELLO", protocol);
        (string[] Command, int Replies)[] script =
        [
            (["UNSUBSCRIBE"], 1), (["PUNSUBSCRIBE"], 1), (["SUNSUBSCRIBE", "x", "y"], 2),
            (["SET", "k", "v"], 1), (["SUBSCRIBE", "a", "b", "a"], 3), (["PSUBSCRIBE", "p*", "[q]\\*"], 2), (["SSUBSCRIBE", "s"], 1),
            (["PING"], 1), (["PING", "x"], 1), (["GET", "k"], 1), (["MULTI"], 1), (["DISCARD"], 1), (["CLIENT", "GETNAME"], 1), (["NOSUCH"], 1), (["GET"], 1),
            (["SUBSCRIBE"], 1), (["SUBSCRIBE", "c"], 1), (["UNSUBSCRIBE", "a"], 1), (["UNSUBSCRIBE", "nosuch"], 1), (["UNSUBSCRIBE", "b"], 1), (["UNSUBSCRIBE"], 1), (["UNSUBSCRIBE"], 1),
            (["PUNSUBSCRIBE", "p*"], 1), (["PUNSUBSCRIBE"], 1), (["GET", "k"], 1), (["SUNSUBSCRIBE"], 1), (["SUNSUBSCRIBE"], 1),
            (["GET", "k"], 1), (["PING"], 1), (["SUBSCRIBE", "again"], 1), (["RESET"], 1), (["GET", "k"], 1), (["PUBSUB", "NUMSUB", "again"], 1), (["PUBSUB", "NUMPAT"], 1), (["PUBLISH", "nobody", "x"], 1),
            (["PUBSUB", "CHANNELS", "a", "b"], 1), (["PUBLISH", "x"], 1),
        ];

        byte[] all = [.. script.SelectMany(step => Wire.Request(step.Command))];
        await client.SendAsync(all);
        await direct.SendAsync(all);
        foreach ((string[] command, int replies) in script)
        {
            string expected = string.Concat((await direct.ReadRepliesAsync(replies)).Select(reply => reply.Wire));
            string actual = string.Concat((await client.ReadRepliesAsync(replies)).Select(reply => reply.Wire));
            Assert.Equal($"{string.Join(' ', command)}: {expected}", $"{string.Join(' ', command)}: {actual}");
        }
    }

    [Theory]
    [InlineData("2", UpstreamMode.Standalone)]
    [InlineData("3", UpstreamMode.Standalone)]
    [InlineData("2", UpstreamMode.Cluster)]
    [InlineData("3", UpstreamMode.Cluster)]
    public async Task Two_tenants_with_the_same_channels_never_meet(string protocol, UpstreamMode mode)
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0, Primaries = mode == UpstreamMode.Cluster ? 3 : 1 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(mode, (cluster.Nodes[0].Host, cluster.Nodes[0].Port));
        await using RespClient own = await proxy.ConnectAsync("app1");
        await using RespClient other = await proxy.ConnectAsync("app2");
        await using RespClient publisher = await proxy.ConnectAsync("app1");
        await using RespClient otherPublisher = await proxy.ConnectAsync("app2");
        string[] patterns = ["*", "n?ws", "[a-z]ews", "cluster1@app1:*", "*:news", "\\*"];
        foreach (RespClient subscriber in new[] { own, other })
        {
            await subscriber.CommandAsync("HELLO", protocol);
            await subscriber.SendAsync((byte[])[.. Wire.Request("SUBSCRIBE", "news", "end"), .. Wire.Request(["PSUBSCRIBE", .. patterns]), .. Wire.Request("SSUBSCRIBE", "news")]);
            await subscriber.ReadRepliesAsync(3 + patterns.Length);
        }

        await publisher.CommandAsync("PUBLISH", "news", "from app1");
        await otherPublisher.CommandAsync("PUBLISH", "end", "of app2");
        await otherPublisher.CommandAsync("SPUBLISH", "news", "shard of app2");

        string kind = protocol == "3" ? ">" : "*";
        var expected = new HashSet<string>(["message", "*", "n?ws", "[a-z]ews"]);
        foreach (RawReply reply in await own.ReadRepliesAsync(4))
        {
            Assert.StartsWith(kind, reply.Wire, StringComparison.Ordinal);
            string[] parts = [.. reply.Tree.Items.Select(item => item.Text)];
            Assert.Equal(["news", "from app1"], parts[^2..]);
            Assert.True(expected.Remove(parts[0] == "message" ? "message" : parts[1]), reply.Wire);
        }

        // The shard's owner may be another node than the home: their order is not fixed.
        string[] got = [.. (await other.ReadRepliesAsync(3)).Select(reply => string.Join('|', reply.Tree.Items.Select(item => item.Text))).Order(StringComparer.Ordinal)];
        Assert.Equal(["message|end|of app2", "pmessage|*|end|of app2", "smessage|news|shard of app2"], got);
        RedisReply pong = await own.CommandAsync("PING");
        Assert.Equal(protocol == "3" ? ["PONG"] : ["pong", ""], pong.Items.Count == 0 ? [pong.Text] : pong.Items.Select(item => item.Text));
    }

    [Fact]
    public async Task Five_hundred_subscribers_are_one_subscription_upstream_for_each_loop()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient publisher = await proxy.ConnectAsync();
        var subscribers = new List<RespClient>();
        for (int i = 0; i < 500; i++) subscribers.Add(await proxy.ConnectAsync());
        await Task.WhenAll(subscribers.Select(subscriber => subscriber.CommandAsync("SUBSCRIBE", "news")));

        Assert.InRange((await redis.CommandAsync("PUBSUB", "NUMSUB", "cluster1@app1:news")).Items[1].Integer, 1, proxy.Configuration.Loops);
        Assert.Equal(500, (await publisher.CommandAsync("PUBSUB", "NUMSUB", "news")).Items[1].Integer);
        for (int i = 0; i < 3; i++) await publisher.CommandAsync("PUBLISH", "news", "message " + i);
        foreach (RespClient subscriber in subscribers)
            Assert.Equal(["message 0", "message 1", "message 2"], (await subscriber.ReadRepliesAsync(3)).Select(reply => reply.Tree.Items[2].Text));

        foreach (RespClient subscriber in subscribers) await subscriber.DisposeAsync();
        await Eventually.HoldsAsync("nobody listens upstream", async () => (await redis.CommandAsync("PUBSUB", "NUMSUB", "cluster1@app1:news")).Items[1].Integer == 0);
        Assert.Equal(0, (await publisher.CommandAsync("PUBSUB", "NUMSUB", "news")).Items[1].Integer);
    }

    [Fact]
    public async Task Subscribers_hear_again_after_their_node_was_killed()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient publisher = await proxy.ConnectAsync();
        await subscriber.SendAsync((byte[])[.. Wire.Request("SUBSCRIBE", "news"), .. Wire.Request("PSUBSCRIBE", "n*"), .. Wire.Request("SSUBSCRIBE", "shard")]);
        await subscriber.ReadRepliesAsync(3);
        LocalNode home = await HomeOfAsync(cluster, "CHANNELS", "cluster1@app1:news");
        LocalNode shardOwner = await cluster.OwnerAsync(Scene.SlotOf("shard"));

        await home.KillAsync();
        await HearsAgainAsync(subscriber, publisher, "PUBLISH", "news");
        if (shardOwner != home) await shardOwner.KillAsync();
        await HearsAgainAsync(subscriber, publisher, "SPUBLISH", "shard");
        await HearsAgainAsync(subscriber, publisher, "PUBLISH", "news");
    }

    [Fact]
    public async Task A_shard_channel_follows_its_slot_without_a_word_to_the_client()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient publisher = await proxy.ConnectAsync();
        await subscriber.CommandAsync("SSUBSCRIBE", "shard");
        int slot = Scene.SlotOf("shard");
        for (int round = 0; round < 3; round++)
        {
            LocalNode owner = await cluster.OwnerAsync(slot);
            LocalNode target = cluster.Primaries.First(node => node != owner);
            await cluster.MoveSlotsAsync([slot], owner, target);
            await Eventually.HoldsAsync("the new owner has the subscription", async () => (await target.CommandAsync("PUBSUB", "SHARDNUMSUB", "cluster1@app1:shard")).Items[1].Integer == 1);
            Assert.Equal(0, (await owner.CommandAsync("PUBSUB", "SHARDNUMSUB", "cluster1@app1:shard")).Items[1].Integer);
            await publisher.CommandAsync("SPUBLISH", "shard", "round " + round);
            Assert.Equal($"smessage|shard|round {round}", string.Join('|', (await subscriber.ReadReplyAsync()).Tree.Items.Select(item => item.Text)));
        }
    }

    [Fact]
    public async Task A_slow_subscriber_is_closed_and_the_others_go_on()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [(redis.Host, redis.Port)],
            configuration => configuration with { Limits = configuration.Limits with { ClientOutputBuffer = 4 * 1024 * 1024 } });
        await using RespClient slow = await proxy.ConnectAsync();
        await using RespClient quick = await proxy.ConnectAsync();
        await using RespClient publisher = await proxy.ConnectAsync();
        await slow.CommandAsync("SUBSCRIBE", "news");
        await quick.CommandAsync("SUBSCRIBE", "news");
        string payload = new('x', 1024 * 1024);

        int published = 0;
        await Eventually.HoldsAsync("the slow subscriber is closed", async () =>
        {
            await publisher.CommandAsync("PUBLISH", "news", payload);
            published++;
            Assert.Equal(payload.Length, (await quick.ReadReplyAsync()).Tree.Items[2].Bytes.Length);
            return (await publisher.CommandAsync("PUBSUB", "NUMSUB", "news")).Items[1].Integer == 1;
        });
        Assert.InRange(published, 4, 200);
        Assert.Contains(proxy.Log, line => line.Contains("bytes of replies unread", StringComparison.Ordinal));
    }

    [Fact]
    public async Task PUBLISH_in_a_transaction_goes_along_with_the_keys()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient client = await proxy.ConnectAsync();
        await subscriber.SendAsync(Wire.Request("SUBSCRIBE", "a", "b", "c"));
        await subscriber.ReadRepliesAsync(3);

        foreach (string[] command in (string[][])[["MULTI"], ["PUBLISH", "a", "1"], ["SET", "{x}1", "v"], ["PUBLISH", "b", "2"], ["SET", "{x}2", "v"]]) await client.CommandAsync(command);
        RedisReply exec = await client.CommandAsync("EXEC");
        Assert.Equal([RedisReplyKind.Integer, RedisReplyKind.SimpleString, RedisReplyKind.Integer, RedisReplyKind.SimpleString], exec.Items.Select(item => item.Kind));
        await client.CommandAsync("MULTI");
        await client.CommandAsync("PUBLISH", "c", "3");
        Assert.Equal(RedisReplyKind.Integer, (await client.CommandAsync("EXEC")).Items[0].Kind);
        Assert.Equal(["a1", "b2", "c3"], (await subscriber.ReadRepliesAsync(3)).Select(reply => reply.Tree.Items[1].Text + reply.Tree.Items[2].Text));

        await client.CommandAsync("MULTI");
        await client.CommandAsync("SET", "{x}1", "v");
        Assert.StartsWith("CROSSSLOT", (await client.CommandAsync("SPUBLISH", "{y}", "x")).Text, StringComparison.Ordinal);
        Assert.Equal("ERR Command not allowed inside a transaction", (await client.CommandAsync("SUBSCRIBE", "a")).Text);
    }

    [Fact]
    public async Task A_client_that_becomes_another_tenant_hears_the_former_no_more()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        await using RespClient publisher = await proxy.ConnectAsync("app1");
        await client.CommandAsync("HELLO", "3", "AUTH", "app1", RunningProxy.PasswordOf("app1"));
        await client.CommandAsync("SUBSCRIBE", "news");
        Assert.Equal(1, (await publisher.CommandAsync("PUBLISH", "news", "x")).Integer);
        Assert.Equal("x", (await client.ReadReplyAsync()).Tree.Items[2].Text);

        Assert.Equal("OK", (await client.CommandAsync("AUTH", "app2", RunningProxy.PasswordOf("app2"))).Text);
        await Eventually.HoldsAsync("nobody listens upstream", async () => (await publisher.CommandAsync("PUBLISH", "news", "x")).Integer == 0);
        Assert.Equal(0, (await publisher.CommandAsync("PUBSUB", "NUMSUB", "news")).Items[1].Integer);
    }

    [Fact]
    public async Task PUBSUB_and_CLIENT_LIST_show_the_tenants_own_subscriptions()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient foreign = await proxy.ConnectAsync("app2");
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient directSubscriber = await RespClient.ConnectAsync(plain.Host, plain.Port);
        byte[] subscribe = [.. Wire.Request("SUBSCRIBE", "news", "n-w", "new]", "a*b", "axb", ""), .. Wire.Request("PSUBSCRIBE", "x*", "y*"), .. Wire.Request("SSUBSCRIBE", "news")];
        foreach (RespClient each in new[] { subscriber, directSubscriber })
        {
            await each.SendAsync(subscribe);
            await each.ReadRepliesAsync(9);
        }

        await foreign.CommandAsync("SUBSCRIBE", "foreign");
        foreach (string pattern in new[] { "*", "", "n?w*", "[a-n]*", "[^a]*", "a\\*b", "a[*]b", "[z-a]*b", "new[]]", "n[!--]w", "*w*", "[", "[^", "a[x", "**s", "\\" })
        {
            string[] expected = [.. (await plain.CommandAsync("PUBSUB", "CHANNELS", pattern)).Items.Select(item => item.Text).Order(StringComparer.Ordinal)];
            string[] actual = [.. (await client.CommandAsync("PUBSUB", "CHANNELS", pattern)).Items.Select(item => item.Text).Order(StringComparer.Ordinal)];
            Assert.Equal($"{pattern}: {string.Join(' ', expected)}", $"{pattern}: {string.Join(' ', actual)}");
        }

        Assert.Equal(["news", "1", "foreign", "0"], (await client.CommandAsync("PUBSUB", "NUMSUB", "news", "foreign")).Items.Select(item => item.Text));
        Assert.Equal(["news", "1", "n-w", "0"], (await client.CommandAsync("PUBSUB", "SHARDNUMSUB", "news", "n-w")).Items.Select(item => item.Text));
        Assert.Equal(["news"], (await client.CommandAsync("PUBSUB", "SHARDCHANNELS")).Items.Select(item => item.Text));
        Assert.Equal(2, (await client.CommandAsync("PUBSUB", "NUMPAT")).Integer);
        string listed = (await client.CommandAsync("CLIENT", "LIST", "TYPE", "pubsub")).Text;
        Assert.Contains(" flags=P db=0 sub=6 psub=2 ssub=1 ", listed, StringComparison.Ordinal);
        Assert.Single(listed.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>The node where the proxy has subscribed.</summary>
    private static async Task<LocalNode> HomeOfAsync(LocalRedisCluster cluster, string what, string channel)
    {
        foreach (LocalNode node in cluster.Primaries)
        {
            if ((await node.CommandAsync("PUBSUB", what)).Items.Any(item => item.Text == channel)) return node;
        }

        throw new InvalidOperationException("no node has " + channel);
    }

    /// <summary>Publishes until it arrives: while a node is being replaced, what is published may be refused or lost.</summary>
    private static async Task HearsAgainAsync(RespClient subscriber, RespClient publisher, string command, string channel)
    {
        string payload = Guid.NewGuid().ToString();
        Task<RawReply> arriving = ReadUntilAsync(subscriber, payload);
        await Eventually.HoldsAsync("a publication arrives", async () =>
        {
            await publisher.CommandAsync(command, channel, payload);
            return arriving.IsCompleted;
        }, TimeSpan.FromSeconds(40));
        Assert.Contains("message", (await arriving).Tree.Items[0].Text, StringComparison.Ordinal);
    }

    private static async Task<RawReply> ReadUntilAsync(RespClient subscriber, string payload)
    {
        while (true)
        {
            RawReply reply = await subscriber.ReadReplyAsync();
            if (reply.Tree.Items[^1].Text == payload) return reply;
        }
    }
}
