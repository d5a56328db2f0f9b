using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>What the proxy answers itself: a tenant sees a plain Redis of its own, and nobody else's.</summary>
public sealed class OwnAnswerTests : IAsyncLifetime
{
    private readonly FakeNode _node = Scene.Standalone(Scene.Plain);
    private RunningProxy _proxy = null!;
    private RespClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, _node);
        await _proxy.ConnectedAsync(nodes: 1);
        _client = await _proxy.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _proxy.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Client_list_shows_the_tenants_own_connections_only()
    {
        await using RespClient mate = await _proxy.ConnectAsync();
        await using RespClient stranger = await _proxy.ConnectAsync("app2");
        await mate.CommandAsync("CLIENT", "SETNAME", "mate");
        await mate.CommandAsync("CLIENT", "SETINFO", "LIB-NAME", "some-lib");
        await stranger.CommandAsync("CLIENT", "SETNAME", "stranger");

        string list = (await _client.CommandAsync("CLIENT", "LIST")).Text;

        Assert.Equal(2, list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("name=mate ", list, StringComparison.Ordinal);
        Assert.Contains("lib-name=some-lib ", list, StringComparison.Ordinal);
        Assert.DoesNotContain("stranger", list, StringComparison.Ordinal);
        string own = (await _client.CommandAsync("CLIENT", "INFO")).Text;
        Assert.StartsWith($"id={(await _client.CommandAsync("CLIENT", "ID")).Text} ", own, StringComparison.Ordinal);
        Assert.Contains("user=app1 ", own, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_kill_reaches_the_tenants_own_connections_only()
    {
        await using RespClient mate = await _proxy.ConnectAsync();
        await using RespClient stranger = await _proxy.ConnectAsync("app2");
        string mateId = (await mate.CommandAsync("CLIENT", "ID")).Text;
        string strangerId = (await stranger.CommandAsync("CLIENT", "ID")).Text;

        Assert.Equal(0, (await _client.CommandAsync("CLIENT", "KILL", "ID", strangerId)).Integer);
        Assert.Equal("ERR No such user 'app2'", (await _client.CommandAsync("CLIENT", "KILL", "USER", "app2")).Text);
        Assert.Equal(1, (await _client.CommandAsync("CLIENT", "KILL", "ID", mateId)).Integer);

        Assert.Empty(await mate.ReadToEndAsync());
        Assert.Equal(["+PONG\r\n"], await stranger.PipelineAsync("PING"));
        Assert.Equal("-ERR No such client\r\n", (await _client.PipelineAsync("CLIENT KILL 127.0.0.1:1"))[0]);
    }

    [Fact]
    public async Task A_client_that_kills_itself_gets_its_answer_first()
    {
        await _client.SendAsync(Scene.Requests("CLIENT KILL TYPE normal SKIPME no"));

        Assert.Equal(":1\r\n", Wire.Text(await _client.ReadToEndAsync()));
    }

    [Fact]
    public async Task With_client_reply_off_only_the_on_is_answered()
    {
        await _client.SendAsync(Scene.Requests("CLIENT REPLY OFF", "SET a 1", "PING", "GET", "NOSUCH", "MGET a b", "CLIENT REPLY ON", "GET k"));

        Assert.Equal(["+OK\r\n", "$1\r\nk\r\n"], await _client.WiresAsync(2));
        Assert.Equal(1, _node.CountOf("SET"));
    }

    [Fact]
    public async Task Client_reply_skip_leaves_out_one_reply()
    {
        await _client.SendAsync(Scene.Requests("CLIENT REPLY SKIP", "GET a", "GET b", "CLIENT REPLY SKIP", "PING", "PING x", "GET c"));

        Assert.Equal(["$1\r\nb\r\n", "$1\r\nx\r\n", "$1\r\nc\r\n"], await _client.WiresAsync(3));
    }

    [Fact]
    public async Task Command_answers_from_the_clients_own_names()
    {
        RedisReply[] replies = [.. (await AskAsync("COMMAND COUNT", "COMMAND", "COMMAND LIST", "COMMAND INFO get nosuch", "COMMAND GETKEYS MSET a 1 b 2", "COMMAND GETKEYS PING", "COMMAND DOCS"))];

        Assert.InRange(replies[0].Integer, 100, 500);
        Assert.Equal(replies[0].Integer, replies[1].Items.Count);
        Assert.Equal(replies[0].Integer, replies[2].Items.Count(name => !name.Text.Contains('|', StringComparison.Ordinal)));
        Assert.DoesNotContain(replies[2].Items, name => name.Text is "shutdown" or "debug" or "monitor");
        Assert.Equal(["get", "2"], replies[3].Items[0].Items.Take(2).Select(item => item.Text));
        Assert.True(replies[3].Items[1].IsNull);
        Assert.Equal(["a", "b"], replies[4].Items.Select(key => key.Text));
        Assert.Equal("ERR The command has no key arguments", replies[5].Text);
        Assert.Equal(replies[0].Integer * 2, replies[6].Items.Count);
    }

    [Fact]
    public async Task The_server_a_tenant_sees_is_a_plain_redis_with_nothing_of_the_nodes()
    {
        RedisReply[] replies = [.. await AskAsync("INFO", "INFO replication", "CONFIG GET maxmemory*", "TIME", "ROLE", "CLUSTER INFO", "CLUSTER SLOTS", "CLUSTER KEYSLOT {x}y", "READONLY", "LOLWUT")];

        Assert.Contains("redis_version:7.0.15\r\n", replies[0].Text, StringComparison.Ordinal);
        Assert.Contains("redis_mode:standalone\r\n", replies[0].Text, StringComparison.Ordinal);
        Assert.Equal("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n", replies[1].Text);
        Assert.Equal(["maxmemory", "0", "maxmemory-policy", "noeviction"], replies[2].Items.Select(item => item.Text));
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - replies[3].Items[0].Integer, -1, 60);
        Assert.Equal("master", replies[4].Items[0].Text);
        Assert.All(replies[5..7], reply => Assert.Equal("ERR This instance has cluster support disabled", reply.Text));
        Assert.Equal(Protocol.Slots.HashSlot.Of("x"u8), replies[7].Integer);
        Assert.True(replies[8].IsError);
        Assert.DoesNotContain(replies, reply => reply.ToString().Contains(_node.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CONFIG SET save x")]
    [InlineData("SHUTDOWN")]
    [InlineData("DEBUG SLEEP 1")]
    [InlineData("ACL LIST")]
    [InlineData("REPLICAOF no one")]
    [InlineData("CLIENT PAUSE 1000")]
    public async Task What_is_the_operators_is_refused_and_never_sent(string request)
    {
        int before = _node.Requests.Count;

        Assert.StartsWith("-NOPERM tenant 'app1' may not run '", (await _client.PipelineAsync(request))[0], StringComparison.Ordinal);
        Assert.Equal(["+PONG\r\n"], await _client.PipelineAsync("PING"));
        Assert.Equal(before, _node.Requests.Count);
    }

    private async Task<IEnumerable<RedisReply>> AskAsync(params string[] requests)
    {
        await _client.SendAsync(Scene.Requests(requests));
        return (await _client.ReadRepliesAsync(requests.Length)).Select(reply => reply.Tree);
    }
}
