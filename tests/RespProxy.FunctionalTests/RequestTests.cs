using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

public sealed class RequestTests
{
    [Fact]
    public async Task A_key_reaches_the_node_with_the_namespace_and_the_reply_comes_back_as_it_was()
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Wire.Bulk("value")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        RedisReply reply = await client.CommandAsync("GET", "k");

        Assert.Equal("value", reply.Text);
        FakeRequest request = await node.ReceivedAsync(request => request.Command == "GET");
        Assert.Equal("GET cluster1@app1:k", request.ToString());
    }

    [Fact]
    public async Task Two_tenants_with_the_same_key_never_meet()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient one = await proxy.ConnectAsync("app1");
        await using RespClient two = await proxy.ConnectAsync("app2");

        await one.CommandAsync("SET", "k", "of one");
        await two.CommandAsync("SET", "k", "of two");

        Assert.Equal("of one", (await one.CommandAsync("GET", "k")).Text);
        Assert.Equal("of two", (await two.CommandAsync("GET", "k")).Text);
        Assert.Equal(1, (await one.CommandAsync("DEL", "k")).Integer);
        Assert.Equal("of two", (await two.CommandAsync("GET", "k")).Text);
        Assert.Equal("of two", (await redis.CommandAsync("GET", "cluster1@app2:k")).Text);
    }

    [Fact]
    public async Task A_request_split_at_any_byte_is_answered_the_same()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();
        byte[] payload = [.. Wire.Request("SET", "key", "some value"), .. Wire.Bytes("GET key\r\n"), .. Wire.Request("MGET", "key", "none", "key"), .. Wire.Request("PING")];
        const string Expected = "+OK\r\n$10\r\nsome value\r\n*3\r\n$10\r\nsome value\r\n$-1\r\n$10\r\nsome value\r\n+PONG\r\n";

        for (int split = 1; split < payload.Length; split++)
        {
            await client.SendAsync(payload.AsMemory(0, split));
            await client.SendAsync(payload.AsMemory(split));
            IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(4);
            Assert.Equal(Expected, string.Concat(replies.Select(reply => reply.Wire)));
        }
    }

    [Fact]
    public async Task A_half_closed_client_still_gets_every_reply_that_it_is_owed()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();
        byte[] requests = [.. Enumerable.Range(0, 50_000).SelectMany(i => Wire.Request("INCR", "counter"))];

        await client.SendAsync(requests);
        client.FinishSending();

        byte[] all = await client.ReadToEndAsync();
        Assert.EndsWith(":50000\r\n", Wire.Text(all), StringComparison.Ordinal);
        Assert.Equal(50_000, all.Count(b => b == (byte)':'));
    }

    [Fact]
    public async Task Replies_keep_the_order_of_the_requests_whatever_answers_them()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();
        byte[] requests =
        [
            .. Wire.Request("SET", "a", "1"), .. Wire.Request("PING"), .. Wire.Request("NOSUCH", "x"), .. Wire.Request("GET", "a"),
            .. Wire.Request("GET"), .. Wire.Request("ECHO", "e"), .. Wire.Request("INCR", "a"), .. Wire.Request("KEYS", "*"), .. Wire.Request("PING", "last"),
        ];

        await client.SendAsync(requests);
        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(9);

        Assert.Equal(
            [
                "+OK\r\n", "+PONG\r\n", "-ERR unknown command 'NOSUCH', with args beginning with: 'x' \r\n", "$1\r\n1\r\n",
                "-ERR wrong number of arguments for 'get' command\r\n", "$1\r\ne\r\n", ":2\r\n",
                "*1\r\n$1\r\na\r\n", "$4\r\nlast\r\n",
            ],
            replies.Select(reply => reply.Wire));
    }
}
