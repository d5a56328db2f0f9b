using System.Collections.Concurrent;
using RespProxy.Configuration;
using RespProxy.Downstream.Quotas;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Commands;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Quotas;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>The quota of the tenant app1 before a real server: 1,000 bytes, enforced unless a test says otherwise. app2 has none.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private const string Refusal = "OOM tenant 'app1' is over its memory quota (1.95 KiB used of 1000 B); delete keys, or let them expire";
    private const string Aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n";

    private LocalRedis _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await LocalRedis.StartAsync(new LocalRedisOptions());

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Fact]
    public async Task Over_the_quota_what_may_add_data_is_refused_and_what_frees_or_reads_goes_on()
    {
        await using RunningProxy proxy = await StartAsync();
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("SET a 1", "SET b 1", "RPUSH l 1 2", "HSET h f v");
        FillUp(proxy);
        string[] refused = await client.PipelineAsync("SET a 2", "INCR n", "RPUSH l 3", "LPUSHX l 3", "HSET h g v", "MSET a 1 c 1", "COPY a c", "SETRANGE a 0 x", "GETSET a 2");
        Assert.All(refused, reply => Assert.Equal($"-{Refusal}\r\n", reply));
        Assert.Equal(
            ["$1\r\n1\r\n", ":1\r\n", ":1\r\n", ":1\r\n", "$1\r\n1\r\n", ":1\r\n", ":1\r\n", "+PONG\r\n", ":0\r\n"],
            await client.PipelineAsync("GET a", "EXPIRE a 100", "PERSIST a", "DEL a", "LPOP l", "HDEL h f", "UNLINK b", "PING", "PUBLISH c m"));
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((9, 13), (reading.OverQuota, reading.Allowed));

        proxy.Server.Quotas.Report("app1", 1_000);
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "2")).Text);
    }

    [Fact]
    public async Task What_is_refused_is_what_redis_refuses_at_maxmemory()
    {
        await using RunningProxy proxy = await StartAsync();
        FillUp(proxy);
        await using LocalRedis full = await LocalRedis.StartAsync(new LocalRedisOptions());
        await full.CommandAsync("CONFIG", "SET", "maxmemory", "1");
        await using RespClient tenant = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(full.Host, full.Port);
        int compared = 0;
        foreach (CommandSpec spec in CommandTable.All.Where(spec => spec.Route is RouteRule.Keyed or RouteRule.SplitSum or RouteRule.SplitArray or RouteRule.SplitOk && !spec.IsOfModule))
        {
            // As many arguments as it must have, all the same: a key that is not there, a number where one is expected. What is wrong with them is found later.
            string[] request = [.. spec.Name.Split('|'), .. Enumerable.Repeat("1", Math.Abs(spec.Arity) - spec.Name.Split('|').Length)];
            string ofRedis = (await direct.CommandAsync(request)).Text;
            if (ofRedis.StartsWith("ERR unknown", StringComparison.Ordinal)) continue;
            string ofProxy = (await tenant.CommandAsync(request)).Text;
            Assert.Equal((spec.Name, ofRedis.StartsWith("OOM ", StringComparison.Ordinal)), (spec.Name, ofProxy.StartsWith("OOM ", StringComparison.Ordinal)));
            compared++;
        }

        Assert.InRange(compared, 120, 400);
    }

    [Fact]
    public async Task A_refusal_within_a_transaction_aborts_it_and_one_that_only_deletes_runs()
    {
        await using RunningProxy proxy = await StartAsync();
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("SET a 1");
        FillUp(proxy);
        Assert.Equal(
            ["+OK\r\n", "+QUEUED\r\n", $"-{Refusal}\r\n", Aborted, "$1\r\n1\r\n", "+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n:1\r\n$-1\r\n"],
            await client.PipelineAsync("MULTI", "DEL a", "SET b 1", "EXEC", "GET a", "MULTI", "DEL a", "GET a", "EXEC"));
    }

    [Fact]
    public async Task A_transaction_that_was_queued_before_the_quota_was_passed_is_refused_by_EXEC()
    {
        await using RunningProxy proxy = await StartAsync();
        await using RespClient writing = await proxy.ConnectAsync();
        await using RespClient deleting = await proxy.ConnectAsync();
        await writing.PipelineAsync("SET a 1", "MULTI", "SET a 2");
        await deleting.PipelineAsync("MULTI", "DEL nothing");
        FillUp(proxy);
        Assert.Equal(
            [$"-EXECABORT Transaction discarded because of: {Refusal}\r\n", "-ERR EXEC without MULTI\r\n", "$1\r\n1\r\n"],
            await writing.PipelineAsync("EXEC", "EXEC", "GET a"));
        Assert.Equal(["*1\r\n:0\r\n"], await deleting.PipelineAsync("EXEC"));
    }

    [Fact]
    public async Task Over_the_quota_only_scripts_run_that_say_that_they_add_nothing_or_need_no_memory()
    {
        await using RunningProxy proxy = await StartAsync();
        await using RespClient client = await proxy.ConnectAsync();
        const string Library = "#!lua name=lib\nredis.register_function{function_name='look', callback=function(keys) return redis.call('exists', keys[1]) end, flags={'no-writes'}}";
        const string Delete = "#!lua flags=allow-oom\nreturn redis.call('del', KEYS[1])";
        await client.CommandAsync("FUNCTION", "LOAD", Library);
        await client.CommandAsync("SET", "a", "1");
        string delete = (await client.CommandAsync("SCRIPT", "LOAD", Delete)).Text;
        string plain = (await client.CommandAsync("SCRIPT", "LOAD", "return 1")).Text;
        FillUp(proxy);

        foreach (string[] refused in (string[][])[["EVAL", "return 1", "0"], ["EVALSHA", plain, "0"], ["FCALL", "look", "1", "a"], ["FUNCTION", "LOAD", "REPLACE", Library]])
            Assert.Equal(Refusal, (await client.CommandAsync(refused)).Text);
        Assert.Equal("1", (await client.CommandAsync("EVAL_RO", "return redis.call('exists', KEYS[1])", "1", "a")).Text);
        Assert.Equal("1", (await client.CommandAsync("EVALSHA_RO", plain, "0")).Text);
        Assert.Equal("1", (await client.CommandAsync("FCALL_RO", "look", "1", "a")).Text);
        Assert.Equal("1", (await client.CommandAsync("EVAL", "#!lua flags=no-writes\nreturn redis.call('exists', KEYS[1])", "1", "a")).Text);
        Assert.StartsWith("ERR Write commands are not allowed", (await client.CommandAsync("EVAL", "#!lua flags=no-writes\nreturn redis.call('set', KEYS[1], 'x')", "1", "a")).Text, StringComparison.Ordinal);
        Assert.Equal("1", (await client.CommandAsync("EVALSHA", delete, "1", "a")).Text);
        Assert.Equal("0", (await client.CommandAsync("EVAL", Delete, "1", "a")).Text);
        Assert.StartsWith("NOSCRIPT", (await client.CommandAsync("EVALSHA", new string('0', 40), "0")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quota_that_is_not_enforced_raises_one_event_a_level_and_refuses_nothing()
    {
        await using RunningProxy proxy = await StartAsync(enforce: false);
        var events = new ConcurrentQueue<QuotaEvent>();
        proxy.Server.Quotas.LevelChanged += events.Enqueue;
        await using RespClient client = await proxy.ConnectAsync();
        foreach (long usage in (long[])[100, 600, 590, 610, 1_200, 1_199, 500])
            Assert.Equal(UsageOutcome.Taken, proxy.Server.Quotas.Report("app1", usage));

        Assert.Equal([(QuotaLevel.Raised, 600), (QuotaLevel.Over, 1_200), (QuotaLevel.Low, 500)], events.Select(raised => (raised.To, raised.Usage)));
        Assert.Single(proxy.Log, line => line.Contains("Tenant app1 uses 60 % of its quota (600 of 1000 bytes): level 60 % is reached", StringComparison.Ordinal));
        Assert.Single(proxy.Log, line => line.Contains("Tenant app1 uses 120 % of its quota (1200 of 1000 bytes): it is over", StringComparison.Ordinal));
        Assert.Single(proxy.Log, line => line.Contains("level 100 % is left", StringComparison.Ordinal));
        Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);
        Assert.Equal(0, proxy.Server.ReadUsage("app1").Total.OverQuota);
        (string tenant, QuotaReading reading) = Assert.Single(proxy.Server.ReadCounters().Quotas);
        Assert.Equal(("app1", 1_000, 500), (tenant, reading.Quota, reading.Usage));
        Assert.Equal(UsageOutcome.NoQuota, proxy.Server.Quotas.Report("app2", 1));
        Assert.Equal(UsageOutcome.UnknownTenant, proxy.Server.Quotas.Report("app3", 1));
    }

    [Fact]
    public async Task A_new_configuration_is_in_force_with_the_usage_that_is_known()
    {
        await using RunningProxy proxy = await StartAsync();
        FillUp(proxy);
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(Refusal, (await client.CommandAsync("SET", "a", "1")).Text);
        Assert.Empty(proxy.Server.Apply(WithQuota(proxy.Configuration, new QuotaSnapshot { Peak = 1_000, Factor = 2, Enforce = true })));
        await Eventually.HoldsAsync("the larger quota holds", async () => (await client.CommandAsync("SET", "a", "1")).Text == "OK");
        Assert.Empty(proxy.Server.Apply(WithQuota(proxy.Configuration, new QuotaSnapshot { Peak = 1_999, Factor = 1, Enforce = true })));
        await Eventually.HoldsAsync("the smaller one holds", async () => (await client.CommandAsync("SET", "a", "1")).Text.StartsWith("OOM", StringComparison.Ordinal));
        Assert.Empty(proxy.Server.Apply(WithQuota(proxy.Configuration, null)));
        await Eventually.HoldsAsync("none holds", async () => (await client.CommandAsync("SET", "a", "1")).Text == "OK");
    }

    [Fact]
    public async Task Another_tenant_writes_while_one_is_over_its_quota()
    {
        await using RunningProxy proxy = await StartAsync();
        FillUp(proxy);
        await using RespClient other = await proxy.ConnectAsync("app2");
        Assert.Equal("OK", (await other.CommandAsync("SET", "a", "1")).Text);
    }

    [Fact]
    public async Task A_usage_file_is_read_again_when_it_changes_and_a_bad_one_leaves_the_last_good_numbers()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            await File.WriteAllTextAsync(path, "app1 2000\napp2 5\nelsewhere 7\n");
            await using RunningProxy proxy = await StartAsync(usage: new UsageSnapshot { File = path, Period = TimeSpan.FromMilliseconds(5) });
            Task Shows(long usage) => Eventually.HoldsAsync($"usage is {usage}", () => UsageOf(proxy) == usage);
            Task Says(string text, int times) => Eventually.HoldsAsync(
                $"{text} is said", () => proxy.Log.Count(line => line.Contains(text, StringComparison.Ordinal)) == times);
            await Shows(2_000);
            await using RespClient client = await proxy.ConnectAsync();
            Assert.Equal(Refusal, (await client.CommandAsync("SET", "a", "1")).Text);

            await File.WriteAllTextAsync(path, "app1 20");
            await Says("its last line has no end", 1);
            Assert.Equal(Refusal, (await client.CommandAsync("SET", "a", "1")).Text);
            await File.WriteAllTextAsync(path, "{\"app1\": 20}");
            await Shows(20);
            await Says("is good again", 1);
            Assert.Equal("OK", (await client.CommandAsync("SET", "a", "1")).Text);

            File.Delete(path);
            await Says("it does not exist", 1);
            Assert.Equal(20, UsageOf(proxy));
            await File.WriteAllTextAsync(path, "{\"app1\": 21}");
            await Shows(21);
            Assert.Equal(1, proxy.Log.Count(line => line.Contains("it does not exist", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static long? UsageOf(RunningProxy proxy) => Assert.Single(proxy.Server.ReadCounters().Quotas).Reading.Usage;

    private static void FillUp(RunningProxy proxy) => Assert.Equal(UsageOutcome.Taken, proxy.Server.Quotas.Report("app1", 2_000));

    private Task<RunningProxy> StartAsync(bool enforce = true, UsageSnapshot? usage = null) => RunningProxy.StartAsync(
        UpstreamMode.Standalone,
        [(_redis.Host, _redis.Port)],
        configuration => WithQuota(configuration, new QuotaSnapshot { Peak = 1_000, Factor = 1, Enforce = enforce }) with { Usage = usage ?? new UsageSnapshot() });

    private static ProxySnapshot WithQuota(ProxySnapshot configuration, QuotaSnapshot? quota) => configuration with
    {
        Tenants = [.. configuration.Tenants.Select(tenant => tenant.Name == "app1" ? tenant with { Quota = quota } : tenant)],
    };
}
