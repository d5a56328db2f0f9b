using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using static RespProxy.FunctionalTests.TrackingClient;

namespace RespProxy.FunctionalTests;

/// <summary>CLIENT TRACKING against a standalone server: the modes, the rules, who hears what.</summary>
public sealed class TrackingTests
{
    /// <summary>a: the tracking client, b: another; each line waits for its reply.</summary>
    public static TheoryData<string> Scenarios =>
    [
        "a CLIENT TRACKING ON\na GET k\nb SET k 1\nb SET k 2\na GET k\nb DEL k\na GET k\nb EXPIRE k 10",
        "a CLIENT TRACKING ON\na MGET k l k m\nb MSET k 1 l 2\nb SET m 1\na HGETALL h\nb HSET h f v\na LRANGE q 0 -1\nb RPUSH q x\na LLEN q\nb LPOP q",
        "a CLIENT TRACKING ON\na SET k 1\na GET k\na SET k 2\na SET k 3\na GET k\na DEL k\na DEL k",
        "a CLIENT TRACKING ON\nb HSET h f v\na GET h\nb HSET h f w\na TTL h\nb EXPIRE h 100\na EXISTS h\nb DEL h\na TYPE h\na STRLEN h\na SET h v",
        "a CLIENT TRACKING ON NOLOOP\na GET k\na SET k 1\nb SET k 2\na GET k\nb SET k 3\na GET k\na INCR k\nb INCR k\na MGET k l\na MSET k 1 l 2\na MGET k l\nb MSET k 1 l 2\na GET k\na DEL k\na GET k\nb SET k 1",
        "a CLIENT TRACKING ON OPTIN\na GET k\nb SET k 1\na CLIENT CACHING YES\na GET k\nb SET k 2\na GET k\nb SET k 3\na CLIENT CACHING YES\na PING\na GET k\nb SET k 4",
        "a CLIENT TRACKING ON OPTIN\na CLIENT CACHING YES\na CLIENT ID\na GET k\nb SET k 1\na CLIENT CACHING YES\na NOSUCH\na GET k\nb SET k 2\na CLIENT CACHING YES\na GET\na GET k\nb SET k 3",
        "a CLIENT TRACKING ON OPTOUT\na GET k\nb SET k 1\na CLIENT CACHING NO\na GET k\nb SET k 2\na GET k\nb SET k 3\na CLIENT CACHING NO\na CLIENT ID\na GET k\nb SET k 4\na CLIENT CACHING NO\na PING\na GET k\nb SET k 5",
        "a CLIENT TRACKING ON\na MULTI\na GET k\na GET l\na EXEC\nb SET k 1\nb SET l 1\na MULTI\na GET k\na SET k 2\na EXEC\nb SET k 3",
        "a CLIENT TRACKING ON OPTIN\na CLIENT CACHING YES\na MULTI\na GET k\na GET l\na EXEC\nb SET k 1\nb SET l 1\na MULTI\na GET k\na EXEC\nb SET k 3\na MULTI\na CLIENT CACHING YES\na GET k\na EXEC\nb SET k 4\na GET k\nb SET k 5",
        "a EVAL return(1) 0\na CLIENT TRACKING ON\na GET k\na EVAL return(redis.call('get',KEYS[1])) 1 l\nb SET k 1\nb SET l 1\na GET k\na EVAL_RO return(redis.call('get',KEYS[1])) 1 m\nb SET m 1\na EVAL return(redis.call('set',KEYS[1],'x')) 1 k\nb SET k 2",
        "a EVAL return(1) 0\na CLIENT TRACKING ON\na EVAL return(redis.call('get',KEYS[1])) 1 k\na MULTI\na EVAL return(redis.call('get',KEYS[1])) 1 k\na SELECT 3\na GET l\na EXEC\nb SET k 1\nb SELECT 3\nb SET l 1",
        "a CLIENT TRACKING ON\na GET k\na CLIENT TRACKING OFF\na CLIENT TRACKING ON\nb SET l 1\na GET k\nb SET k 2",
        "a CLIENT TRACKING ON\na GET k\na RESET\na CLIENT TRACKINGINFO",
        "a CLIENT TRACKINGINFO\na CLIENT GETREDIR\na CLIENT CACHING YES\na CLIENT TRACKING OFF\na CLIENT TRACKING OFF NOLOOP\na CLIENT TRACKING BAD\na CLIENT TRACKING ON BAD\na CLIENT TRACKING ON PREFIX\na CLIENT TRACKING ON REDIRECT x\na CLIENT TRACKING",
        "a CLIENT TRACKING ON OPTIN\na CLIENT TRACKING ON OPTOUT\na CLIENT TRACKING ON BCAST\na CLIENT TRACKING ON OPTIN NOLOOP\na CLIENT TRACKINGINFO\na CLIENT CACHING NO\na CLIENT CACHING maybe\na CLIENT CACHING YES\na CLIENT TRACKINGINFO\na CLIENT GETREDIR\na CLIENT TRACKING ON\na CLIENT TRACKINGINFO\na CLIENT CACHING YES\na CLIENT CACHING NO\na CLIENT TRACKING OFF\na CLIENT TRACKING ON OPTOUT\na CLIENT CACHING YES\na CLIENT CACHING NO\na CLIENT TRACKINGINFO",
        "a CLIENT TRACKING ON OPTIN OPTOUT\na CLIENT TRACKING ON PREFIX a\na CLIENT TRACKING ON BCAST OPTIN\na CLIENT TRACKING ON BCAST PREFIX foo PREFIX foobar\na CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar PREFIX foo\na CLIENT TRACKING ON BCAST PREFIX foo PREFIX bar\na CLIENT TRACKING ON BCAST PREFIX foob\na CLIENT TRACKING ON BCAST PREFIX zed\na CLIENT TRACKINGINFO\na CLIENT TRACKING ON BCAST\na CLIENT TRACKINGINFO\na CLIENT TRACKING ON\na CLIENT TRACKING ON BCAST PREFIX new",
    ];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Replies_and_pushes_are_those_of_redis(string scenario)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));

        string expected = await PlayAsync(scenario, () => RespClient.ConnectAsync(plain.Host, plain.Port));
        string actual = await PlayAsync(scenario, () => proxy.ConnectAsync());

        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task BCAST_pushes_are_those_of_redis()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));

        string[] expected = await BroadcastAsync(() => RespClient.ConnectAsync(plain.Host, plain.Port));
        string[] actual = await BroadcastAsync(() => proxy.ConnectAsync());

        Assert.Equal(expected, actual);

        static async Task<string[]> BroadcastAsync(Func<Task<RespClient>> connect)
        {
            await using TrackingClient some = await TrackingAsync(connect(), "BCAST", "PREFIX", "foo", "PREFIX", "bar");
            await using TrackingClient all = await TrackingAsync(connect(), "BCAST");
            await using RespClient writer = await connect();
            var pushes = new List<string>();
            foreach (string command in (string[])["SET foo1 1", "SET bar 1", "MSET foo1 2 foo2 2 bar3 3 other 4", "DEL foo1", "SET fo x", "SET foo9 x"])
            {
                Assert.NotEqual(RedisReplyKind.Error, (await writer.CommandAsync(command.Split(' '))).Kind);
                pushes.Add(await all.TakePushAsync());
            }

            while (!pushes[^1].Contains("foo9", StringComparison.Ordinal)) pushes.Add(await all.TakePushAsync());
            do pushes.Add(await some.TakePushAsync());
            while (!pushes[^1].Contains("foo9", StringComparison.Ordinal));
            await all.RunAsync("CLIENT TRACKING OFF");
            await writer.CommandAsync("SET", "foo10", "x");
            pushes.Add(await some.TakePushAsync());
            Assert.Empty(await all.TakeAllAsync("marker"));
            return [.. pushes];
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("BCAST")]
    [InlineData("BCAST PREFIX cluster1@app2:")]
    public async Task Two_tenants_with_the_same_keys_hear_only_of_their_own(string mode)
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        string[] options = mode.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await using TrackingClient own = await TrackingAsync(proxy.ConnectAsync("app1"), options);
        await using TrackingClient other = await TrackingAsync(proxy.ConnectAsync("app2"), options);
        await using RespClient writer = await proxy.ConnectAsync("app2");
        foreach (string key in (string[])["k", "cluster1@app2:k", "cluster1@app1:k"])
        {
            await own.RunAsync("GET " + key);
            await other.RunAsync("GET " + key);
        }

        await writer.CommandAsync("SET", "k", "secret");
        await writer.CommandAsync("SET", "cluster1@app2:k", "secret");

        string[] expected = mode.Contains("PREFIX", StringComparison.Ordinal) ? [Invalidation("cluster1@app2:k")] : [Invalidation("k"), Invalidation("cluster1@app2:k")];
        foreach (string push in expected) Assert.Equal(push, await other.TakePushAsync());
        // Nor does an operator's FLUSHALL tell more than that nothing is sure.
        await redis.CommandAsync("FLUSHALL");
        Assert.Equal(Invalidation(), await own.TakePushAsync());
        Assert.Equal(Invalidation(), await other.TakePushAsync());
        Assert.Empty(await own.TakeAllAsync("marker"));
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    [Fact]
    public async Task A_key_read_by_many_clients_is_invalidated_for_each_and_only_while_it_tracks()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        var clients = new List<TrackingClient>();
        for (int i = 0; i < 20; i++) clients.Add(await TrackingAsync(proxy.ConnectAsync(), i % 2 == 0 ? ["OPTOUT"] : []));
        await using RespClient writer = await proxy.ConnectAsync();
        foreach (TrackingClient client in clients) await client.RunAsync("GET k");
        await clients[0].RunAsync("CLIENT TRACKING OFF");
        await clients[1].RunAsync("RESET");
        await clients[2].RunAsync("HELLO 2");
        await clients[3].DisposeAsync();

        await writer.CommandAsync("SET", "k", "1");

        foreach (TrackingClient client in clients.Skip(4)) Assert.Equal(Invalidation("k"), await client.TakePushAsync());
        foreach (TrackingClient client in clients.Take(3)) Assert.Empty(await client.TakeAllAsync("k"));
        Assert.Contains(" flags=t ", (await clients[5].RunAsync("CLIENT INFO")).Text, StringComparison.Ordinal);
        foreach (TrackingClient client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task What_cannot_be_done_is_refused()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal("ERR CLIENT TRACKING without RESP3 is not supported by this proxy, use HELLO 3", (await client.CommandAsync("CLIENT", "TRACKING", "ON")).Text);
        await client.CommandAsync("HELLO", "3");
        Assert.Equal("ERR CLIENT TRACKING with REDIRECT is not supported by this proxy, use RESP3", (await client.CommandAsync("CLIENT", "TRACKING", "ON", "REDIRECT", "1")).Text);
        await client.CommandAsync("MULTI");
        Assert.Equal("ERR Command not allowed inside a transaction", (await client.CommandAsync("CLIENT", "TRACKING", "ON")).Text);
        Assert.StartsWith("EXECABORT", (await client.CommandAsync("EXEC")).Text, StringComparison.Ordinal);
        Assert.Equal("off", (await client.CommandAsync("CLIENT", "TRACKINGINFO")).Items[1].Items[0].Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("BCAST")]
    public async Task An_upstream_that_refuses_to_track_is_told_to_the_client(string mode)
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "CLIENT" ? FakeAnswer.Send(Wire.Error("NOPERM no")) : Scene.Plain(request));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("HELLO", "3");

        string[] command = ["CLIENT", "TRACKING", "ON", .. mode.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal("ERR client tracking is refused by the upstream", (await client.CommandAsync(command)).Text);
        Assert.Equal("off", (await client.CommandAsync("CLIENT", "TRACKINGINFO")).Items[1].Items[0].Text);
        Assert.Equal("k", (await client.CommandAsync("GET", "k")).Text);
    }

    [Fact]
    public async Task The_table_is_bounded_and_what_leaves_it_is_invalidated()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone, [(redis.Host, redis.Port)], configuration => configuration with { Limits = configuration.Limits with { TrackedKeys = 100 } });
        await using TrackingClient client = await TrackingAsync(proxy.ConnectAsync());
        await using RespClient writer = await proxy.ConnectAsync();
        for (int i = 0; i < 1000; i++) await client.RunAsync("GET key" + i);

        string[] evicted = await client.TakeAllAsync("key0");
        Assert.InRange(evicted.Length, 900, 1000);
        for (int i = 0; i < 1000; i++) await writer.CommandAsync("SET", "key" + i, "v");
        string[] changed = await client.TakeAllAsync("marker");

        // Every key was given up, by the proxy or by the node.
        Assert.Subset(evicted.Concat(changed).ToHashSet(), Enumerable.Range(0, 1000).Select(i => Invalidation("key" + i)).ToHashSet());
        Assert.InRange(changed.Length, 1, 101);
    }

    private static async Task<string> PlayAsync(string scenario, Func<Task<RespClient>> connect)
    {
        await using TrackingClient tracking = await OverAsync(connect());
        await using RespClient other = await connect();
        var transcript = new List<string>();
        foreach (string line in scenario.Split('\n'))
        {
            // The id is the server's, or the proxy's, own.
            string reply = line[0] == 'a' ? (await tracking.RunRawAsync(line[2..])).Wire : Wire.Text(Wire.Bytes((await OnOtherAsync(line[2..])).Text));
            if (line.EndsWith("CLIENT ID", StringComparison.Ordinal)) reply = "";
            string[] pushed = line[0] == 'b' ? await tracking.TakeAllAsync("marker") : [];
            transcript.Add($"{line} => {reply} {string.Join(' ', pushed)}");
        }

        transcript.AddRange(await tracking.TakeAllAsync("marker"));
        return string.Join('\n', transcript);

        Task<RedisReply> OnOtherAsync(string command) => other.CommandAsync(command.Split(' '));
    }
}
