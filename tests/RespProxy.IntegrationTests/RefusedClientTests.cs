using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using StackExchange.Redis;

namespace RespProxy.IntegrationTests;

/// <summary>
/// What people's clients make of refusals: the error that was meant, on a connection that stays, and no second attempt. The proxy counts what
/// it refused; it must be what the application saw, since a client that tried again by itself would make a storm of a limit.
///
/// <para>app1 may not run HGETALL, nor GET on 'closed', may GET 'paced' once, and is over its quota; app2 may have one request in flight. The
/// limits' clock stands.</para>
/// </summary>
public sealed class RefusedClientTests(Servers servers)
{
    private const int Rounds = 5;

    [Fact]
    public Task Redis_py_is_refused_once_for_each_call() => IsRefusedAsync("/usr/bin/python3", "python/refusals.py", "");

    [Theory]
    [InlineData("ioredis")]
    [InlineData("2")]
    [InlineData("3")]
    public Task Ioredis_and_node_redis_in_both_protocols_are_refused_once_for_each_call(string client) => IsRefusedAsync("node", "node/refusals.js", client);

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task StackExchange_Redis_is_refused_once_for_each_call(RedisProtocol protocol)
    {
        await using RunningProxy proxy = await StartAsync();
        await using ConnectionMultiplexer connection = await ConnectAsync(proxy.PortOf("app1"), protocol);
        IDatabase redis = connection.GetDatabase();
        string id = (await redis.ExecuteAsync("CLIENT", "ID")).ToString();
        Assert.True((await redis.StringGetAsync("paced")).IsNull);
        for (int i = 0; i < Rounds; i++)
        {
            await RefusedAsync(() => redis.HashGetAllAsync("h"), "NOPERM tenant 'app1' may not run 'hgetall': use HSCAN");
            await RefusedAsync(() => redis.StringGetAsync("closed"), "NOPERM tenant 'app1' may not run 'get'");
            await RefusedAsync(() => redis.StringGetAsync("paced"), "ERR LIMIT paced rate exceeded, retry after 1000 ms");
            await RefusedAsync(() => redis.StringSetAsync("k", "v"), "OOM tenant 'app1' is over its memory quota (1.95 KiB used of 1000 B); delete keys, or let them expire");
            Assert.True((await redis.StringGetAsync("k")).IsNull);
            Assert.False(await redis.KeyDeleteAsync("k"));
        }

        Assert.Equal(id, (await redis.ExecuteAsync("CLIENT", "ID")).ToString());
        AssertCounted(proxy, denied: 2 * Rounds, throttled: Rounds, overQuota: Rounds, inFlight: 0);
    }

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task StackExchange_Redis_is_told_once_that_too_many_requests_are_in_flight(RedisProtocol protocol)
    {
        await using RunningProxy proxy = await StartAsync();
        await using ConnectionMultiplexer connection = await ConnectAsync(proxy.PortOf("app2"), protocol);
        IDatabase redis = connection.GetDatabase();
        await using RespClient blocked = await proxy.ConnectAsync("app2");
        string blockedId = (await blocked.CommandAsync("CLIENT", "ID")).Text;
        await blocked.SendAsync(Wire.Request("BLPOP", "l", "0"));
        await Eventually.HoldsAsync("the client blocks", async () => (await redis.ExecuteAsync("CLIENT", "LIST")).ToString().Contains("cmd=blpop", StringComparison.Ordinal));
        string id = (await redis.ExecuteAsync("CLIENT", "ID")).ToString();
        for (int i = 0; i < Rounds; i++)
            await RefusedAsync(() => redis.StringGetAsync("k"), "ERR LIMIT tenant 'app2' may have 1 requests in flight at most");

        await Eventually.HoldsAsync("the client is unblocked", async () => (int)await redis.ExecuteAsync("CLIENT", "UNBLOCK", blockedId) == 1);
        await blocked.ReadReplyAsync();
        Assert.True((await redis.StringGetAsync("k")).IsNull);
        Assert.Equal(id, (await redis.ExecuteAsync("CLIENT", "ID")).ToString());
        AssertCounted(proxy, denied: 0, throttled: 0, overQuota: 0, inFlight: Rounds);
    }

    private static async Task RefusedAsync(Func<Task> call, string text) =>
        Assert.Equal(text, (await Assert.ThrowsAsync<RedisServerException>(call)).Message);

    private static void AssertCounted(RunningProxy proxy, long denied, long throttled, long overQuota, long inFlight)
    {
        CommandReading app1 = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((denied, throttled, overQuota), (app1.Denied, app1.Throttled, app1.OverQuota));
        Assert.Equal(inFlight, proxy.Server.ReadUsage("app2").Total.Throttled);
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(int port, RedisProtocol protocol) => ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
    {
        EndPoints = { { "127.0.0.1", port } },
        Protocol = protocol,
        // CLIENT is an administrator's command to this client.
        AllowAdmin = true,
        ConfigurationChannel = "",
        AsyncTimeout = 20_000,
        ConnectTimeout = 20_000,
    });

    private async Task IsRefusedAsync(string interpreter, string script, string client)
    {
        await using RunningProxy proxy = await StartAsync();
        string[] arguments = [Path.Combine(Programs.RepoRoot, "tests", "clients", script), "127.0.0.1", $"{proxy.PortOf("app1")}", $"{proxy.PortOf("app2")}"];
        string output = await Programs.RunAsync(interpreter, arguments, ("CLIENT", client));
        Assert.StartsWith("refused ", output, StringComparison.Ordinal);
        long[] seen = [.. output.Trim().Split(' ')[1..].Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        Assert.All(seen, count => Assert.InRange(count, Rounds, 100));
        AssertCounted(proxy, seen[0], seen[1], seen[2], seen[3]);
    }

    private async Task<RunningProxy> StartAsync()
    {
        RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [(servers.Standalone.Host, servers.Standalone.Port)],
            configuration => configuration with { Tenants = [Refused(configuration.Tenants[0]), Busy(configuration.Tenants[1])] },
            time: new StandingTime());
        proxy.Server.Quotas.Report("app1", 2_000);
        return proxy;
    }

    /// <summary>Namespaces of their own: other tests share the server.</summary>
    private static TenantSnapshot Refused(TenantSnapshot tenant) => tenant with
    {
        Namespace = "refused@app1",
        Denials =
        [
            new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGETALL"] }, Reason = "use HSCAN" },
            new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["GET"], Keys = ["closed"] } },
        ],
        Limits = new TenantLimitsSnapshot
        {
            Rates = [new RateSnapshot { Name = "paced", Scope = new RuleScopeSnapshot { Commands = ["GET"], Keys = ["paced"] }, Rate = 1, Burst = 1 }],
        },
        Quota = new QuotaSnapshot { Peak = 1_000, Factor = 1, Enforce = true },
    };

    private static TenantSnapshot Busy(TenantSnapshot tenant) =>
        tenant with { Namespace = "refused@app2", Limits = new TenantLimitsSnapshot { MaxInFlight = 1 } };
}
