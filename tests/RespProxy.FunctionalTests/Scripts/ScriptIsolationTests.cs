using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Scripts;

/// <summary>What a script cannot reach, whatever it builds: Redis itself refuses it.</summary>
public sealed class ScriptIsolationTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    private const string Secret = "the secret of another";

    /// <summary>What Redis 7.0 says within a script for want of a permission; later versions say NOPERM or ACL failure.</summary>
    private const string Refused = "The user executing the script can't|NOPERM|ACL failure|not allowed from script|insufficient ACL permissions";

    [Theory]
    [InlineData("return redis.call('get', 'cluster1@app10:secret')")]
    [InlineData("return redis.call('get', 'cluster1@app:secret')")]
    [InlineData("return redis.call('get', 'cluster1@app' .. '10:' .. 'secret')")]
    [InlineData("return redis.call('get', 'cluster1@app1')")]
    [InlineData("return redis.call('get', 'secret')")]
    [InlineData("return redis.call('set', 'cluster1@app10:secret', 'x')")]
    [InlineData("return redis.call('del', 'cluster1@app10:secret')")]
    [InlineData("return redis.call('mget', KEYS[1], 'cluster1@app10:secret')")]
    [InlineData("return redis.call('rename', KEYS[1], 'cluster1@app10:secret')")]
    [InlineData("return redis.call('copy', 'cluster1@app10:secret', KEYS[1])")]
    [InlineData("return redis.call('sort', KEYS[1], 'by', 'nosort', 'get', 'cluster1@app10:*')")]
    [InlineData("return redis.call('sort', KEYS[1], 'by', 'cluster1@app10:*')")]
    [InlineData("return redis.call('keys', '*')")]
    [InlineData("return redis.call('scan', '0')")]
    [InlineData("return redis.call('randomkey')")]
    [InlineData("return redis.call('dbsize')")]
    [InlineData("return redis.call('flushall')")]
    [InlineData("return redis.call('flushdb')")]
    [InlineData("return redis.call('swapdb', '0', '1')")]
    [InlineData("return redis.call('select', '1')")]
    [InlineData("return redis.call('config', 'get', '*')")]
    [InlineData("return redis.call('client', 'list')")]
    [InlineData("return redis.call('client', 'kill', 'type', 'normal')")]
    [InlineData("return redis.call('client', 'tracking', 'on', 'bcast')")]
    [InlineData("return redis.call('acl', 'list')")]
    [InlineData("return redis.call('info')")]
    [InlineData("return redis.call('debug', 'jmap')")]
    [InlineData("return redis.call('slowlog', 'get')")]
    [InlineData("return redis.call('memory', 'stats')")]
    [InlineData("return redis.call('pubsub', 'channels')")]
    [InlineData("return redis.call('script', 'flush')")]
    [InlineData("return redis.call('function', 'list')")]
    [InlineData("return redis.call('publish', 'cluster1@app10:news', 'x')")]
    [InlineData("return redis.call('publish', 'news', 'x')")]
    [InlineData("return redis.call('spublish', 'cluster1@app10:news', 'x')")]
    [InlineData("return redis.call('migrate', '127.0.0.1', '1', 'cluster1@app10:secret', '0', '1')")]
    [InlineData("return redis.call('cluster', 'slots')")]
    [InlineData("return redis.call('module', 'list')")]
    [InlineData("return redis.call('replicaof', 'no', 'one')")]
    [InlineData("return redis.call('wait', '0', '0')")]
    public async Task A_script_that_reaches_beyond_its_tenant_is_refused_and_changes_nothing(string script)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        LocalRedis redis = scene.ServersOf(UpstreamMode.Standalone)[0];
        await PlantAsync(proxy);
        await using RespClient attacker = await proxy.ConnectAsync("app1");
        (await attacker.CommandAsync("RPUSH", "own", "1")).OrThrow();
        string[] before = await scene.RawKeysAsync(UpstreamMode.Standalone);

        RedisReply direct = await attacker.CommandAsync("EVAL", script, "1", "own");
        RedisReply caught = await attacker.CommandAsync("EVAL", script.Replace("redis.call", "redis.pcall", StringComparison.Ordinal), "1", "own");
        await attacker.CommandAsync("MULTI");
        await attacker.CommandAsync("EVAL", script, "1", "own");
        RedisReply queued = (await attacker.CommandAsync("EXEC")).Items[0];

        foreach (RedisReply reply in new[] { direct, caught, queued })
        {
            Assert.True(reply.IsError, reply.ToString());
            Assert.Matches(Refused, reply.Text);
            Assert.DoesNotContain("respproxy:cluster1", reply.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, reply.Text, StringComparison.Ordinal);
        }

        Assert.Equal(before, await scene.RawKeysAsync(UpstreamMode.Standalone));
        Assert.Equal(Secret, (await redis.CommandAsync("GET", "cluster1@app10:secret")).Text);
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone)]
    [InlineData(UpstreamMode.Cluster)]
    public async Task A_script_has_its_own_keys_and_channels(UpstreamMode mode)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await proxy.ConnectAsync("app1");
        await using RespClient subscriber = await proxy.ConnectAsync("app1");
        await subscriber.CommandAsync("SUBSCRIBE", "news");

        Assert.Equal("OK", (await client.CommandAsync("EVAL", "return redis.call('set', KEYS[1], ARGV[1])", "1", "k", "v")).Text);
        Assert.Equal("v", (await client.CommandAsync("GET", "k")).Text);
        // A key built from one that was given is in the namespace, and in its slot.
        Assert.Equal("OK", (await client.CommandAsync("EVAL", "return redis.call('set', KEYS[1] .. ':more', 'w')", "1", "{k}")).Text);
        Assert.Equal("w", (await client.CommandAsync("GET", "{k}:more")).Text);
        (await client.CommandAsync("EVAL", "return redis.call('publish', KEYS[1], 'hello')", "1", "news")).OrThrow();
        Assert.Equal(["message", "news", "hello"], (await subscriber.ReadReplyAsync()).Tree.Items.Select(item => item.Text));
    }

    [Theory]
    [InlineData("return KEYS[1]")]
    [InlineData("return {KEYS[1], {KEYS[1]}}")]
    [InlineData("return redis.status_reply(KEYS[1])")]
    [InlineData("return redis.error_reply('ERR no such key: ' .. KEYS[1])")]
    [InlineData("return {redis.error_reply('ERR no such key: ' .. KEYS[1])}")]
    [InlineData("error('bad ' .. KEYS[1])")]
    [InlineData("redis.setresp(3) return {map={[KEYS[1]]=KEYS[1]}}")]
    public async Task What_a_script_returns_does_not_name_the_namespace(string script)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        foreach (int protocol in new[] { 2, 3 })
        {
            await using RespClient client = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
            await client.SendAsync(Wire.Request("EVAL", script, "1", "my:key"));
            string reply = (await client.ReadReplyAsync()).Wire;
            Assert.Contains("my:key", reply, StringComparison.Ordinal);
            Assert.DoesNotContain("cluster1@app1", reply, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_script_cannot_send_the_proxy_to_another_server()
    {
        await using FakeNode stranger = FakeNode.Start(_ => FakeAnswer.Send("+OK\r\n"u8.ToArray()));
        foreach (UpstreamMode mode in new[] { UpstreamMode.Standalone, UpstreamMode.Cluster })
        {
            await using RunningProxy proxy = await scene.StartAsync(mode);
            await using RespClient client = await proxy.ConnectAsync();
            foreach (string redirect in new[] { "MOVED", "ASK" })
            {
                RedisReply reply = await client.CommandAsync("EVAL", $"return redis.error_reply('{redirect} 1 127.0.0.1:{stranger.Port}')", "0");
                Assert.StartsWith("ERR", reply.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("127.0.0.1", reply.Text, StringComparison.Ordinal);
            }

            Assert.Equal("OK", (await client.CommandAsync("SET", "k", "v")).Text);
        }

        Assert.Empty(stranger.Requests);
    }

    [Fact]
    public async Task A_client_that_has_run_a_script_still_has_every_other_command()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await using RespClient client = await proxy.ConnectAsync("app10");
        await using RespClient other = await proxy.ConnectAsync("app10");
        (await client.CommandAsync("EVAL", "return 1", "0")).OrThrow();

        foreach (string[] command in new string[][]
        {
            ["SET", "{a}1", "v"], ["MGET", "{a}1", "b", "c"], ["DBSIZE"], ["KEYS", "*"], ["SCAN", "0"], ["RANDOMKEY"], ["SORT", "list"], ["WATCH", "{a}1"],
            ["MULTI"], ["GET", "{a}1"], ["EXEC"], ["SUBSCRIBE", "news"], ["UNSUBSCRIBE", "news"], ["PUBLISH", "news", "x"], ["SPUBLISH", "news", "x"], ["XADD", "s", "*", "f", "v"],
            ["OBJECT", "ENCODING", "{a}1"], ["MEMORY", "USAGE", "{a}1"], ["INFO"], ["CLIENT", "LIST"], ["HELLO", "3"], ["GET", "{a}1"], ["FLUSHALL"],
        }) (await client.CommandAsync(command)).OrThrow();

        long id = (await client.CommandAsync("CLIENT", "ID")).Integer;
        await client.SendAsync(Wire.Request("BLPOP", "queue", "20"));
        await Eventually.HoldsAsync("BLPOP is unblocked", async () => (await other.CommandAsync("CLIENT", "UNBLOCK", $"{id}")).Integer == 1);
        Assert.True((await client.ReadReplyAsync()).Tree.IsNull);
        Assert.Equal("RESET", (await client.CommandAsync("RESET")).Text);
        Assert.True((await client.CommandAsync("GET", "{a}1")).IsNull);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_side_caching_goes_on_when_a_client_runs_scripts(bool scriptFirst)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await KeyspaceScene.ConnectAsync(proxy, "app1", 3);
        await using RespClient other = await proxy.ConnectAsync("app1");
        string[][] begin = [["EVAL", "return 1", "0"], ["CLIENT", "TRACKING", "ON"]];
        foreach (string[] command in scriptFirst ? begin : begin.Reverse()) (await client.CommandAsync(command)).OrThrow();
        // The first read of a connection has it tracked; one that was not is invalidated at once.
        await Eventually.HoldsAsync("a read is kept", async () =>
        {
            await client.SendAsync(Wire.Request("GET", "k").Concat(Wire.Request("ECHO", "end")).ToArray());
            await client.ReadReplyAsync();
            bool isKept = (await client.ReadReplyAsync()).Tree.Text == "end";
            if (!isKept) await client.ReadReplyAsync();
            return isKept;
        });

        (await other.CommandAsync("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "k")).OrThrow();

        RedisReply push = (await client.ReadReplyAsync()).Tree;
        Assert.Equal(RedisReplyKind.Push, push.Kind);
        Assert.Equal(["invalidate", "k"], [push.Items[0].Text, push.Items[1].Items[0].Text]);
    }

    [Theory]
    [InlineData(KeyPlacement.Spread)]
    [InlineData(KeyPlacement.Tagged)]
    [InlineData(KeyPlacement.Pinned)]
    public async Task In_every_placement_and_database_a_script_has_its_keys_and_nothing_else(KeyPlacement placement)
    {
        await (await scene.StartAsync(UpstreamMode.Cluster)).DisposeAsync(); // empties the servers
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Cluster, [.. scene.ServersOf(UpstreamMode.Cluster).Select(server => (server.Host, server.Port))],
            configuration => configuration with { Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Placement = placement })] });
        await using RespClient client = await proxy.ConnectAsync("app1");
        await using RespClient other = await proxy.ConnectAsync("app2");
        (await other.CommandAsync("SET", "k", "theirs")).OrThrow();
        foreach (string database in new[] { "0", "3" })
        {
            (await client.CommandAsync("SELECT", database)).OrThrow();
            Assert.Equal("OK", (await client.CommandAsync("EVAL", "return redis.call('set', KEYS[1], ARGV[1])", "1", "k", "of " + database)).Text);
            Assert.Equal("of " + database, (await client.CommandAsync("GET", "k")).Text);
            Assert.Equal("k", (await client.CommandAsync("EVAL", "return KEYS[1]", "1", "k")).Text);
            string[] theirs = ["cluster1@app2:k", "{cluster1@app2:k}", "{cluster1@app2}:k"];
            foreach (string key in theirs) Assert.True((await client.CommandAsync("EVAL", "return redis.call('get', ARGV[1])", "0", key)).IsError);
        }
    }

    private static async Task PlantAsync(RunningProxy proxy)
    {
        foreach (string tenant in new[] { "app10", "app" })
        {
            await using RespClient victim = await proxy.ConnectAsync(tenant);
            (await victim.CommandAsync("SET", "secret", Secret)).OrThrow();
        }
    }
}
