using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>SLOWLOG: kept by the proxy, of the tenant's own commands.</summary>
public sealed class SlowLogTests
{
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_command_slower_than_the_threshold_is_told_to_its_tenant_as_it_was_sent()
    {
        await using FakeNode node = Scene.Standalone(async request =>
        {
            // The node takes its time for what is asked of a slow key; no test waits without it.
            if (request.Arguments.Count > 1 && request.Argument(1).EndsWith("slow", StringComparison.Ordinal)) await Task.Delay(Threshold * 2);
            return Scene.Plain(request);
        });
        await using RunningProxy proxy = await StartAsync(node, new SlowLogSnapshot { Threshold = Threshold });
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient stranger = await proxy.ConnectAsync("app2");
        await client.CommandAsync("CLIENT", "SETNAME", "me");
        await client.CommandAsync("GET", "fast");
        await client.CommandAsync("SET", "very slow", "cluster1@app1:x");
        await client.CommandAsync("PUBLISH", "slow", "hello");

        RedisReply log = await client.CommandAsync("SLOWLOG", "GET");

        Assert.Equal(2, (await client.CommandAsync("SLOWLOG", "LEN")).Integer);
        Assert.Equal(["PUBLISH", "slow", "hello"], KeyspaceScene.Texts(log.Items[0].Items[3]));
        Assert.Equal(["SET", "very slow", "cluster1@app1:x"], KeyspaceScene.Texts(log.Items[1].Items[3]));
        Assert.Equal([1, 0], log.Items.Select(entry => entry.Items[0].Integer));
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - log.Items[1].Items[1].Integer, 0, 60);
        Assert.InRange(log.Items[1].Items[2].Integer, (long)Threshold.TotalMicroseconds, 60_000_000);
        string address = (await client.CommandAsync("CLIENT", "INFO")).Text.Split("addr=")[1].Split(' ')[0];
        Assert.Equal([address, "me"], log.Items[0].Items.Skip(4).Select(item => item.Text));
        Assert.Empty((await stranger.CommandAsync("SLOWLOG", "GET")).Items);
        Assert.Equal("OK", (await stranger.CommandAsync("SLOWLOG", "RESET")).Text);
        Assert.Equal(2, (await client.CommandAsync("SLOWLOG", "LEN")).Integer);
    }

    [Fact]
    public async Task With_a_threshold_of_zero_it_answers_in_redis_s_form_and_shortens_as_redis_does()
    {
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(upstream.Host, upstream.Port)], configuration => configuration with { SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero, Entries = 5 } });
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(plain.Host, plain.Port);
        await direct.CommandAsync("CONFIG", "SET", "slowlog-log-slower-than", "0");
        await direct.CommandAsync("SLOWLOG", "RESET");
        string[][] commands =
        [
            ["SET", "k", new string('x', 200)], ["SET", new string('k', 128), new string('y', 129)], ["MGET", .. Enumerable.Range(0, 31).Select(i => "k" + i)], ["MGET", .. Enumerable.Range(0, 32).Select(i => "k" + i)],
            ["INCR", "k"],
        ];
        foreach (string[] command in commands)
        {
            await client.CommandAsync(command);
            await direct.CommandAsync(command);
        }

        RedisReply[] expected = [.. (await direct.CommandAsync("SLOWLOG", "GET", "5")).Items];
        RedisReply[] actual = [.. (await client.CommandAsync("SLOWLOG", "GET", "5")).Items];

        Assert.Equal(expected.Select(entry => string.Join('|', KeyspaceScene.Texts(entry.Items[3]))), actual.Select(entry => string.Join('|', KeyspaceScene.Texts(entry.Items[3]))));
        Assert.Equal(expected.Select(entry => entry.Items.Count), actual.Select(entry => entry.Items.Count));
        await client.CommandAsync("GET", "k");
        Assert.Equal(["5", "4", "3", "2", "1"], (await client.CommandAsync("SLOWLOG", "GET", "-1")).Items.Select(entry => entry.Items[0].Text));
        Assert.Equal(2, (await client.CommandAsync("SLOWLOG", "GET", "2")).Items.Count);
        Assert.Equal(["*2\r\n$23\r\nslowlog-log-slower-than\r\n$1\r\n0\r\n", "+OK\r\n", ":0\r\n"], await client.PipelineAsync("CONFIG GET slowlog-log-slower-than", "SLOWLOG RESET", "SLOWLOG LEN"));
        foreach (string bad in new[] { "SLOWLOG GET x", "SLOWLOG GET -2", "SLOWLOG GET 1 2", "SLOWLOG NOSUCH" })
            Assert.Equal(await direct.PipelineAsync(bad), await client.PipelineAsync(bad));
    }

    [Fact]
    public async Task A_split_command_is_kept_as_its_slow_parts_and_a_transaction_as_its_EXEC()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))], configuration => configuration with { SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero } });
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("MSET {a}1 x {b}1 y {a}2 z", "MULTI", "SET {a}1 x", "EXEC", "SORT {a}1");
        await client.PipelineAsync("BLPOP {l} 0.01", "PING", "DBSIZE");

        RedisReply log = await client.CommandAsync("SLOWLOG", "GET");
        string[] kept = [.. log.Items.Select(entry => string.Join(' ', KeyspaceScene.Texts(entry.Items[3]))).Order(StringComparer.Ordinal)];
        Assert.Equal(["EXEC", "MSET {a}1 x {a}2 z", "MSET {b}1 y", "SORT {a}1"], kept);
    }

    [Theory]
    [InlineData(KeyPlacement.Spread)]
    [InlineData(KeyPlacement.Tagged)]
    [InlineData(KeyPlacement.Pinned)]
    public async Task Names_lose_the_namespace_in_every_placement_and_database(KeyPlacement placement)
    {
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(upstream.Host, upstream.Port)], configuration => configuration with
        {
            SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero },
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Placement = placement })],
        });
        await using RespClient client = await proxy.ConnectAsync();
        string[] requests = ["SET a{t} 1", "PUBLISH news x", "SPUBLISH news x", "SORT {t}l BY {t}w_* GET {t}o_*->f GET #", "MOVE a{t} 3", "SELECT 3", "GET a{t}", "COPY a{t} b{t} DB 0"];

        await client.PipelineAsync(requests);

        RedisReply log = await client.CommandAsync("SLOWLOG", "GET");
        Assert.Equal(["COPY a{t} ?", "GET a{t}", "MOVE a{t} ?", requests[3], requests[2], requests[1], requests[0]], log.Items.Select(entry => string.Join(' ', KeyspaceScene.Texts(entry.Items[3]))));
    }

    [Fact]
    public async Task No_entries_keep_nothing_and_say_so()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node, new SlowLogSnapshot { Threshold = TimeSpan.Zero, Entries = 0 });
        await using RespClient client = await proxy.ConnectAsync();

        string[] replies = await client.PipelineAsync("GET a", "SLOWLOG LEN", "CONFIG GET slowlog-log-slower-than", "SLOWLOG GET");

        Assert.Equal([":0\r\n", "*2\r\n$23\r\nslowlog-log-slower-than\r\n$2\r\n-1\r\n", "*0\r\n"], replies[1..]);
    }

    private static Task<RunningProxy> StartAsync(FakeNode node, SlowLogSnapshot slowLog) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], configuration => configuration with { SlowLog = slowLog });
}
