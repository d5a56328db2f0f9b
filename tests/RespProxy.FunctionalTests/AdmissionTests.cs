using System.Collections.Immutable;
using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Limits and denylists of the tenant app1 before a real server. The rules' clock stands still unless the test moves it.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private const string ComeBack = "ERR LIMIT commands rate exceeded, retry after 1000 ms";

    private readonly StandingTime _time = new();
    private LocalRedis _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await LocalRedis.StartAsync(new LocalRedisOptions());

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Theory]
    [InlineData(RateUnit.Commands, 3, "SET a 1", "GET a", "PING", "GET a")]
    [InlineData(RateUnit.Keys, 5, "MSET a 1 b 2", "MGET a b c", "GET a")]
    [InlineData(RateUnit.RequestBytes, 57, "SET a 1", "GET a", "GET a")]
    public async Task What_is_left_of_a_rate_is_used_up_and_then_refused_until_time_brings_more(RateUnit unit, long burst, params string[] requests)
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Name = "all", Unit = unit, Rate = burst, Burst = burst });
        await using RespClient client = await proxy.ConnectAsync();
        string[] replies = await client.PipelineAsync(requests);

        Assert.DoesNotContain(replies[..^1], reply => reply.StartsWith('-'));
        Assert.StartsWith("-ERR LIMIT all rate exceeded, retry after ", replies[^1], StringComparison.Ordinal);
        Assert.EndsWith(" ms\r\n", replies[^1], StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("1", (await client.CommandAsync("GET", "a")).Text);
    }

    [Fact]
    public async Task A_reply_that_is_larger_than_what_is_left_is_paid_for_by_the_next_request()
    {
        await _redis.CommandAsync("SET", "cluster1@app1:big", new string('x', 10_000));
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Unit = RateUnit.ReplyBytes, Rate = 1_000, Burst = 1_000 });
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(10_000, (await client.CommandAsync("GET", "big")).Text.Length);
        // $10000 CRLF value CRLF, less the burst.
        Assert.Equal("ERR LIMIT reply-bytes rate exceeded, retry after 9010 ms", (await client.CommandAsync("GET", "big")).Text);
        _time.Advance(TimeSpan.FromMilliseconds(9_011));
        Assert.Equal(10_000, (await client.CommandAsync("GET", "big")).Text.Length);
    }

    [Fact]
    public async Task Replies_are_charged_to_the_rates_of_their_own_commands_in_a_pipeline_and_in_a_transaction()
    {
        await _redis.CommandAsync("SET", "cluster1@app1:big", new string('x', 10_000));
        RateSnapshot OfReplies(string command, string key) => new()
        {
            Scope = new RuleScopeSnapshot { Commands = [command], Keys = [key] },
            Unit = RateUnit.ReplyBytes,
            Rate = 1_000,
            Burst = 1_000,
        };
        await using RunningProxy proxy = await LimitedAsync(OfReplies("GET", "big"), OfReplies("STRLEN", "big"));
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("STRLEN big", "NOSUCH", "GET big", "PING", "STRLEN big");
        string[] replies = await client.PipelineAsync("STRLEN big", "GET small", "GET big");
        Assert.Equal([":10000\r\n", "$-1\r\n"], replies[..2]);
        Assert.StartsWith("-ERR LIMIT GET reply-bytes rate exceeded", replies[2], StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromSeconds(60));
        await client.PipelineAsync("MULTI", "GET big", "EXEC");
        Assert.StartsWith("ERR LIMIT GET reply-bytes", (await client.CommandAsync("GET", "big")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_of_a_tenant_share_its_rate_and_other_tenants_have_none_of_it()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 1, Burst = 4 });
        await using RespClient one = await proxy.ConnectAsync();
        await using RespClient two = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync("app2");

        Assert.DoesNotContain(await one.PipelineAsync("PING", "PING"), reply => reply.StartsWith('-'));
        Assert.DoesNotContain(await two.PipelineAsync("PING", "PING"), reply => reply.StartsWith('-'));
        Assert.Equal(ComeBack, (await one.CommandAsync("PING")).Text);
        Assert.Equal(ComeBack, (await two.CommandAsync("PING")).Text);
        Assert.DoesNotContain(await other.PipelineAsync([.. Enumerable.Repeat("PING", 20)]), reply => reply.StartsWith('-'));
    }

    [Fact]
    public async Task In_a_pipeline_each_command_is_charged_and_the_refused_ones_are_answered_in_their_turn()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 1, Burst = 50 });
        await using RespClient client = await proxy.ConnectAsync();
        string[] replies = await client.PipelineAsync([.. Enumerable.Range(0, 200).Select(i => string.Create(CultureInfo.InvariantCulture, $"SET k {i}"))]);

        Assert.All(replies[..50], reply => Assert.Equal("+OK\r\n", reply));
        Assert.All(replies[50..], reply => Assert.Equal($"-{ComeBack}\r\n", reply));
        Assert.Equal("49", (await _redis.CommandAsync("GET", "cluster1@app1:k")).Text);
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((50, 150, 0, 0, 0), (reading.Allowed, reading.Throttled, reading.Denied, reading.Delayed, reading.Shadowed));
    }

    [Fact]
    public async Task A_transaction_pays_for_each_of_its_commands_and_one_that_is_refused_aborts_it()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 1, Burst = 3 });
        await using RespClient client = await proxy.ConnectAsync();
        string[] replies = await client.PipelineAsync("MULTI", "SET a 1", "SET b 1", "SET c 1", "EXEC");

        Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", $"-{ComeBack}\r\n"], replies[..4]);
        Assert.StartsWith("-EXECABORT", replies[4], StringComparison.Ordinal);
        Assert.Equal("0", (await _redis.CommandAsync("EXISTS", "cluster1@app1:a", "cluster1@app1:b")).Text);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("-ERR EXEC without MULTI\r\n", (await client.PipelineAsync("EXEC"))[0]);
    }

    [Fact]
    public async Task A_denied_command_is_told_why_within_a_transaction_and_without_and_the_client_goes_on()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with
        {
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGETALL", "client|list"], Keys = ["big"] }, Reason = "use HSCAN" },
                new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["CLIENT|LIST"] } }],
        });
        await using RespClient client = await proxy.ConnectAsync();
        const string Denied = "-NOPERM tenant 'app1' may not run 'hgetall': use HSCAN\r\n";
        string[] replies = await client.PipelineAsync(
            "HSET big f v", "HGETALL big", "HGET big f", "HGETALL small", "CLIENT LIST", "MULTI", "HGET big f", "HGETALL big", "EXEC", "HGET big f");

        Assert.Equal(
            [
                ":1\r\n", Denied, "$1\r\nv\r\n", "*0\r\n", "-NOPERM tenant 'app1' may not run 'client|list'\r\n",
                "+OK\r\n", "+QUEUED\r\n", Denied, "-EXECABORT Transaction discarded because of previous errors.\r\n", "$1\r\nv\r\n",
            ],
            replies);
        Assert.Equal(3, proxy.Server.ReadUsage("app1").Total.Denied);
    }

    [Fact]
    public async Task A_denial_ends_at_its_expiry()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with
        {
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["@write"] }, Expires = _time.GetUtcNow().AddMinutes(30) }],
        });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.StartsWith("NOPERM", (await client.CommandAsync("SET", "a", "1")).Text, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);
    }

    [Fact]
    public async Task Shadow_rules_refuse_nothing_and_are_counted()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with
        {
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 1, Burst = 1, Action = RateAction.Shadow }] },
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["INCR"] }, Shadow = true }],
        });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal([":1\r\n", ":2\r\n", "$1\r\n2\r\n"], await client.PipelineAsync("INCR a", "INCR a", "GET a"));
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((3, 3, 0, 0), (reading.Allowed, reading.Shadowed, reading.Denied, reading.Throttled));
    }

    [Fact]
    public async Task Delayed_commands_run_in_the_order_sent_and_none_is_refused_before_the_longest_delay()
    {
        // The clock stands: the n-th command after the burst must wait n times 2 ms.
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 500, Burst = 2, Action = RateAction.Delay, MaxDelay = TimeSpan.FromMilliseconds(20) });
        await using RespClient client = await proxy.ConnectAsync();
        string[] replies = await client.PipelineAsync("RPUSH l 1", "RPUSH l 2", "PING", "RPUSH l 3", "NOSUCH", "MULTI", "RPUSH l 4", "EXEC", "RPUSH l 5");

        Assert.Equal([":1\r\n", ":2\r\n", "+PONG\r\n", ":3\r\n"], replies[..4]);
        Assert.StartsWith("-ERR unknown command", replies[4], StringComparison.Ordinal);
        Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "*1\r\n:4\r\n", ":5\r\n"], replies[5..]);
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((4, 8, 0), (reading.Delayed, reading.Allowed, reading.Throttled));
    }

    [Fact]
    public async Task What_would_be_delayed_for_too_long_is_refused()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 100, Burst = 1, Action = RateAction.Delay, MaxDelay = TimeSpan.FromMilliseconds(25) });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(
            ["+PONG\r\n", "+PONG\r\n", "+PONG\r\n", "-ERR LIMIT commands rate exceeded, retry after 30 ms\r\n"],
            await client.PipelineAsync("PING", "PING", "PING", "PING"));
    }

    [Fact]
    public async Task A_client_that_goes_while_it_is_delayed_leaves_nothing_behind()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 10, Burst = 1, Action = RateAction.Delay, MaxDelay = TimeSpan.FromSeconds(1) });
        await using (RespClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Scene.Requests("SET a 1", "SET a 2"));
            await Eventually.HoldsAsync("the second is delayed", () => proxy.Server.ReadUsage("app1").Total.Delayed == 1);
        }

        await Eventually.HoldsAsync("the client is gone", () => proxy.Server.ReadCounters().Connections == 0);
    }

    [Fact]
    public async Task A_request_that_waits_for_order_is_charged_once()
    {
        await using RunningProxy proxy = await LimitedAsync(new RateSnapshot { Rate = 1, Burst = 20 });
        await using RespClient client = await proxy.ConnectAsync();
        // WATCH and BLPOP wait until nothing is owed, and are offered again.
        string[] replies = await client.PipelineAsync("RPUSH l 1", "SET a 1", "BLPOP l 1", "SET a 2", "WATCH a", "SET b 1", "UNWATCH");
        Assert.DoesNotContain(replies, reply => reply.StartsWith('-'));
        Assert.Equal(7, proxy.Server.ReadUsage("app1").Total.Allowed);
        Assert.Equal(13, (await client.PipelineAsync([.. Enumerable.Repeat("PING", 40)])).Count(reply => reply == "+PONG\r\n"));
    }

    [Fact]
    public async Task Scripts_pay_for_the_keys_they_declare_and_a_key_can_be_closed_to_them()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with
        {
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Unit = RateUnit.Keys, Rate = 5, Burst = 5 }] },
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["@scripting"], Keys = ["big"] } }],
        });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal("1", (await client.CommandAsync("EVAL", "return 1", "3", "a", "b", "c")).Text);
        Assert.StartsWith("ERR LIMIT keys rate exceeded", (await client.CommandAsync("EVAL", "return 1", "3", "a", "b", "c")).Text, StringComparison.Ordinal);
        Assert.Equal("NOPERM tenant 'app1' may not run 'eval'", (await client.CommandAsync("EVAL", "return 1", "2", "a", "big")).Text);
        Assert.Equal("1", (await client.CommandAsync("EVAL", "return 1", "2", "a", "b")).Text);
        Assert.StartsWith("ERR LIMIT keys rate exceeded", (await client.CommandAsync("EVAL", "return 1", "1", "a")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logging_in_and_out_works_with_nothing_left_and_everything_denied()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with
        {
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Rate = 1, Burst = 1 }] },
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["@all"] } }],
        });
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("OK", (await client.CommandAsync("AUTH", "app1", "app1-secret")).Text);
            Assert.StartsWith("NOPERM", (await client.CommandAsync("PING")).Text, StringComparison.Ordinal);
            Assert.NotEmpty((await client.CommandAsync("HELLO", "3")).Items);
            Assert.Equal("RESET", (await client.CommandAsync("RESET")).Text);
            Assert.StartsWith("NOAUTH", (await client.CommandAsync("PING")).Text, StringComparison.Ordinal);
        }

        Assert.Equal("OK", (await client.CommandAsync("QUIT")).Text);
    }

    [Fact]
    public async Task One_connection_too_many_is_told_so_and_closed_wherever_it_comes_in_and_a_place_that_is_left_is_free()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with { Limits = new TenantLimitsSnapshot { MaxConnections = 2 } });
        const string TooMany = "ERR LIMIT tenant 'app1' may have 2 connections at most";
        await using RespClient first = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await first.CommandAsync("PING")).Text);
        await using RespClient second = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        Assert.Equal("OK", (await second.CommandAsync("AUTH", "app1", "app1-secret")).Text);
        Assert.Equal("OK", (await second.CommandAsync("AUTH", "app1", "app1-secret")).Text);

        await using RespClient third = await proxy.ConnectAsync();
        Assert.Equal(TooMany, (await third.ReadReplyAsync()).Tree.Text);
        await Assert.ThrowsAsync<EndOfStreamException>(third.ReadReplyAsync);
        foreach (string[] login in (string[][])[["AUTH", "app1", "app1-secret"], ["HELLO", "3", "AUTH", "app1", "app1-secret"]])
        {
            await using RespClient late = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
            Assert.Equal(TooMany, (await late.CommandAsync(login)).Text);
            await Assert.ThrowsAsync<EndOfStreamException>(late.ReadReplyAsync);
        }

        // Another tenant has room; and who becomes another tenant's makes room.
        Assert.Equal("OK", (await second.CommandAsync("AUTH", "app2", "app2-secret")).Text);
        await using RespClient fourth = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await fourth.CommandAsync("PING")).Text);
        Assert.Equal("PONG", (await first.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_full_tenant_refuses_a_client_with_nothing_in_flight_and_makes_one_wait_that_has()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with { Limits = new TenantLimitsSnapshot { MaxInFlight = 1 } });
        await using RespClient blocked = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();
        await blocked.SendAsync(Scene.Requests("BLPOP l 0"));
        await Eventually.HoldsAsync("the client blocks", async () => (await _redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));

        Assert.Equal("ERR LIMIT tenant 'app1' may have 1 requests in flight at most", (await other.CommandAsync("GET", "a")).Text);
        Assert.Equal("PONG", (await other.CommandAsync("PING")).Text);
        await _redis.CommandAsync("RPUSH", "cluster1@app1:l", "x");
        await blocked.ReadReplyAsync();
        Assert.DoesNotContain(await other.PipelineAsync([.. Enumerable.Repeat("INCR n", 200)]), reply => reply.StartsWith('-'));
        Assert.Equal("200", (await other.CommandAsync("GET", "n")).Text);
    }

    [Fact]
    public async Task A_client_that_goes_with_requests_in_flight_takes_them_off_the_count()
    {
        await using RunningProxy proxy = await StartAsync(tenant => tenant with { Limits = new TenantLimitsSnapshot { MaxInFlight = 1 } });
        await using (RespClient blocked = await proxy.ConnectAsync())
        {
            await blocked.SendAsync(Scene.Requests("BLPOP l 0"));
            await Eventually.HoldsAsync("the client blocks", async () => (await _redis.CommandAsync("INFO", "clients")).Text.Contains("blocked_clients:1", StringComparison.Ordinal));
        }

        await using RespClient other = await proxy.ConnectAsync();
        await Eventually.HoldsAsync("there is room again", async () => (await other.CommandAsync("SET", "a", "1")).Text == "OK");
    }

    private Task<RunningProxy> LimitedAsync(params ImmutableArray<RateSnapshot> rates) =>
        StartAsync(tenant => tenant with { Limits = new TenantLimitsSnapshot { Rates = rates } });

    private Task<RunningProxy> StartAsync(Func<TenantSnapshot, TenantSnapshot> limit) => RunningProxy.StartAsync(
        UpstreamMode.Standalone,
        [(_redis.Host, _redis.Port)],
        configuration => configuration with { Tenants = [.. configuration.Tenants.Select(tenant => tenant.Name == "app1" ? limit(tenant) : tenant)] },
        time: _time);
}
