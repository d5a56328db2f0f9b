using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Scripts;

/// <summary>Function libraries: each tenant has its own, under its own names, on every primary.</summary>
public sealed class FunctionTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    private const string Library = """
        #!lua name=mylib
        local calls = 0
        redis.register_function('put', function(keys, args) calls = calls + 1 return redis.call('set', keys[1], args[1]) end)
        redis.register_function{function_name='look', callback=function(keys, args)
          return redis.call('get', keys[1])
        end, flags={'no-writes'}, description='reads'}
        redis.register_function('fail', function(keys, args)
          return redis.call('nosuch')
        end)
        redis.register_function('shout', function(keys, args)
          error('loud ' .. keys[1])
        end)
        redis.register_function('reach', function(keys, args) return redis.call('get', args[1]) end)
        redis.register_function('log', function(keys, args) redis.log(redis.LOG_DEBUG, 'x') return {redis.sha1hex('x'), redis.status_reply('FINE'), redis.error_reply('MY own')} end)
        redis.log(redis.LOG_DEBUG, 'loaded')
        """;

    [Theory]
    [InlineData(UpstreamMode.Standalone, 2)]
    [InlineData(UpstreamMode.Standalone, 3)]
    [InlineData(UpstreamMode.Cluster, 2)]
    [InlineData(UpstreamMode.Cluster, 3)]
    public async Task Functions_answer_as_redis_does(UpstreamMode mode, int protocol)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient direct = await RespClient.ConnectAsync(scene.Oracle.Host, scene.Oracle.Port);
        await direct.CommandAsync("HELLO", protocol.ToString(System.Globalization.CultureInfo.InvariantCulture));
        (await direct.CommandAsync("FUNCTION", "FLUSH")).OrThrow();
        (await client.CommandAsync("FUNCTION", "FLUSH")).OrThrow();
        const string One = "#!lua name=one\nredis.register_function{function_name='only', callback=function() return 1 end, flags={'allow-stale', 'allow-oom'}, description='the only one'}";
        string[][] commands =
        [
            ["FUNCTION", "LIST"], ["FUNCTION", "STATS"], ["FCALL", "look", "1", "k"], ["FUNCTION", "LOAD", Library], ["FUNCTION", "LOAD", Library], ["FUNCTION", "LOAD", "REPLACE", Library],
            ["FCALL", "put", "1", "k", "v"], ["GET", "k"], ["FCALL", "look", "1", "k"], ["FCALL_RO", "look", "1", "k"], ["FCALL_RO", "put", "1", "k", "v"],
            ["FCALL", "fail", "1", "k"], ["FCALL", "shout", "1", "k"], ["FCALL", "log", "1", "k"], ["FCALL", "nosuch", "0"], ["FCALL", "put", "x"], ["FCALL", "put", "-1"], ["FCALL", "put", "3", "k"],
            ["FUNCTION", "STATS"], ["FUNCTION", "DELETE", "nosuch"], ["FUNCTION", "DELETE", "mylib"], ["FCALL", "look", "1", "k"], ["FUNCTION", "LIST"],
            ["FUNCTION", "LOAD", One], ["FUNCTION", "LIST"], ["FUNCTION", "LIST", "WITHCODE"], ["FUNCTION", "LIST", "LIBRARYNAME", "o*", "WITHCODE"], ["FUNCTION", "LIST", "LIBRARYNAME", "x*"],
            ["FUNCTION", "LIST", "LIBRARYNAME"], ["FUNCTION", "LIST", "BAD"], ["FUNCTION", "STATS"],
            ["FUNCTION", "LOAD", "#!lua name=two\nredis.register_function('only', function() return 1 end)"],
            ["FUNCTION", "LOAD", "#!lua name=bad\n\nredis.register_function('x', nosuch)"], ["FUNCTION", "LOAD", "#!lua name=bad\nlocal x =\n=1"],
            ["FUNCTION", "LOAD", "#!lua name=bad\n"], ["FUNCTION", "LOAD", "no shebang"], ["FUNCTION", "LOAD", "#!lua name=bad"], ["FUNCTION", "LOAD", "#!lua\nx"], ["FUNCTION", "LOAD", "#!lua foo=1\nx"],
            ["FUNCTION", "LOAD", "#!py name=a\nx"], ["FUNCTION", "LOAD", "#!lua name=a-b\nx"], ["FUNCTION", "LOAD", "BAD", One], ["FUNCTION", "FLUSH", "BAD"],
            ["MULTI"], ["FCALL", "only", "0"], ["FCALL", "nosuch", "0"], ["GET", "k"], ["EXEC"],
            ["FUNCTION", "FLUSH"], ["FUNCTION", "LIST"],
        ];

        for (int i = 0; i < commands.Length; i++)
        {
            await client.SendAsync(Wire.Request(commands[i]));
            await direct.SendAsync(Wire.Request(commands[i]));
            string expected = (await direct.ReadReplyAsync()).Wire;
            string actual = (await client.ReadReplyAsync()).Wire;
            Assert.Equal($"{i} {string.Join(' ', commands[i])}: {expected}", $"{i} {string.Join(' ', commands[i])}: {actual}");
        }
    }

    [Fact]
    public async Task A_library_is_on_every_primary_and_runs_where_its_keys_are()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await using RespClient client = await proxy.ConnectAsync();
        (await client.CommandAsync("FUNCTION", "FLUSH")).OrThrow();
        Assert.Equal("mylib", (await client.CommandAsync("FUNCTION", "LOAD", "REPLACE", Library)).Text);

        for (int i = 0; i < 30; i++) Assert.Equal("OK", (await client.CommandAsync("FCALL", "put", "1", $"key{i}", "v")).Text);
        foreach (LocalRedis server in scene.ServersOf(UpstreamMode.Cluster)) Assert.Single((await server.CommandAsync("FUNCTION", "LIST")).Items);
        Assert.Equal(Library, (await client.CommandAsync("FUNCTION", "LIST", "WITHCODE")).Items[0].Items[7].Text);
        Assert.Equal("OK", (await client.CommandAsync("FUNCTION", "DELETE", "mylib")).Text);
        foreach (LocalRedis server in scene.ServersOf(UpstreamMode.Cluster)) Assert.Empty((await server.CommandAsync("FUNCTION", "LIST")).Items);
    }

    [Fact]
    public async Task Tenants_have_functions_of_the_same_names_and_see_nothing_of_each_other()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient one = await proxy.ConnectAsync("app1");
        await using RespClient ten = await proxy.ConnectAsync("app10");
        foreach (RespClient client in new[] { one, ten }) (await client.CommandAsync("FUNCTION", "FLUSH")).OrThrow();
        (await one.CommandAsync("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 'of app1' end)")).OrThrow();

        Assert.Equal("ERR Function not found", (await ten.CommandAsync("FCALL", "f", "0")).Text);
        Assert.Empty((await ten.CommandAsync("FUNCTION", "LIST", "WITHCODE")).Items);
        Assert.Equal("ERR Library not found", (await ten.CommandAsync("FUNCTION", "DELETE", "lib")).Text);
        (await ten.CommandAsync("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 'of app10' end)")).OrThrow();
        Assert.Equal("of app1", (await one.CommandAsync("FCALL", "f", "0")).Text);
        Assert.Equal("of app10", (await ten.CommandAsync("FCALL", "f", "0")).Text);
        Assert.Equal("OK", (await ten.CommandAsync("FUNCTION", "FLUSH")).Text);
        Assert.Equal("of app1", (await one.CommandAsync("FCALL", "f", "0")).Text);
        foreach (string command in new[] { "DUMP", "KILL" }) Assert.StartsWith("NOPERM", (await one.CommandAsync("FUNCTION", command)).Text, StringComparison.Ordinal);
        Assert.StartsWith("NOPERM", (await one.CommandAsync("FUNCTION", "RESTORE", "x")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_reaches_beyond_its_tenant_is_refused()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient victim = await proxy.ConnectAsync("app10");
        await using RespClient client = await proxy.ConnectAsync("app1");
        (await victim.CommandAsync("SET", "secret", "the secret")).OrThrow();
        (await client.CommandAsync("FUNCTION", "LOAD", "REPLACE", Library)).OrThrow();

        RedisReply reply = await client.CommandAsync("FCALL", "reach", "0", "cluster1@app10:secret");

        Assert.Contains("can't access at least one of the keys", reply.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("rp636c", reply.Text, StringComparison.Ordinal);
    }

    /// <summary>Each tries another way from loading code to the node's own register_function, to take a name of another tenant.</summary>
    [Theory]
    [InlineData("_G.redis.register_function('$', function() return 1 end)")]
    [InlineData("getfenv(0).redis.register_function('$', function() return 1 end)")]
    [InlineData("getmetatable(redis).__index.register_function('$', function() return 1 end)")]
    [InlineData("loadstring('redis.register_function(\"$\", function() return 1 end)')()")]
    [InlineData("server.register_function('$', function() return 1 end)")]
    [InlineData("redis.register_function('$', function() return 1 end)")]
    [InlineData("redis.register_function{function_name='$', callback=function() return 1 end}")]
    [InlineData("local f = (function() return redis end)() f.register_function('$', function() return 1 end)")]
    [InlineData("redis.register_function('ok', function() redis.register_function('$', function() return 1 end) end)")]
    public async Task A_library_cannot_register_a_function_under_another_tenants_name(string code)
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync("app1");
        (await client.CommandAsync("FUNCTION", "FLUSH")).OrThrow();
        string theirs = "rp" + Convert.ToHexStringLower("cluster1@app10"u8) + "_f";

        await client.CommandAsync("FUNCTION", "LOAD", "#!lua name=attack\n" + code.Replace("$", theirs, StringComparison.Ordinal));
        await client.CommandAsync("FCALL", "ok", "0");

        RedisReply all = await scene.ServersOf(UpstreamMode.Standalone)[0].CommandAsync("FUNCTION", "LIST");
        string[] functions = [.. all.Items.SelectMany(library => library.Items[5].Items).Select(function => function.Items[1].Text)];
        Assert.All(functions, name => Assert.StartsWith("rp" + Convert.ToHexStringLower("cluster1@app1"u8) + "_", name, StringComparison.Ordinal));
        await using RespClient other = await proxy.ConnectAsync("app10");
        Assert.Equal("ERR Function not found", (await other.CommandAsync("FCALL", "f", "0")).Text);
    }
}
