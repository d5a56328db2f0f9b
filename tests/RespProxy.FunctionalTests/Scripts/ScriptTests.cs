using System.Text;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Scripts;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Scripts;

/// <summary>EVAL and SCRIPT answer as Redis does, in order, on whichever connection the session goes.</summary>
public sealed class ScriptTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    private const string Increment = "return redis.call('incrby', KEYS[1], ARGV[1])";

    [Theory]
    [InlineData(UpstreamMode.Standalone, 2)]
    [InlineData(UpstreamMode.Standalone, 3)]
    [InlineData(UpstreamMode.Cluster, 2)]
    [InlineData(UpstreamMode.Cluster, 3)]
    public async Task Scripts_answer_as_redis_does(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient direct = await RespClient.ConnectAsync(scene.Oracle.Host, scene.Oracle.Port);
        await direct.CommandAsync("HELLO", protocol.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await direct.CommandAsync("SCRIPT", "FLUSH")).OrThrow();
        const string Loaded = "return {KEYS[1], 'loaded'}";
        string[][] commands =
        [
            ["EVAL", "return 1", "0"], ["EVAL", "return {1,2,{3,'four',false}}", "0"], ["EVAL", "return redis.status_reply('FINE')", "0"],
            ["EVAL", "return redis.error_reply('MY own')", "0"], ["EVAL", "return KEYS", "2", "{k}1", "{k}2", "arg"], ["EVAL", "return ARGV", "0", "a", "b"],
            ["SET", "{k}1", "5"], ["EVAL", Increment, "1", "{k}1", "3"], ["GET", "{k}1"],
            ["EVAL", "return #KEYS", "0"], ["EVAL", "redis.setresp(3) return redis.call('hgetall', KEYS[1])", "1", "{k}h"],
            ["HSET", "{k}h", "f", "v"], ["EVAL", "redis.setresp(3) return redis.call('hgetall', KEYS[1])", "1", "{k}h"],
            ["EVAL_RO", "return redis.call('get', KEYS[1])", "1", "{k}1"], ["EVAL_RO", "return redis.call('set', KEYS[1], 1)", "1", "{k}1"],
            ["EVAL", "return", "-1"], ["EVAL", "return", "x"], ["EVAL", "return", "2", "a"], ["EVAL", "return"], ["EVALSHA", "nonsense", "0"],
            ["EVAL", "this is no lua", "0"], ["EVALSHA", Sha("this is no lua"), "0"], ["EVAL", "return nosuch", "0"], ["EVAL", "error('boom')", "0"],
            ["EVAL", "return redis.call('incr', KEYS[1])", "1", "{k}h"], ["EVAL", "return redis.call('nosuch')", "0"], ["EVAL", "return redis.pcall('get')", "0"],
            ["EVALSHA", Sha(Loaded), "1", "{k}1"], ["SCRIPT", "EXISTS", Sha(Loaded), Sha(Increment)], ["SCRIPT", "LOAD", Loaded],
            ["EVALSHA", Sha(Loaded), "1", "{k}1"], ["EVALSHA", Sha(Loaded).ToUpperInvariant(), "1", "{k}1"], ["EVALSHA_RO", Sha(Loaded), "1", "{k}1"],
            ["SCRIPT", "EXISTS", Sha(Loaded), "nonsense", Sha("other")], ["SCRIPT", "LOAD", "this is no lua"], ["SCRIPT", "FLUSH", "NOW"],
            ["SCRIPT", "FLUSH", "SYNC"], ["SCRIPT", "EXISTS", Sha(Loaded)], ["EVALSHA", Sha(Loaded), "1", "{k}1"], ["SCRIPT", "FLUSH", "ASYNC"], ["SCRIPT", "NOSUCH"],
            ["EVAL", "return redis.sha1hex('x')", "0"], ["EVAL", "return cjson.encode({1,2})", "0"], ["EVAL", "return redis.call('time')[3]", "0"],
            ["EVAL", "return redis.call('lmpop', 1, KEYS[1], 'left')", "1", "{k}list"], ["RPUSH", "{k}list", "x"], ["EVAL", "return redis.call('lmpop', 1, KEYS[1], 'left')", "1", "{k}list"],
            ["MULTI"], ["EVAL", Increment, "1", "{k}1", "1"], ["EVALSHA", Sha(Increment), "1", "{k}1", "1"], ["EVALSHA", Sha("never seen"), "0"], ["EVAL", "return 'no key'", "0"],
            ["SCRIPT", "EXISTS", Sha(Increment)], ["GET", "{k}1"], ["EXEC"],
            ["MULTI"], ["SCRIPT", "LOAD", Loaded], ["EVALSHA", Sha(Loaded), "1", "{k}1"], ["EVAL", "return redis.call('incr', KEYS[1])", "1", "{k}h"], ["EXEC"],
            ["MULTI"], ["EVAL", "return 1"], ["EXEC"],
            ["WATCH", "{k}1"], ["MULTI"], ["EVAL", Increment, "1", "{k}1", "1"], ["EXEC"],
            ["WATCH", "{k}1"], ["INCR", "{k}1"], ["MULTI"], ["EVAL", Increment, "1", "{k}1", "1"], ["EXEC"],
            ["SORT", "{k}list"], ["RPUSH", "{k}list", "2", "1"], ["SORT", "{k}list"], ["BLPOP", "{k}list", "1"], ["PUBLISH", "c", "x"], ["DBSIZE"], ["GET", "{k}1"],
        ];

        byte[] all = [.. commands.SelectMany(command => Wire.Request(command))];
        await client.SendAsync(all);
        await direct.SendAsync(all);
        IReadOnlyList<RawReply> expected = await direct.ReadRepliesAsync(commands.Length);
        IReadOnlyList<RawReply> actual = await client.ReadRepliesAsync(commands.Length);

        for (int i = 0; i < commands.Length; i++) Assert.Equal($"{i} {string.Join(' ', commands[i])}: {expected[i].Wire}", $"{i} {string.Join(' ', commands[i])}: {actual[i].Wire}");
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone)]
    [InlineData(UpstreamMode.Cluster)]
    public async Task A_pipeline_of_scripts_and_plain_commands_runs_in_its_order(UpstreamMode mode)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await proxy.ConnectAsync();
        const int Rounds = 300;
        var requests = new List<byte>();
        for (int i = 0; i < Rounds; i++)
        {
            requests.AddRange(Wire.Request("SET", "n", $"{i}"));
            requests.AddRange(i % 2 == 0 ? Wire.Request("EVAL", Increment, "1", "n", "1000") : Wire.Request("EVALSHA", Sha(Increment), "1", "n", "1000"));
            requests.AddRange(Wire.Request("GET", "n"));
        }

        await client.SendAsync(requests.ToArray());
        IReadOnlyList<RawReply> replies = await client.ReadRepliesAsync(Rounds * 3);

        for (int i = 0; i < Rounds; i++) Assert.Equal(["OK", $"{i + 1000}", $"{i + 1000}"], replies.Skip(i * 3).Take(3).Select(TextOf));
    }

    [Fact]
    public async Task A_script_is_known_to_all_clients_of_its_tenant_and_to_no_other()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient one = await proxy.ConnectAsync("app1");
        await using RespClient two = await proxy.ConnectAsync("app1");
        await using RespClient stranger = await proxy.ConnectAsync("app10");
        const string Script = "return 'of app1'";
        (await one.CommandAsync("EVAL", Script, "0")).OrThrow();

        Assert.Equal("of app1", (await two.CommandAsync("EVALSHA", Sha(Script), "0")).Text);
        Assert.StartsWith("NOSCRIPT", (await stranger.CommandAsync("EVALSHA", Sha(Script), "0")).Text, StringComparison.Ordinal);
        Assert.Equal(0, (await stranger.CommandAsync("SCRIPT", "EXISTS", Sha(Script))).Items[0].Integer);
        Assert.StartsWith("NOSCRIPT", (await stranger.CommandAsync("SCRIPT", "SHOW", Sha(Script))).Text, StringComparison.Ordinal);
        Assert.Equal(Script, (await two.CommandAsync("SCRIPT", "SHOW", Sha(Script))).Text);

        Assert.Equal("OK", (await stranger.CommandAsync("SCRIPT", "FLUSH")).Text);
        Assert.Equal("of app1", (await two.CommandAsync("EVALSHA", Sha(Script), "0")).Text);
        Assert.Equal("OK", (await two.CommandAsync("SCRIPT", "FLUSH")).Text);
        Assert.StartsWith("NOSCRIPT", (await one.CommandAsync("EVALSHA", Sha(Script), "0")).Text, StringComparison.Ordinal);
        Assert.Equal(1, (await scene.ServersOf(UpstreamMode.Standalone)[0].CommandAsync("SCRIPT", "EXISTS", Sha(Script))).Items[0].Integer);
    }

    [Fact]
    public async Task A_script_that_the_node_has_lost_is_run_from_its_source()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync();
        string sha = (await client.CommandAsync("SCRIPT", "LOAD", Increment)).Text;
        Assert.Equal(1, (await client.CommandAsync("EVALSHA", sha, "1", "n", "1")).Integer);
        Assert.Equal(2, (await client.CommandAsync("EVALSHA", sha, "1", "n", "1")).Integer);

        (await scene.ServersOf(UpstreamMode.Standalone)[0].CommandAsync("SCRIPT", "FLUSH")).OrThrow();

        Assert.Equal(3, (await client.CommandAsync("EVALSHA", sha, "1", "n", "1")).Integer);
        Assert.Equal(4, (await client.CommandAsync("EVALSHA", sha, "1", "n", "1")).Integer);
    }

    [Fact]
    public async Task A_call_by_digest_sends_the_source_once_and_the_digest_after_that()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync();
        LocalRedis redis = scene.ServersOf(UpstreamMode.Standalone)[0];
        (await redis.CommandAsync("CONFIG", "RESETSTAT")).OrThrow();
        string sha = (await client.CommandAsync("SCRIPT", "LOAD", Increment)).Text;
        for (int i = 1; i <= 5; i++) Assert.Equal(i, (await client.CommandAsync("EVALSHA", sha, "1", "n", "1")).Integer);

        string stats = (await redis.CommandAsync("INFO", "commandstats")).Text;
        Assert.Contains("cmdstat_evalsha:calls=5", stats, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_begun_before_the_first_script_guards_the_script_which_is_confined_all_the_same()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        foreach (bool touched in new[] { false, true })
        {
            await using RespClient client = await proxy.ConnectAsync();
            await using RespClient other = await proxy.ConnectAsync();
            await client.CommandAsync("DEL", "n");
            await client.CommandAsync("WATCH", "n");
            await client.CommandAsync("MULTI");
            Assert.Equal("QUEUED", (await client.CommandAsync("EVAL", Increment, "1", "n", "7")).Text);
            Assert.Equal("QUEUED", (await client.CommandAsync("EVAL", "return redis.call('randomkey')", "0")).Text);
            if (touched) await other.CommandAsync("SET", "n", "1");
            RedisReply exec = (await client.CommandAsync("EXEC")).OrThrow();

            if (touched) Assert.True(exec.IsNull);
            else Assert.Equal(7, exec.Items[0].Integer);
            if (!touched) Assert.Contains("can't run this command", exec.Items[1].Text, StringComparison.Ordinal);
            Assert.Equal(touched ? "1" : "7", (await client.CommandAsync("GET", "n")).Text);
        }
    }

    [Fact]
    public async Task Scripts_without_keys_of_any_number_of_clients_run_in_a_cluster()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            await using RespClient client = await proxy.ConnectAsync(i % 2 == 0 ? "app1" : "app10");
            Assert.Equal(i, (await client.CommandAsync("EVAL", "return tonumber(ARGV[1])", "0", $"{i}")).Integer);
        }));
        await using RespClient last = await proxy.ConnectAsync();
        Assert.Equal("CROSSSLOT Keys in request don't hash to the same slot", (await last.CommandAsync("EVAL", "return 1", "2", "a", "b")).Text);
    }

    private static string TextOf(RawReply reply) => reply.Tree.Text is { Length: > 0 } text ? text : reply.Tree.Integer.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Sha(string script) => ScriptDigest.Of(Encoding.UTF8.GetBytes(script)).ToString();
}
