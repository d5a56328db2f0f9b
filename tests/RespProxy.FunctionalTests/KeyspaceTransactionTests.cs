using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Commands on the whole keyspace between MULTI and EXEC: at their place among the transaction's commands, though not as one with them.</summary>
public sealed class KeyspaceTransactionTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    private static readonly string[] Transactions =
    [
        "DBSIZE; KEYS {t}*; EXISTS {t}a",
        "FLUSHDB; SET {t}a 1; INCR {t}a",
        "DEL {t}a; DBSIZE; KEYS {t}*",
        "FLUSHALL; DBSIZE; SET {t}n 1; PING; RENAME {t}n {t}m; DBSIZE; KEYS *",
        "DBSIZE",
        "PING; FLUSHDB; DBSIZE; RANDOMKEY; ECHO x",
        "SCAN x; FLUSHDB nosuch; GET {t}a",
        "GET {t}b; SCAN 0 COUNT x; LPUSH {t}b",
    ];

    public static MatrixTheoryData<UpstreamMode, string, string> Cases => new([UpstreamMode.Standalone, UpstreamMode.Cluster], ["2", "3"], Transactions);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task They_answer_as_redis_does_at_their_place(UpstreamMode mode, string protocol, string commands)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await proxy.ConnectAsync("app10");
        await using RespClient direct = await RespClient.ConnectAsync(scene.Oracle.Host, scene.Oracle.Port);
        string[] requests = ["SET {t}a x", "SET {t}b 2", "MULTI", .. commands.Split("; "), "EXEC", "DBSIZE", "GET {t}a", "MULTI", "DBSIZE", "DISCARD", "PING"];
        await client.CommandAsync("HELLO", protocol);
        await direct.CommandAsync("HELLO", protocol);

        string[] expected = await direct.PipelineAsync(requests);
        string[] actual = await client.PipelineAsync(requests);

        // KEYS gives its keys in any order.
        for (int i = 0; i < requests.Length; i++) Assert.Equal(requests[i] + ": " + Ordered(expected[i]), requests[i] + ": " + Ordered(actual[i]));
    }

    [Fact]
    public async Task A_command_of_the_node_behind_one_that_came_after_others_is_refused_and_spoils_it()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await using RespClient client = await proxy.ConnectAsync("app10");

        string[] replies = await client.PipelineAsync("MULTI", "SET {t}a 1", "DBSIZE", "DEL {t}a", "EXEC", "GET {t}a");

        Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n"], replies[..3]);
        Assert.Equal("-ERR command 'del' is not supported by this proxy inside a transaction after a command on the whole keyspace that came after others\r\n", replies[3]);
        Assert.StartsWith("-EXECABORT", replies[4], StringComparison.Ordinal);
        Assert.Equal("$-1\r\n", replies[5]);
    }

    [Fact]
    public async Task A_flush_that_the_tenant_may_not_do_spoils_it()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync("app1");

        string[] replies = await client.PipelineAsync("SET k 1", "MULTI", "FLUSHDB", "EXEC", "GET k");

        Assert.StartsWith("-NOPERM tenant 'app1' may not run 'flushdb'", replies[2], StringComparison.Ordinal);
        Assert.StartsWith("-EXECABORT", replies[3], StringComparison.Ordinal);
        Assert.Equal("$1\r\n1\r\n", replies[4]);
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone)]
    [InlineData(UpstreamMode.Cluster)]
    public async Task A_flush_guarded_by_a_lost_watch_does_not_happen(UpstreamMode mode)
    {
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await proxy.ConnectAsync("app10");
        await using RespClient rival = await proxy.ConnectAsync("app10");

        await client.PipelineAsync("SET k 1", "WATCH k");
        await rival.CommandAsync("SET", "k", "2");
        Assert.Equal(["+OK\r\n", "+QUEUED\r\n", "*-1\r\n", ":1\r\n"], await client.PipelineAsync("MULTI", "FLUSHDB", "EXEC", "DBSIZE"));

        await client.PipelineAsync("WATCH k");
        Assert.Equal("*1\r\n+OK\r\n", (await client.PipelineAsync("MULTI", "FLUSHDB", "EXEC"))[2]);
        Assert.Equal(0, (await rival.CommandAsync("DBSIZE")).Integer);
    }

    [Fact]
    public async Task What_is_sent_behind_EXEC_runs_after_its_flush_and_with_replies_off_too()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await using RespClient client = await proxy.ConnectAsync("app10");
        for (int round = 0; round < 20; round++)
        {
            await client.SendAsync(Scene.Requests("SET a 1", "MULTI", "GET a", "FLUSHDB", "EXEC", "SET b 1", "DBSIZE", "CLIENT REPLY OFF", "MULTI", "SET b 2", "FLUSHDB", "EXEC", "CLIENT REPLY ON", "DBSIZE"));
            Assert.Equal(["+OK\r\n", "+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n$1\r\n1\r\n+OK\r\n", "+OK\r\n", ":1\r\n", "+OK\r\n", ":0\r\n"], await client.WiresAsync(9));
        }
    }

    private static string Ordered(string wire) => wire.Contains("{t}", StringComparison.Ordinal) ? string.Concat(wire.Order()) : wire;
}
