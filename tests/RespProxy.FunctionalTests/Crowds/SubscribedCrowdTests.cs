using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Crowds;

[Collection(Crowd.Name)]
public sealed class SubscribedCrowdTests
{
    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task A_thousand_subscribers_each_hear_everything_in_order_over_one_subscription_for_each_loop(string protocol)
    {
        const int Subscribers = 1000;
        const int Messages = 100;
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient publisher = await proxy.ConnectAsync();
        List<RespClient> subscribers = await Crowd.ConnectAsync(proxy, Subscribers);
        await Task.WhenAll(subscribers.Select(subscriber => subscriber.CommandAsync("HELLO", protocol)));
        await Task.WhenAll(subscribers.Select(subscriber => subscriber.CommandAsync("SUBSCRIBE", "news")));

        Assert.InRange((await redis.CommandAsync("PUBSUB", "NUMSUB", "cluster1@app1:news")).Items[1].Integer, 1, proxy.Configuration.Loops);
        Assert.Equal(Subscribers, (await publisher.CommandAsync("PUBSUB", "NUMSUB", "news")).Items[1].Integer);
        string[] messages = [.. Enumerable.Range(0, Messages).Select(Number)];
        await publisher.SendAsync(messages.SelectMany(message => Wire.Request("PUBLISH", "news", message)).ToArray());
        await publisher.ReadRepliesAsync(Messages);

        await Task.WhenAll(subscribers.Select(async subscriber =>
            Assert.Equal(messages, (await subscriber.ReadRepliesAsync(Messages)).Select(reply => reply.Tree.Items[2].Text))));
        foreach (RespClient subscriber in subscribers) await subscriber.DisposeAsync();
        await Eventually.HoldsAsync("nobody listens upstream", async () => (await redis.CommandAsync("PUBSUB", "NUMSUB", "cluster1@app1:news")).Items[1].Integer == 0);
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_is_closed_at_its_own_limit_and_nobody_else_notices()
    {
        const int Others = 20;
        // More than the limit and what two loopback sockets hold.
        const int Messages = 400;
        string payload = new('x', 64 * 1024);
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone, [(redis.Host, redis.Port)], configuration => configuration with { Limits = configuration.Limits with { ClientOutputBuffer = 1024 * 1024 } });
        await using RespClient publisher = await proxy.ConnectAsync();
        await using RespClient slow = await proxy.ConnectAsync();
        List<RespClient> others = await Crowd.ConnectAsync(proxy, Others);
        foreach (RespClient subscriber in others.Append(slow)) await subscriber.CommandAsync("SUBSCRIBE", "flood");

        int sent = 0;
        while (sent < Messages)
        {
            await publisher.CommandAsync("PUBLISH", "flood", Number(sent) + payload);
            foreach (RespClient other in others)
                Assert.StartsWith(Number(sent) + "x", (await other.ReadReplyAsync()).Tree.Items[2].Text, StringComparison.Ordinal);
            sent++;
        }

        await Eventually.HoldsAsync("the slow one is closed", () => proxy.Server.ReadCounters().Connections == Others + 1);
        Assert.Contains(proxy.Log, line => line.Contains("unread", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(Others, (await publisher.CommandAsync("PUBSUB", "NUMSUB", "flood")).Items[1].Integer);
        foreach (RespClient other in others)
        {
            Assert.Equal("pong", (await other.CommandAsync("PING")).Items[0].Text);
            await other.DisposeAsync();
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
