using System.Globalization;
using System.Net;
using System.Text.Json;
using RespProxy.Configuration;
using RespProxy.Testing;

namespace RespProxy.Tests.Admin;

/// <summary>What the API tells and does, before a real Redis.</summary>
public sealed class AdminApiTests(OneRedis redis) : IClassFixture<OneRedis>, IAsyncLifetime
{
    private AdminScene _scene = null!;

    public async ValueTask InitializeAsync() => _scene = await AdminScene.StartAsync(seed: redis.Address, adjust: WithRules);

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task Status_tells_how_the_proxy_stands()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.CommandAsync("SET", "a", "1");

        JsonElement status = await _scene.JsonAsync("/api/v1/status");

        Assert.Equal(("ready", true, false), (status.GetProperty("status").GetString(), status.GetProperty("ready").GetBoolean(), status.GetProperty("draining").GetBoolean()));
        Assert.Equal((1, 1L), (status.GetProperty("connections").GetInt32(), status.GetProperty("commands").GetInt64()));
        Assert.Equal(1, status.GetProperty("configuration").GetProperty("version").GetInt64());
        Assert.Equal("cluster1", Assert.Single(status.GetProperty("upstreams").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_rate_is_of_the_time_between_two_looks()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.CommandAsync("SET", "a", "1");
        await _scene.JsonAsync("/api/v1/tenants");
        JsonElement idle = Tenant(await _scene.JsonAsync("/api/v1/tenants"), "app1");
        for (int i = 0; i < 50; i++) await client.CommandAsync("GET", "a");

        await Eventually.HoldsAsync("the calls show as a rate", async () => Tenant(await _scene.JsonAsync("/api/v1/tenants"), "app1").GetProperty("commandsPerSecond").GetDouble() > 0);
        await Eventually.HoldsAsync("and are over", async () => Tenant(await _scene.JsonAsync("/api/v1/tenants"), "app1").GetProperty("commandsPerSecond").GetDouble() == 0);
        Assert.Equal(0, Tenant(await _scene.JsonAsync("/api/v1/tenants"), "app2").GetProperty("commandsPerSecond").GetDouble());
        Assert.True(idle.GetProperty("commandsPerSecond").GetDouble() >= 0);
    }

    [Fact]
    public async Task Tenants_are_told_with_what_each_has_used_and_has_connections()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await using RespClient other = await _scene.Proxy.ConnectAsync("app2");
        await client.CommandAsync("SET", "a", "1");
        await client.CommandAsync("INCR", "b");
        await other.CommandAsync("PING");

        JsonElement tenants = await _scene.JsonAsync("/api/v1/tenants");

        Assert.Equal(["app1", "app2"], tenants.GetProperty("tenants").EnumerateArray().Select(tenant => tenant.GetProperty("name").GetString()));
        Assert.Equal((1, 2L, "cluster1"), (Tenant(tenants, "app1").GetProperty("connections").GetInt32(), Tenant(tenants, "app1").GetProperty("calls").GetInt64(), Tenant(tenants, "app1").GetProperty("upstream").GetString()));
        Assert.Equal((1, 1L), (Tenant(tenants, "app2").GetProperty("connections").GetInt32(), Tenant(tenants, "app2").GetProperty("calls").GetInt64()));
    }

    [Fact]
    public async Task A_tenant_is_told_with_its_limits_rules_and_commands()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.CommandAsync("SET", "a", "1");
        await client.CommandAsync("GET", "a");
        await client.CommandAsync("GET", "a");
        await client.CommandAsync("KEYS", "*");
        using (await _scene.SendAsync("PUT", "/api/v1/tenants/app1/usage", body: "650")) { }

        JsonElement tenant = await _scene.JsonAsync("/api/v1/tenants/app1");

        JsonElement connections = tenant.GetProperty("limits").GetProperty("connections");
        Assert.Equal((5, 1), (connections.GetProperty("max").GetInt32(), connections.GetProperty("used").GetInt32()));
        Assert.Equal(JsonValueKind.Null, tenant.GetProperty("limits").GetProperty("inFlight").ValueKind);
        JsonElement rate = Assert.Single(tenant.GetProperty("limits").GetProperty("rates").EnumerateArray());
        Assert.Equal(("writes", "commands", "shadow", 1L), (rate.GetProperty("name").GetString(), rate.GetProperty("unit").GetString(), rate.GetProperty("action").GetString(), rate.GetProperty("rate").GetInt64()));
        JsonElement rule = Assert.Single(tenant.GetProperty("rules").EnumerateArray());
        Assert.Equal(("deny", 1L, true, "too slow"), (rule.GetProperty("action").GetString(), rule.GetProperty("hits").GetInt64(), rule.GetProperty("inForce").GetBoolean(), rule.GetProperty("reason").GetString()));
        JsonElement[] commands = [.. tenant.GetProperty("commands").EnumerateArray()];
        Assert.Equal(["get", "keys", "set"], commands.Select(command => command.GetProperty("name").GetString()));
        Assert.Equal([2L, 1L, 1L], commands.Select(command => command.GetProperty("calls").GetInt64()));
        Assert.True(commands[0].GetProperty("upstreamMicroseconds").GetProperty("p99").GetInt64() > 0);
        Assert.Equal(JsonValueKind.Null, commands[1].GetProperty("upstreamMicroseconds").ValueKind);
        Assert.Equal((1L, 1L), (commands[1].GetProperty("denied").GetInt64(), commands[1].GetProperty("errors").GetInt64()));
        JsonElement quota = tenant.GetProperty("quota");
        Assert.Equal((1000L, 650L, 65m, 60), (quota.GetProperty("bytes").GetInt64(), quota.GetProperty("usedBytes").GetInt64(), quota.GetProperty("usedPercent").GetDecimal(), quota.GetProperty("level").GetInt32()));
    }

    [Theory]
    [InlineData("/api/v1/tenants/nobody", 404)]
    [InlineData("/api/v1/tenants/nobody/hotkeys", 404)]
    [InlineData("/api/v1/tenants/app1/hotkeys?count=0", 400)]
    [InlineData("/api/v1/tenants/app1/bigkeys?count=1001", 400)]
    [InlineData("/api/v1/tenants/app1/slowlog?count=many", 400)]
    [InlineData("/api/v1/clusters/nowhere", 404)]
    [InlineData("/api/v1/connections?limit=0", 400)]
    [InlineData("/api/v1/connections?cursor=-1", 400)]
    [InlineData("/api/v1/connections?limit=1&limit=2", 400)]
    public async Task What_is_not_there_or_not_a_number_is_told_as_a_problem(string path, int status)
    {
        using HttpResponseMessage response = await _scene.SendAsync("GET", path);

        Assert.Equal(status, (int)response.StatusCode);
        JsonElement problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task Keys_are_told_by_the_tenants_own_names_bytes_that_are_no_text_escaped()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.SendAsync((byte[])[.. "*3\r\n$3\r\nSET\r\n$4\r\na\\"u8, 0xff, 0x0a, .. "\r\n$1\r\n1\r\n"u8]);
        await client.ReadReplyAsync();
        await client.CommandAsync("SET", "big", new string('x', 200_000));

        JsonElement hot = await _scene.JsonAsync("/api/v1/tenants/app1/hotkeys");
        JsonElement big = await _scene.JsonAsync("/api/v1/tenants/app1/bigkeys?count=5");
        JsonElement slow = await _scene.JsonAsync("/api/v1/tenants/app1/slowlog");
        JsonElement others = await _scene.JsonAsync("/api/v1/tenants/app2/hotkeys");

        Assert.Equal([@"a\\\xff\x0a", "big"], Keys(hot.GetProperty("writes")).Order(StringComparer.Ordinal));
        Assert.Equal(["big"], Keys(big));
        Assert.Contains(slow.GetProperty("entries").EnumerateArray(), entry => entry.GetProperty("arguments")[1].GetString() == @"a\\\xff\x0a");
        Assert.Empty(Keys(others.GetProperty("writes")));
    }

    [Fact]
    public async Task Connections_are_told_page_by_page_as_their_loops_see_them()
    {
        await using RespClient first = await _scene.Proxy.ConnectAsync();
        await using RespClient second = await _scene.Proxy.ConnectAsync();
        await using RespClient third = await _scene.Proxy.ConnectAsync("app2");
        await first.CommandAsync("CLIENT", "SETNAME", "worker");
        await second.CommandAsync("SUBSCRIBE", "news");
        await third.CommandAsync("MULTI");
        await third.CommandAsync("SET", "a", "1");

        JsonElement page = await _scene.JsonAsync("/api/v1/connections?limit=2");
        JsonElement rest = await _scene.JsonAsync($"/api/v1/connections?limit=2&cursor={page.GetProperty("next").GetString()}");
        JsonElement ofOne = await _scene.JsonAsync("/api/v1/connections?tenant=app2");

        JsonElement[] all = [.. page.GetProperty("connections").EnumerateArray(), .. rest.GetProperty("connections").EnumerateArray()];
        Assert.Equal(3, all.Length);
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.Equal(("worker", "client|setname", "app1"), (all[0].GetProperty("name").GetString(), all[0].GetProperty("lastCommand").GetString(), all[0].GetProperty("tenant").GetString()));
        Assert.EndsWith(first.LocalPort.ToString(CultureInfo.InvariantCulture), all[0].GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.Equal((true, false), (all[1].GetProperty("subscribed").GetBoolean(), all[1].GetProperty("inTransaction").GetBoolean()));
        Assert.True(all[2].GetProperty("inTransaction").GetBoolean());
        Assert.True(all[2].GetProperty("writtenBytes").GetInt64() > 0);
        Assert.Equal(all[2].GetProperty("id").GetInt64(), Assert.Single(ofOne.GetProperty("connections").EnumerateArray()).GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task How_long_a_client_is_idle_is_known_from_what_it_sends()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.CommandAsync("PING");
        await Eventually.HoldsAsync("it is idle for a while", async () => (await IdleAsync()) >= 0.2);

        await client.CommandAsync("PING");

        await Eventually.HoldsAsync("it is not idle any more", async () =>
        {
            await client.CommandAsync("PING");
            return await IdleAsync() < 0.2;
        });

        async Task<double> IdleAsync() => Assert.Single((await _scene.JsonAsync("/api/v1/connections")).GetProperty("connections").EnumerateArray()).GetProperty("idleSeconds").GetDouble();
    }

    [Fact]
    public async Task Closing_a_connection_ends_that_one_only()
    {
        await using RespClient first = await _scene.Proxy.ConnectAsync();
        await using RespClient second = await _scene.Proxy.ConnectAsync();
        await using RespClient third = await _scene.Proxy.ConnectAsync("app2");
        long id = (await first.CommandAsync("CLIENT", "ID")).Integer;

        JsonElement closed = await _scene.JsonAsync($"/api/v1/connections/{id}", "DELETE");
        using HttpResponseMessage again = await _scene.SendAsync("DELETE", $"/api/v1/connections/{id}");

        Assert.Equal(1, closed.GetProperty("closed").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => first.CommandAsync("PING"));
        Assert.Equal("PONG", (await second.CommandAsync("PING")).Text);
        Assert.Equal("PONG", (await third.CommandAsync("PING")).Text);
        Assert.Contains(_scene.Log, line => line.Contains($"local from 127.0.0.1: DELETE /api/v1/connections/{id}: 200: connection {id} closed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Closing_a_tenants_connections_ends_all_of_its_and_no_others()
    {
        await using RespClient first = await _scene.Proxy.ConnectAsync();
        await using RespClient second = await _scene.Proxy.ConnectAsync();
        await using RespClient third = await _scene.Proxy.ConnectAsync("app2");
        foreach (RespClient client in (RespClient[])[first, second, third]) await client.CommandAsync("PING");

        using HttpResponseMessage ofNobody = await _scene.SendAsync("DELETE", "/api/v1/connections");
        JsonElement closed = await _scene.JsonAsync("/api/v1/connections?tenant=app1", "DELETE");

        Assert.Equal(HttpStatusCode.BadRequest, ofNobody.StatusCode);
        Assert.Equal(2, closed.GetProperty("closed").GetInt32());
        await Assert.ThrowsAnyAsync<Exception>(() => first.CommandAsync("PING"));
        await Assert.ThrowsAnyAsync<Exception>(() => second.CommandAsync("PING"));
        Assert.Equal("PONG", (await third.CommandAsync("PING")).Text);
    }

    [Fact]
    public async Task A_drain_flips_readiness_closes_clients_that_are_owed_nothing_and_leaves_the_process()
    {
        await using RespClient client = await _scene.Proxy.ConnectAsync();
        await client.CommandAsync("PING");

        using HttpResponseMessage first = await _scene.SendAsync("POST", "/api/v1/drain");
        using HttpResponseMessage second = await _scene.SendAsync("POST", "/api/v1/drain");
        using HttpResponseMessage ready = await _scene.SendAsync("GET", "/readyz");
        using HttpResponseMessage started = await _scene.SendAsync("GET", "/startupz");

        Assert.Equal([HttpStatusCode.Accepted, HttpStatusCode.Accepted], [first.StatusCode, second.StatusCode]);
        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK], [ready.StatusCode, started.StatusCode]);
        Assert.Empty(await client.ReadToEndAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => _scene.Proxy.ConnectAsync());
        Assert.Equal("draining", (await _scene.JsonAsync("/api/v1/status")).GetProperty("status").GetString());
    }

    private static JsonElement Tenant(JsonElement tenants, string name) => tenants.GetProperty("tenants").EnumerateArray().Single(tenant => tenant.GetProperty("name").GetString() == name);

    private static IEnumerable<string> Keys(JsonElement ranking) => ranking.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("key").GetString()!);

    private static ProxySnapshot WithRules(ProxySnapshot snapshot) => snapshot with
    {
        SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero },
        Tenants =
        [
            snapshot.Tenants[0] with
            {
                Limits = new TenantLimitsSnapshot
                {
                    MaxConnections = 5,
                    Rates = [new RateSnapshot { Name = "writes", Scope = new RuleScopeSnapshot { Commands = ["@write"] }, Rate = 1, Burst = 1, Action = RateAction.Shadow }],
                },
                Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["KEYS"] }, Reason = "too slow" }],
                Quota = new QuotaSnapshot { Peak = 500 },
            },
            .. snapshot.Tenants[1..],
        ],
    };
}
