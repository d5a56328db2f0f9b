using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// What client libraries send when they connect, by their sources and documentation: each line is answered in a way that the client goes on with.
/// A line that starts with <c>!</c> may be answered by an error, as a plain Redis 7.0 would; the client knows what to make of it.
/// </summary>
public sealed class ClientGreetingTests : IAsyncLifetime
{
    private readonly FakeNode _node = Scene.Standalone(Scene.Plain);
    private RunningProxy _proxy = null!;

    public static TheoryData<string, string[]> Greetings => new()
    {
        { "Jedis", ["HELLO 3", "CLIENT SETINFO lib-name jedis", "CLIENT SETINFO lib-ver 5.1.0", "CLIENT SETNAME app", "SELECT 0", "PING"] },
        { "lettuce", ["HELLO 3", "CLIENT SETNAME app", "CLIENT SETINFO lib-name Lettuce", "CLIENT SETINFO lib-ver 6.3.2/abcdef", "PING", "ROLE", "INFO replication", "CLIENT LIST", "COMMAND"] },
        { "go-redis", ["HELLO 3", "CLIENT SETNAME app", "CLIENT SETINFO LIB-NAME go-redis(,go1.22)", "CLIENT SETINFO LIB-VER 9.7.0", "!CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip", "COMMAND", "PING"] },
        { "redis-rb and Sidekiq", ["HELLO 3", "CLIENT SETNAME sidekiq", "CLIENT SETINFO LIB-NAME redis-rb(sidekiq)", "SELECT 0", "INFO", "TIME", "PING"] },
        { "phpredis", ["SELECT 0", "CLIENT SETNAME php", "PING hello", "ECHO hello"] },
        { "redis-py", ["HELLO 3", "CLIENT SETNAME app", "CLIENT SETINFO LIB-NAME redis-py", "CLIENT SETINFO LIB-VER 5.2.0", "SELECT 0", "COMMAND", "PING"] },
        { "ioredis", ["CLIENT SETNAME app", "CLIENT SETINFO LIB-NAME ioredis", "SELECT 0", "INFO", "COMMAND"] },
        { "node-redis", ["HELLO 3 SETNAME app", "CLIENT SETINFO LIB-NAME node-redis", "CLIENT SETINFO LIB-VER 5.9.0", "CLIENT ID", "PING"] },
        {
            "StackExchange.Redis",
            [
                "CLIENT SETNAME host", "CLIENT SETINFO lib-name SE.Redis", "CLIENT SETINFO lib-ver 2.8.0", "CLIENT ID", "CONFIG GET timeout", "CONFIG GET replica-read-only",
                "CONFIG GET slave-read-only", "CONFIG GET databases", "INFO replication", "INFO server", "!SENTINEL MASTERS", "!CLUSTER NODES", "GET __Booksleeve_TieBreak", "ECHO guid",
            ]
        },
        { "redis-cli", ["HELLO 3", "COMMAND DOCS", "INFO", "SELECT 0", "COMMAND COUNT"] },
        { "redis-benchmark", ["CONFIG GET save", "CONFIG GET appendonly"] },
        { "exporters and dashboards", ["INFO ALL", "INFO server clients memory", "CONFIG GET *", "CLIENT LIST", "CLIENT NO-EVICT on", "CLIENT NO-TOUCH on", "!LATENCY LATEST", "!MEMORY DOCTOR", "!CLUSTER INFO"] },
    };

    public async ValueTask InitializeAsync() => _proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, _node);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _node.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Greetings))]
    public async Task What_a_client_sends_on_connect_is_answered(string name, string[] requests)
    {
        await using RespClient client = await _proxy.ConnectAsync();

        string[] replies = await client.PipelineAsync([.. requests.Select(request => request.TrimStart('!'))]);

        for (int i = 0; i < requests.Length; i++) Assert.True(requests[i][0] == '!' == (replies[i][0] == '-'), $"{name}: {requests[i]} was answered by {replies[i]}");
        Assert.DoesNotContain(replies, reply => reply.Contains("cluster1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("2")]
    [InlineData("3")]
    public async Task What_redis_cli_and_benchmarks_ask_of_a_plain_redis_is_answered_in_its_form(string protocol)
    {
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient direct = await RespClient.ConnectAsync(plain.Host, plain.Port);
        await using RespClient client = await _proxy.ConnectAsync();
        string[] requests =
        [
            "HELLO " + protocol, "SENTINEL masters", "SENTINEL", "SENTINEL nosuch x", "FT.SEARCHED idx a", "COMMAND DOCS nosuch", "COMMAND INFO nosuch", "COMMAND LIST FOO", "COMMAND LIST FILTERBY FOO x",
            "COMMAND LIST FILTERBY MODULE nosuch", "COMMAND LIST FILTERBY ACLCAT nosuch", "COMMAND LIST FILTERBY PATTERN geohash", "COMMAND LIST FILTERBY PATTERN client|no-ev*",
            "COMMAND GETKEYSANDFLAGS SET a b", "COMMAND GETKEYSANDFLAGS SET a b GET", "COMMAND GETKEYSANDFLAGS BITFIELD k GET u8 0", "COMMAND GETKEYSANDFLAGS BITFIELD k INCRBY u8 0 1",
            "COMMAND GETKEYSANDFLAGS SORT a STORE b", "COMMAND GETKEYSANDFLAGS LMOVE a b LEFT LEFT", "COMMAND GETKEYSANDFLAGS XREAD STREAMS a b 1 2",
            "COMMAND GETKEYSANDFLAGS SUNIONSTORE d a b", "COMMAND GETKEYSANDFLAGS ZUNIONSTORE d 2 a b", "COMMAND GETKEYSANDFLAGS COPY a b", "COMMAND GETKEYSANDFLAGS BLPOP a b 0",
        ];

        string[] expected = await direct.PipelineAsync(requests);
        string[] actual = await client.PipelineAsync(requests);

        // HELLO names the connection's number and role, which differ.
        for (int i = 1; i < requests.Length; i++) Assert.Equal(requests[i] + ": " + expected[i], requests[i] + ": " + actual[i]);
    }

    [Fact]
    public async Task Commands_are_described_by_category_and_in_words()
    {
        await using LocalRedis plain = await LocalRedis.StartAsync(new LocalRedisOptions());
        await using RespClient direct = await RespClient.ConnectAsync(plain.Host, plain.Port);
        await using RespClient client = await _proxy.ConnectAsync();
        string[] names = ["get", "set", "zadd", "blpop", "subscribe", "geosearchstore", "sort_ro"];

        foreach (string name in names)
        {
            RedisReply expected = (await direct.CommandAsync("COMMAND", "INFO", name)).Items[0];
            RedisReply actual = (await client.CommandAsync("COMMAND", "INFO", name)).Items[0];
            Assert.Equal(Sorted(expected.Items[6]), Sorted(actual.Items[6]));
            Assert.Equal(expected.Items.Take(2).Concat(expected.Items.Skip(3).Take(3)).Select(item => item.Text), actual.Items.Take(2).Concat(actual.Items.Skip(3).Take(3)).Select(item => item.Text));
        }

        string[] geo = Sorted(await direct.CommandAsync("COMMAND", "LIST", "FILTERBY", "ACLCAT", "geo"));
        Assert.Equal(geo, Sorted(await client.CommandAsync("COMMAND", "LIST", "FILTERBY", "ACLCAT", "geo")));
        RedisReply docs = await client.CommandAsync("COMMAND", "DOCS", "zadd", "hmset", "xgroup|create", "shutdown");
        Assert.Equal(["zadd", "hmset", "xgroup|create"], docs.Items.Where((_, i) => i % 2 == 0).Select(item => item.Text));
        Assert.Equal(["summary", "Adds members to a sorted set, or updates their scores.", "since", "1.2.0", "group", "sorted-set"], docs.Items[1].Items.Select(item => item.Text));
        Assert.Equal("deprecated", docs.Items[3].Items[7].Items[0].Text);
    }

    private static string[] Sorted(RedisReply array) => [.. array.Items.Select(item => item.Text).Order(StringComparer.Ordinal)];
}
