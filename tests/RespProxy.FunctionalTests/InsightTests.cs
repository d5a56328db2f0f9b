using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>RESPPROXY STATS, LIMITS, RULES, SLOWLOG, HELP, and what is wrong with a RESPPROXY.</summary>
public sealed class InsightTests
{
    [Fact]
    public async Task LIMITS_tells_bounds_and_rates_with_what_is_left_of_them()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync("app2");
        await client.PipelineAsync("SET a 1", "SET a 1", "SET a 1");

        Dictionary<string, RedisReply> limits = (await client.CommandAsync("RESPPROXY", "LIMITS")).Map();
        Dictionary<string, RedisReply> unlimited = (await other.CommandAsync("RESPPROXY", "LIMITS")).Map();

        Assert.Equal([5L, 1L], limits["connections"].Map().Values.Select(value => value.Integer));
        Assert.Equal(RedisReplyKind.Null, limits["in-flight"].Kind);
        Dictionary<string, RedisReply> rate = Assert.Single(limits["rates"].Items).Map();
        Assert.Equal(("writes", "commands", "reject"), (rate["name"].Text, rate["unit"].Text, rate["action"].Text));
        Assert.Equal((1L, 2L, 0L, 1L), (rate["rate"].Integer, rate["burst"].Integer, rate["available"].Integer, rate["exceeded"].Integer));
        Assert.Equal(["@write"], KeyspaceScene.Texts(rate["commands"]));
        Assert.Empty(unlimited["rates"].Items);
        Assert.Equal(RedisReplyKind.Null, unlimited["connections"].Kind);
    }

    [Fact]
    public async Task RULES_tells_the_tenants_own_denylist_and_how_often_each_rule_was_met()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync("app2");
        await client.PipelineAsync("HGETALL big", "HGETALL big", "HGETALL small", "KEYS *");

        Dictionary<string, RedisReply>[] rules = [.. (await client.CommandAsync("RESPPROXY", "RULES")).Items.Select(InsightScene.Map)];

        Assert.Equal(3, rules.Length);
        Assert.Equal(["HGETALL"], KeyspaceScene.Texts(rules[0]["commands"]));
        Assert.Equal(["big"], KeyspaceScene.Texts(rules[0]["keys"]));
        Assert.Equal(("deny", 2L, 1L, "too large"), (rules[0]["action"].Text, rules[0]["hits"].Integer, rules[0]["in-force"].Integer, rules[0]["reason"].Text));
        Assert.Equal(("shadow", 1L), (rules[1]["action"].Text, rules[1]["hits"].Integer));
        Assert.Equal((0L, 0L, 1_000_000_000L), (rules[2]["in-force"].Integer, rules[2]["hits"].Integer, rules[2]["expires"].Integer));
        Assert.Empty((await other.CommandAsync("RESPPROXY", "RULES")).Items);
    }

    [Fact]
    public async Task STATS_counts_the_tenants_own()
    {
        await using LocalRedis upstream = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await StartAsync(upstream.Host, upstream.Port, loops: 2);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient second = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync("app2");
        await second.PipelineAsync("SUBSCRIBE news");
        await client.PipelineAsync("HGETALL big", "SET a 1", "SET a 1", "SET a 1");

        Dictionary<string, RedisReply> stats = (await client.CommandAsync("RESPPROXY", "STATS")).Map();
        Dictionary<string, RedisReply> others = (await other.CommandAsync("RESPPROXY", "STATS")).Map();

        Assert.Equal((2L, 1L, 0L), (stats["connections"].Integer, stats["connections-subscribed"].Integer, stats["connections-blocked"].Integer));
        Assert.Equal((1L, 1L), (stats["commands-denied"].Integer, stats["commands-throttled"].Integer));
        Assert.True(stats["hot-keys-memory"].Integer > 0);
        Assert.Equal((1L, 0L, 0L), (others["connections"].Integer, others["commands-denied"].Integer, others["hot-keys-memory"].Integer));
    }

    [Fact]
    public async Task SLOWLOG_is_the_tenants_own_slow_log()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("GET a", "GET b");

        string[] replies = await client.PipelineAsync("SLOWLOG GET", "RESPPROXY SLOWLOG", "SLOWLOG GET 1", "RESPPROXY SLOWLOG 1");

        Assert.StartsWith("*2\r\n", replies[0], StringComparison.Ordinal);
        Assert.Equal(replies[0], replies[1]);
        Assert.Equal(replies[2], replies[3]);
    }

    [Fact]
    public async Task It_may_be_queued_and_answers_within_EXEC()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("GET a");

        string[] replies = await client.PipelineAsync("MULTI", "RESPPROXY HOTKEYS READS", "RESPPROXY BIGKEYS", "EXEC", "RESPPROXY HOTKEYS READS");

        Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", $"*2\r\n{replies[4]}*0\r\n"], replies[..4]);
    }

    [Theory]
    [InlineData("RESPPROXY", "-ERR wrong number of arguments for 'respproxy' command\r\n")]
    [InlineData("RESPPROXY NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try RESPPROXY HELP.\r\n")]
    [InlineData("RESPPROXY STATS now", "-ERR wrong number of arguments for 'respproxy|stats' command\r\n")]
    [InlineData("RESPPROXY HOTKEYS NOSUCH", "-ERR syntax error\r\n")]
    [InlineData("RESPPROXY HOTKEYS READS 5", "-ERR syntax error\r\n")]
    [InlineData("RESPPROXY HOTKEYS COUNT x", "-ERR value is not an integer or out of range\r\n")]
    [InlineData("RESPPROXY HOTKEYS COUNT 0", "-ERR COUNT should be greater than 0\r\n")]
    [InlineData("RESPPROXY BIGKEYS READS COUNT 1", "-ERR syntax error\r\n")]
    [InlineData("RESPPROXY SLOWLOG 1 2", "-ERR wrong number of arguments for 'respproxy|slowlog' command\r\n")]
    public async Task What_is_wrong_is_told_as_Redis_would(string request, string reply)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal([reply], await client.PipelineAsync(request));
    }

    [Fact]
    public async Task COMMAND_lists_what_a_Redis_has_and_describes_it_to_who_asks_by_name()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.DoesNotContain(KeyspaceScene.Texts(await client.CommandAsync("COMMAND", "LIST")), name => name.StartsWith("respproxy", StringComparison.Ordinal));
        RedisReply all = await client.CommandAsync("COMMAND");
        Assert.DoesNotContain(all.Items, command => command.Items[0].Text == "respproxy");
        Assert.Equal(all.Items.Count, (await client.CommandAsync("COMMAND", "COUNT")).Integer);
        Assert.Equal("respproxy|hotkeys", (await client.CommandAsync("COMMAND", "INFO", "respproxy|hotkeys")).Items[0].Items[0].Text);
        Assert.Contains("HOTKEYS", KeyspaceScene.Texts(await client.CommandAsync("RESPPROXY", "HELP")));
    }

    [Fact]
    public async Task Without_a_tenant_there_is_nothing_to_tell()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await StartAsync(node);
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        Assert.All(await client.PipelineAsync("RESPPROXY STATS", "RESPPROXY HOTKEYS", "RESPPROXY HELP"), reply => Assert.StartsWith("-NOAUTH", reply, StringComparison.Ordinal));
    }

    private static Task<RunningProxy> StartAsync(FakeNode node) => StartAsync(node.Host, node.Port);

    private static Task<RunningProxy> StartAsync(string host, int port, int loops = 1) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(host, port)], configuration => configuration with
        {
            Loops = loops,
            SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero },
            Tenants = [Limited(configuration.Tenants[0]), .. configuration.Tenants[1..]],
        }, time: new StandingTime());

    private static TenantSnapshot Limited(TenantSnapshot tenant) => tenant with
    {
        Limits = new TenantLimitsSnapshot
        {
            MaxConnections = 5,
            Rates = [new RateSnapshot { Name = "writes", Scope = new RuleScopeSnapshot { Commands = ["@write"] }, Rate = 1, Burst = 2 }],
        },
        Denials =
        [
            new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGETALL"], Keys = ["big"] }, Reason = "too large" },
            new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["KEYS"] }, Shadow = true },
            new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["GET"] }, Expires = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000) },
        ],
    };
}
