using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using static RespProxy.FunctionalTests.NearCacheScene;

namespace RespProxy.FunctionalTests;

/// <summary>The near cache before a real server: what is kept, for whom, and what ends it.</summary>
public sealed class NearCacheTests : IAsyncLifetime
{
    private LocalRedis _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await LocalRedis.StartAsync(new LocalRedisOptions());

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Theory]
    [InlineData("2", "GET s")]
    [InlineData("3", "GET s")]
    [InlineData("2", "GET none")]
    [InlineData("3", "GET none")]
    [InlineData("2", "MGET s")]
    [InlineData("2", "EXISTS s")]
    [InlineData("2", "STRLEN s")]
    [InlineData("2", "GETRANGE s 1 3")]
    [InlineData("2", "TYPE s")]
    [InlineData("2", "HGETALL h")]
    [InlineData("3", "HGETALL h")]
    [InlineData("2", "HGETALL none")]
    [InlineData("2", "HGET h f1")]
    [InlineData("2", "HGET h none")]
    [InlineData("2", "HMGET h f1 none f2")]
    [InlineData("3", "HMGET h f1 none f2")]
    [InlineData("2", "SMEMBERS m")]
    [InlineData("3", "SMEMBERS m")]
    [InlineData("2", "SISMEMBER m a")]
    [InlineData("2", "LRANGE l 0 -1")]
    [InlineData("2", "LPOS l none")]
    [InlineData("2", "ZCOUNT z -inf +inf")]
    [InlineData("2", "BITCOUNT s")]
    public async Task A_read_of_a_hot_key_is_answered_from_the_cache_with_the_bytes_of_the_server(string protocol, string command)
    {
        foreach (string write in (string[])["SET s value", "HSET h f1 v1 f2 v2", "SADD m a", "RPUSH l a b", "ZADD z 1.5 a"])
        {
            string[] words = write.Split(' ');
            (await _redis.CommandAsync([words[0], Scene.Prefix + words[1], .. words[2..]])).OrThrow();
        }

        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient direct = await RespClient.ConnectAsync(_redis.Host, _redis.Port);
        await client.CommandAsync("HELLO", protocol);
        await direct.CommandAsync("HELLO", protocol);
        string[] words2 = command.Split(' ');
        await proxy.CachedAsync(client, words2);
        long hits = proxy.Cache().Hits;

        string[] cached = await client.PipelineAsync(command, command);

        string[] expected = await direct.PipelineAsync(string.Join(' ', [words2[0], Scene.Prefix + words2[1], .. words2[2..]]));
        Assert.Equal([expected[0], expected[0]], cached);
        Assert.Equal(hits + 2, proxy.Cache().Hits);
    }

    [Fact]
    public async Task A_write_past_the_proxy_ends_what_is_kept_of_its_key_and_of_no_other()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await proxy.CachedAsync(client, "GET", "a");
        await proxy.CachedAsync(client, "STRLEN", "a");
        await proxy.CachedAsync(client, "GET", "b");
        await _redis.CommandAsync("SET", Scene.Prefix + "a", "new");
        await Eventually.HoldsAsync("the node has told", () => proxy.Cache().Invalidations == 1);

        Assert.Equal(("", true), await proxy.ReadAsync(client, "GET", "b"));
        Assert.Equal(("new", false), await proxy.ReadAsync(client, "GET", "a"));
        Assert.Equal(("new", true), await proxy.ReadAsync(client, "GET", "a"));
        Assert.Equal(("3", false), await proxy.ReadAsync(client, "STRLEN", "a"));
    }

    [Fact]
    public async Task Only_named_keys_that_are_read_often_are_kept_and_only_if_they_are_short_enough()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis, Patient with { Keys = ["yes:*"], MaxValueBytes = 100 }, hotReads: 20);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "yes:long", new string('x', 101));
        for (int i = 0; i < 1_000; i++)
        {
            await client.CommandAsync("GET", "no:1");
            await client.CommandAsync("GET", "yes:long");
        }

        Assert.Equal(0, proxy.Cache().Hits);
        await client.CommandAsync("GET", "yes:cold");
        await client.CommandAsync("GET", "yes:cold");
        Assert.Equal(0, proxy.Cache().Hits);
        // Once it was read to be kept; since then it takes the ordinary way.
        Assert.Equal(1, proxy.Cache().Misses);
        await proxy.CachedAsync(client, "GET", "yes:1");
    }

    [Fact]
    public async Task What_is_kept_is_bounded_and_the_oldest_makes_room()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis, Patient with { MaxBytes = 64 * 1024 });
        await using RespClient client = await proxy.ConnectAsync();
        string value = new('x', 10_000);
        foreach (string key in (string[])["a", "b", "c", "d", "e", "f"])
        {
            await client.CommandAsync("SET", key, value);
            await proxy.CachedAsync(client, "GET", key);
            Assert.InRange(proxy.Cache().Bytes, 10_000, 64 * 1024);
        }

        Assert.Equal((value, true), await proxy.ReadAsync(client, "GET", "f"));
        Assert.Equal((value, false), await proxy.ReadAsync(client, "GET", "a"));
    }

    [Fact]
    public async Task Databases_and_tenants_do_not_meet_in_the_cache()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient stranger = await proxy.ConnectAsync("app2");
        await client.CommandAsync("SET", "k", "mine");
        await proxy.CachedAsync(client, "GET", "k");

        Assert.Equal("", (await stranger.CommandAsync("GET", "k")).Text);
        await client.CommandAsync("SELECT", "1");
        Assert.Equal(("", false), await proxy.ReadAsync(client, "GET", "k"));
        await client.CommandAsync("SET", "k", "other");
        await client.CommandAsync("SELECT", "0");
        Assert.Equal("mine", (await client.CommandAsync("GET", "k")).Text);
    }

    [Theory]
    [InlineData("MULTI", "GET k", "EXEC")]
    [InlineData("WATCH k", "GET k", "UNWATCH")]
    [InlineData("CLIENT REPLY SKIP", "GET k", "PING")]
    public async Task Clients_in_a_state_of_their_own_are_not_served_from_the_cache(params string[] requests)
    {
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient other = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v");
        await proxy.CachedAsync(client, "GET", "k");
        long hits = proxy.Cache().Hits;
        foreach (string request in requests)
        {
            await other.SendAsync(Scene.Requests(request));
            // SKIP is not answered, nor is what follows it.
            if (!requests[0].StartsWith("CLIENT", StringComparison.Ordinal) || request == "PING") await other.ReadReplyAsync();
        }

        Assert.Equal(hits, proxy.Cache().Hits);
    }

    [Fact]
    public async Task A_client_that_tracks_and_one_that_runs_scripts_are_not_served_from_the_cache()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v");
        await proxy.CachedAsync(client, "GET", "k");
        await using TrackingClient tracking = await TrackingClient.TrackingAsync(proxy.ConnectAsync());
        await using RespClient script = await proxy.ConnectAsync();
        Assert.Equal("1", (await script.CommandAsync("EVAL", "return '1'", "0")).Text);
        long hits = proxy.Cache().Hits;

        Assert.Equal("v", (await tracking.RunAsync("GET k")).Text);
        Assert.Equal("v", (await script.CommandAsync("GET", "k")).Text);
        Assert.Equal(hits, proxy.Cache().Hits);
        await client.CommandAsync("SET", "k", "w");
        Assert.Equal(TrackingClient.Invalidation("k"), await tracking.TakePushAsync());
    }

    [Fact]
    public async Task Limits_and_denials_hold_for_what_is_kept_and_the_slow_log_has_the_reads_that_fill()
    {
        var denial = new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["STRLEN"] } };
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(_redis.Host, _redis.Port)], configuration => configuration with
        {
            SlowLog = new SlowLogSnapshot { Threshold = TimeSpan.Zero },
            HotKeys = new HotKeysSnapshot { HotReads = 1 },
            Tenants = [configuration.Tenants[0] with
            {
                NearCache = Patient,
                Denials = [denial],
                Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Name = "all", Rate = 1, Burst = 2_000 }] },
            }],
            Listeners = [configuration.Listeners[0]],
        });
        await using RespClient client = await proxy.ConnectAsync();
        await proxy.CachedAsync(client, "GET", "k");
        Assert.Contains("GET", (await client.CommandAsync("SLOWLOG", "GET")).Items[0].Items[3].Items[0].Text, StringComparison.Ordinal);
        Assert.StartsWith("NOPERM", (await client.CommandAsync("STRLEN", "k")).Text, StringComparison.Ordinal);

        string last = "";
        for (int i = 0; i < 2_000 && !last.StartsWith("ERR", StringComparison.Ordinal); i++) last = (await client.CommandAsync("GET", "k")).Text;
        Assert.StartsWith("ERR LIMIT all rate exceeded", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_are_passed_on_and_not_kept()
    {
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("RPUSH", "k", "v");
        for (int i = 0; i < 300; i++) Assert.StartsWith("WRONGTYPE", (await client.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        Assert.Equal(0, proxy.Cache().Fills);
    }

    [Fact]
    public async Task A_node_that_does_not_let_the_proxy_track_has_nothing_kept_and_the_log_says_so()
    {
        await _redis.CommandAsync("ACL", "SETUSER", "default", "-client|tracking");
        await using RunningProxy proxy = await ProxyAsync(_redis);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v");
        for (int i = 0; i < 300; i++) Assert.Equal("v", (await client.CommandAsync("GET", "k")).Text);
        Assert.Equal(0, proxy.Cache().Fills);
        Assert.Contains(proxy.Log, line => line.Contains("does not track", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_expired_key_is_served_until_the_greatest_age_and_no_longer()
    {
        // The server expires nothing by itself: only a read tells it.
        await _redis.CommandAsync("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        await using RunningProxy proxy = await ProxyAsync(_redis, Patient with { MaxAge = TimeSpan.FromMilliseconds(300) });
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("SET", "k", "v", "PX", "150");
        await proxy.CachedAsync(client, "GET", "k");
        await Eventually.HoldsAsync("the key has gone", async () => (await client.CommandAsync("GET", "k")).Text.Length == 0, TimeSpan.FromSeconds(2));
    }
}
