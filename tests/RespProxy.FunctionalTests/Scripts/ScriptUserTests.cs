using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Scripts;

/// <summary>The tenant's own user at the nodes: set up when needed, everywhere, again after every restart; or scripts are refused.</summary>
public sealed class ScriptUserTests
{
    private const string Increment = "return redis.call('incr', KEYS[1])";

    [Fact]
    public async Task A_restarted_node_has_the_user_again_before_the_next_script()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, (redis.Host, redis.Port));
        await using RespClient client = await proxy.ConnectAsync();
        string sha = (await client.CommandAsync("SCRIPT", "LOAD", Increment)).Text;
        Assert.Equal(1, (await client.CommandAsync("EVALSHA", sha, "1", "n")).Integer);

        await redis.KillAsync();
        await redis.RestartAsync();

        Assert.Single(UsersOf(await redis.CommandAsync("ACL", "USERS")));
        await Eventually.HoldsAsync("the script runs", async () => !(await client.CommandAsync("EVALSHA", sha, "1", "n")).IsError);
        Assert.True((await client.CommandAsync("EVAL", "return redis.call('keys', '*')", "0")).IsError);
        Assert.Equal(2, UsersOf(await redis.CommandAsync("ACL", "USERS")).Length);
    }

    [Fact]
    public async Task A_new_primary_has_the_user_before_the_next_script()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 3 });
        await using RunningProxy proxy = await StartAsync(cluster);
        await using RespClient client = await proxy.ConnectAsync();
        Assert.Equal(1, (await client.CommandAsync("EVAL", Increment, "1", "n")).Integer);
        LocalNode owner = await cluster.OwnerAsync(Scene.SlotOf("n"));
        LocalNode replica = (await Task.WhenAll(cluster.Replicas.Select(async node => (node, info: (await node.CommandAsync("INFO", "replication")).Text))))
            .First(pair => pair.info.Contains($"master_port:{owner.Port}", StringComparison.Ordinal)).node;

        await Eventually.HoldsAsync("the failover begins", async () => !(await replica.CommandAsync("CLUSTER", "FAILOVER")).IsError);
        await Eventually.HoldsAsync("the replica is the primary", async () => (await replica.CommandAsync("ROLE")).Items[0].Text == "master");

        await Eventually.HoldsAsync("the script runs there", async () => !(await client.CommandAsync("EVAL", Increment, "1", "n")).IsError);
        Assert.Contains(UsersOf(await replica.CommandAsync("ACL", "USERS")), user => user.StartsWith("respproxy:cluster1@app1:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Scripts_follow_their_slot_while_it_moves_and_after()
    {
        await using LocalRedisCluster cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 });
        await using RunningProxy proxy = await StartAsync(cluster);
        await using RespClient client = await proxy.ConnectAsync();
        string sha = (await client.CommandAsync("SCRIPT", "LOAD", Increment)).Text;
        int slot = Scene.SlotOf("n");
        LocalNode owner = await cluster.OwnerAsync(slot);
        LocalNode target = cluster.Primaries.First(node => node != owner);
        Assert.Equal(1, (await client.CommandAsync("EVALSHA", sha, "1", "n")).Integer);

        SlotMove move = cluster.BeginMove(slot, owner, target);
        await move.MarkAsync();
        Assert.Equal(2, (await client.CommandAsync("EVALSHA", sha, "1", "n")).Integer);
        await move.MigrateKeysAsync(100);
        Assert.Equal(3, (await client.CommandAsync("EVALSHA", sha, "1", "n")).Integer);
        Assert.Equal(4, (await client.CommandAsync("EVAL", Increment, "1", "n")).Integer);
        await move.FinishAsync();
        await client.SendAsync(Enumerable.Range(0, 3).SelectMany(_ => Wire.Request("EVALSHA", sha, "1", "n").Concat(Wire.Request("GET", "n"))).ToArray());
        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(6);

        Assert.Equal(["5", "5", "6", "6", "7", "7"], replies.Select(reply => reply.Tree.Text));
        Assert.True(proxy.Server.ReadCounters().Upstreams[0].Asked >= 2);
        Assert.True(proxy.Server.ReadCounters().Upstreams[0].Moved >= 1);
    }

    [Fact]
    public async Task Two_proxies_share_the_user_and_neither_ends_the_others_connections()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions { Password = "of the nodes" });
        await using RunningProxy one = await StartAsync(redis);
        await using RunningProxy two = await StartAsync(redis);
        await using RespClient first = await one.ConnectAsync();
        await using RespClient second = await two.ConnectAsync();
        Assert.Equal(1, (await first.CommandAsync("EVAL", Increment, "1", "n")).Integer);
        Assert.Equal(2, (await second.CommandAsync("EVAL", Increment, "1", "n")).Integer);
        Assert.Equal(3, (await first.CommandAsync("EVAL", Increment, "1", "n")).Integer);

        Assert.Equal(0, one.Server.ReadCounters().Upstreams[0].ConnectionsLost);
        string[] users = UsersOf(await redis.CommandAsync("ACL", "USERS"));
        Assert.Single(users, user => user.StartsWith("respproxy:", StringComparison.Ordinal));
        Assert.DoesNotContain(one.Log, line => line.Contains("of the nodes", StringComparison.Ordinal));
        Assert.Equal(1, one.Server.ReadCounters().ScriptUsersProvisioned);
    }

    [Fact]
    public async Task Another_password_of_the_upstream_makes_another_user()
    {
        string[] names = await Task.WhenAll(new[] { "a", "b" }.Select(async password =>
        {
            await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions { Password = password });
            await using RunningProxy proxy = await StartAsync(redis, password: password);
            await using RespClient client = await proxy.ConnectAsync();
            (await client.CommandAsync("EVAL", "return 1", "0")).OrThrow();
            return UsersOf(await redis.CommandAsync("ACL", "USERS")).Single(user => user.StartsWith("respproxy:", StringComparison.Ordinal));
        }));

        Assert.NotEqual(names[0], names[1]);
    }

    [Fact]
    public async Task Where_the_proxys_user_may_not_set_up_users_scripts_are_refused_and_all_else_goes_on()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        (await redis.CommandAsync("ACL", "SETUSER", "plain", "on", ">plain", "~*", "&*", "+@all", "-acl")).OrThrow();
        await using RunningProxy proxy = await StartAsync(redis, "plain", "plain");
        await using RespClient client = await proxy.ConnectAsync();
        (await client.CommandAsync("SET", "k", "v")).OrThrow();

        foreach (string[] command in new string[][] { ["EVAL", "return 1", "0"], ["SCRIPT", "LOAD", "return 1"], ["EVALSHA", new string('a', 40), "0"] })
        {
            RedisReply reply = await client.CommandAsync(command);
            Assert.StartsWith("NOPERM tenant 'app1' may not run '", reply.Text, StringComparison.Ordinal);
            Assert.Contains("ACL SETUSER", reply.Text, StringComparison.Ordinal);
        }

        await client.CommandAsync("MULTI");
        Assert.StartsWith("NOPERM", (await client.CommandAsync("EVAL", "return 1", "0")).Text, StringComparison.Ordinal);
        Assert.StartsWith("EXECABORT", (await client.CommandAsync("EXEC")).Text, StringComparison.Ordinal);
        Assert.Equal("v", (await client.CommandAsync("GET", "k")).Text);
        Assert.Contains(proxy.Log, line => line.Contains("ACL SETUSER was refused", StringComparison.Ordinal));
        Assert.True(proxy.Server.ReadCounters().ScriptUsersRefused > 0);

        (await redis.CommandAsync("ACL", "SETUSER", "plain", "+acl")).OrThrow();
        await Eventually.HoldsAsync("scripts run once the user may", async () => !(await client.CommandAsync("EVAL", "return 1", "0")).IsError);
    }

    [Fact]
    public async Task A_node_whose_Lua_does_not_keep_scripts_apart_runs_none()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(request.Command switch
        {
            "COMMAND" => Wire.Bytes("*" + (request.Arguments.Count - 2).ToString(CultureInfo.InvariantCulture) + "\r\n" + string.Concat(Enumerable.Repeat("*0\r\n", request.Arguments.Count - 2))),
            "EVAL" => ":1\r\n"u8.ToArray(),
            _ => "+OK\r\n"u8.ToArray(),
        }));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.StartsWith("NOPERM", (await client.CommandAsync("EVAL", "return 'of the tenant'", "0")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(node.Requests, request => request.Command == "EVAL" && request.Argument(1).Contains("of the tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_unavailable_and_not_waited_for_without_end()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "COMMAND" ? FakeAnswer.Silence : FakeAnswer.Send("+OK\r\n"u8.ToArray()));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, Scene.WithShortTimeout);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal("ERR upstream unavailable, the command was not executed, try again later", (await client.CommandAsync("EVAL", "return 1", "0")).Text);
        Assert.Equal("OK", (await client.CommandAsync("SET", "k", "v")).Text);
    }

    [Fact]
    public async Task A_tenant_whose_scripts_are_denied_has_none_and_makes_no_user()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await StartAsync(redis, access: ScriptAccess.Denied);
        await using RespClient client = await proxy.ConnectAsync();

        foreach (string[] command in new string[][] { ["EVAL", "return 1", "0"], ["SCRIPT", "LOAD", "return 1"], ["SCRIPT", "EXISTS", "a"], ["EVALSHA", "a", "0"] })
            Assert.StartsWith("NOPERM tenant 'app1' may not run", (await client.CommandAsync(command)).Text, StringComparison.Ordinal);
        Assert.Single(UsersOf(await redis.CommandAsync("ACL", "USERS")));
    }

    [Fact]
    public async Task A_trusted_tenants_scripts_run_as_the_upstreams_user()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await StartAsync(redis, access: ScriptAccess.Trusted);
        await using RespClient client = await proxy.ConnectAsync();
        (await client.CommandAsync("SET", "k", "v")).OrThrow();

        Assert.Equal(1, (await client.CommandAsync("EVAL", "return redis.call('dbsize')", "0")).Integer);
        string sha = (await client.CommandAsync("SCRIPT", "LOAD", Increment)).Text;
        Assert.Equal(1, (await client.CommandAsync("EVALSHA", sha, "1", "n")).Integer);
        Assert.Single(UsersOf(await redis.CommandAsync("ACL", "USERS")));
    }

    [Fact]
    public async Task A_client_that_runs_no_script_causes_no_user()
    {
        await using LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RunningProxy proxy = await StartAsync(redis);
        await using RespClient client = await proxy.ConnectAsync();
        foreach (string[] command in new string[][] { ["SET", "k", "v"], ["WATCH", "k"], ["MULTI"], ["GET", "k"], ["EXEC"], ["SCRIPT", "EXISTS", "a"] }) (await client.CommandAsync(command)).OrThrow();

        Assert.Single(UsersOf(await redis.CommandAsync("ACL", "USERS")));
    }

    private static string[] UsersOf(RedisReply users) => [.. users.OrThrow().Items.Select(item => item.Text)];

    private static Task<RunningProxy> StartAsync(LocalRedisCluster cluster) =>
        RunningProxy.StartAsync(UpstreamMode.Cluster, [.. cluster.Nodes.Select(node => (node.Host, node.Port))]);

    private static Task<RunningProxy> StartAsync(LocalRedis redis, string? username = null, string? password = "of the nodes", ScriptAccess access = ScriptAccess.Confined) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(redis.Host, redis.Port)], configuration => configuration with
        {
            Upstreams = [configuration.Upstreams[0] with { Username = username, Password = access == ScriptAccess.Confined ? password : null }],
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Scripts = access })],
        });
}
