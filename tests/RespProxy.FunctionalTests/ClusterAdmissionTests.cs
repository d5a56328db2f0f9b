using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Limits of app1 before a cluster of three primaries and three replicas: what goes to several nodes is asked for, and paid for, once. The clock stands.</summary>
public sealed class ClusterAdmissionTests : IAsyncLifetime
{
    /// <summary>Over all three nodes.</summary>
    private static readonly string[] Keys = [.. Scene.KeysIn(0, 5_460).Take(4), .. Scene.KeysIn(5_461, 10_922).Take(3), .. Scene.KeysIn(10_923, 16_383).Take(3)];

    private LocalRedisCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions());

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData(RateUnit.Commands, 3)]
    [InlineData(RateUnit.Keys, 30)]
    public async Task A_command_that_is_split_over_the_nodes_pays_once_for_itself_and_once_for_each_key(RateUnit unit, long burst)
    {
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Name = "all", Unit = unit, Rate = burst, Burst = burst });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal("OK", (await client.CommandAsync(["MSET", .. Keys.SelectMany(key => (string[])[key, "v"])])).Text);
        Assert.Equal(10, (await client.CommandAsync(["MGET", .. Keys])).Items.Count(item => item.Text == "v"));
        Assert.Equal("10", (await client.CommandAsync(["DEL", .. Keys])).Text);
        Assert.StartsWith("ERR LIMIT all rate exceeded", (await client.CommandAsync("GET", Keys[0])).Text, StringComparison.Ordinal);
        Assert.Equal(3, proxy.Server.ReadUsage("app1").Total.Allowed);
    }

    [Fact]
    public async Task A_command_that_cannot_pay_for_all_its_keys_reaches_no_node()
    {
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Unit = RateUnit.Keys, Rate = 15, Burst = 15 });
        await using RespClient client = await proxy.ConnectAsync();
        string[] write = ["MSET", .. Keys.SelectMany(key => (string[])[key, "v"])];
        Assert.Equal("OK", (await client.CommandAsync(write)).Text);
        Assert.StartsWith("ERR LIMIT keys rate exceeded", (await client.CommandAsync(["DEL", .. Keys])).Text, StringComparison.Ordinal);
        Assert.Equal(5, (await client.CommandAsync(["MGET", .. Keys[..5]])).Items.Count(item => item.Text == "v"));
        Assert.Equal(10, await CountAsync(Keys));
    }

    [Fact]
    public async Task One_denied_key_among_those_of_a_split_command_denies_all_of_it()
    {
        await using RunningProxy proxy = await RunningAsync(tenant => tenant with
        {
            Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["@write"], Keys = [Keys[^1]] } }],
        });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal("NOPERM tenant 'app1' may not run 'mset'", (await client.CommandAsync(["MSET", .. Keys.SelectMany(key => (string[])[key, "v"])])).Text);
        Assert.Equal(0, await CountAsync(Keys));
    }

    [Fact]
    public async Task A_transaction_pays_as_it_is_queued_and_one_that_cannot_reaches_no_node()
    {
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Unit = RateUnit.Keys, Rate = 5, Burst = 5 });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(
            ["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n+OK\r\n:2\r\n"],
            await client.PipelineAsync("MULTI", "MSET {t}a 1 {t}b 1", "DEL {t}a {t}b", "EXEC"));
        string[] replies = await client.PipelineAsync("MULTI", "SET {t}a 1", "SET {t}b 1", "EXEC");
        Assert.Equal(["+OK\r\n", "+QUEUED\r\n"], replies[..2]);
        Assert.StartsWith("-ERR LIMIT keys rate exceeded", replies[2], StringComparison.Ordinal);
        Assert.StartsWith("-EXECABORT", replies[3], StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync("{t}a", "{t}b"));
    }

    [Fact]
    public async Task Scripts_pay_for_their_keys_by_source_by_digest_and_in_transactions()
    {
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Unit = RateUnit.Keys, Rate = 8, Burst = 8 });
        await using RespClient client = await proxy.ConnectAsync();
        const string Script = "return #KEYS";
        string digest = (await client.CommandAsync("SCRIPT", "LOAD", Script)).Text;
        Assert.Equal("3", (await client.CommandAsync("EVAL", Script, "3", "{t}a", "{t}b", "{t}c")).Text);
        Assert.Equal("3", (await client.CommandAsync("EVALSHA", digest, "3", "{t}a", "{t}b", "{t}c")).Text);
        await client.CommandAsync("MULTI");
        Assert.Equal("QUEUED", (await client.CommandAsync("EVALSHA", digest, "2", "{t}a", "{t}b")).Text);
        Assert.Equal("2", Assert.Single((await client.CommandAsync("EXEC")).Items).Text);
        Assert.StartsWith("ERR LIMIT keys rate exceeded", (await client.CommandAsync("EVALSHA", digest, "1", "{t}a")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Pipelines_of_many_clients_to_all_nodes_get_what_is_there_and_not_one_more(int loops)
    {
        const int Burst = 50;
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Rate = 1, Burst = Burst }, loops);
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => proxy.ConnectAsync()));
        string[][] replies = await Task.WhenAll(clients.Select((client, i) => client.PipelineAsync(
            [.. Enumerable.Range(0, 200).Select(n => string.Create(CultureInfo.InvariantCulture, $"INCR {Keys[n % Keys.Length]}"))])));
        Assert.Equal(Burst, replies.Sum(each => each.Count(reply => reply[0] == ':')));
        Assert.Equal((4 * 200) - Burst, replies.Sum(each => each.Count(reply => reply.StartsWith("-ERR LIMIT commands", StringComparison.Ordinal))));
        long executed = 0;
        foreach (string key in Keys)
            executed += (await CommandAsync("GET", key)).Text is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
        Assert.Equal(Burst, executed);
        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task A_command_that_is_redirected_pays_once()
    {
        await using RunningProxy proxy = await StartAsync(new RateSnapshot { Rate = 1, Burst = 10 });
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal("OK", (await client.CommandAsync("SET", Keys[0], "v")).Text);
        int slot = await _cluster.SlotOfAsync(Scene.Prefix + Keys[0]);
        LocalNode owner = await _cluster.OwnerAsync(slot);
        await _cluster.MoveSlotsAsync([slot], owner, _cluster.Primaries.First(node => node != owner));

        Assert.Equal("v", (await client.CommandAsync("GET", Keys[0])).Text);
        Assert.Equal(1, proxy.Server.ReadCounters().Upstreams[0].Moved);
        string[] replies = await client.PipelineAsync([.. Enumerable.Repeat($"GET {Keys[0]}", 10)]);
        Assert.Equal(8, replies.Count(reply => reply == "$1\r\nv\r\n"));
    }

    [Fact]
    public async Task Delayed_commands_keep_their_order_over_the_nodes()
    {
        await using RunningProxy proxy = await StartAsync(
            new RateSnapshot { Rate = 2_000, Burst = 2, Action = RateAction.Delay, MaxDelay = TimeSpan.FromSeconds(10) });
        await using RespClient client = await proxy.ConnectAsync();
        string[] replies = await client.PipelineAsync([.. Enumerable.Range(0, 30).Select(n => n % 3 == 0 ? "INCR n" : $"SET {Keys[n % Keys.Length]} {n}")]);
        Assert.Equal(Enumerable.Range(0, 30).Select(n => n % 3 == 0 ? $":{(n / 3) + 1}\r\n" : "+OK\r\n"), replies);
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal((28, 30, 0), (reading.Delayed, reading.Allowed, reading.Throttled));
    }

    private async Task<int> CountAsync(params string[] keys)
    {
        int count = 0;
        foreach (string key in keys) count += (await CommandAsync("EXISTS", key)).Text == "1" ? 1 : 0;
        return count;
    }

    /// <summary>At the node that owns the key of the tenant.</summary>
    private async Task<RedisReply> CommandAsync(string command, string key)
    {
        foreach (LocalNode node in _cluster.Primaries)
        {
            RedisReply reply = await node.Server.CommandAsync(command, Scene.Prefix + key);
            if (!reply.Text.StartsWith("MOVED", StringComparison.Ordinal)) return reply;
        }

        throw new InvalidOperationException($"no node has the slot of {key}");
    }

    private Task<RunningProxy> StartAsync(RateSnapshot rate, int loops = 1) =>
        RunningAsync(tenant => tenant with { Limits = new TenantLimitsSnapshot { Rates = [rate] } }, loops);

    private Task<RunningProxy> RunningAsync(Func<TenantSnapshot, TenantSnapshot> limit, int loops = 1) => RunningProxy.StartAsync(
        UpstreamMode.Cluster,
        [.. _cluster.Nodes.Select(node => (node.Server.Host, node.Server.Port))],
        configuration => configuration with { Loops = loops, Tenants = [limit(configuration.Tenants[0]), configuration.Tenants[1]] },
        time: new StandingTime());
}
