using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>SELECT, MOVE, COPY DB and SORT's patterns: what Redis answers, from databases that are parts of the namespace.</summary>
public sealed class DatabaseTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    /// <summary>Run on the proxy and on a server of its own, each whole in one go: the replies are the same.</summary>
    private static readonly string[] Conversation =
    [
        "SET k 0", "SELECT 1", "GET k", "SET k 1", "SELECT 0", "GET k", "SELECT 16", "SELECT -1", "SELECT x", "SELECT 01", "SELECT 3000000000", "SELECT", "GET k",
        "XADD s 1-1 f v", "SELECT 3", "XADD t 1-1 f v", "XREAD STREAMS t 0", "SELECT 0", "XREAD STREAMS s 0", "SELECT 3", "EXISTS s", "SELECT 0",
        // MOVE
        "MOVE k 0", "MOVE k 16", "MOVE k x", "MOVE k 3000000000", "MOVE k -1", "MOVE k", "MOVE k 1", "MOVE none 1", "SET m x", "EXPIRE m 1000", "MOVE m 5", "EXISTS m", "SELECT 5", "TTL m", "MOVE m 0",
        "SELECT 0", "TTL m", "LPUSH l 1 2", "MOVE l 5",
        // COPY
        "COPY m n DB 5", "COPY m n DB 5", "COPY k n DB 5 REPLACE", "COPY m m", "COPY m m DB 0", "COPY m m DB 4", "COPY m o DB 99", "COPY m o DB x", "COPY m o DB 5 REPLACE DB 6",
        "COPY none o DB 5", "COPY m o FOO", "SELECT 5", "GET n", "TTL n", "SELECT 6", "TTL o", "SELECT 0",
        // MULTI
        "MULTI", "SET k multi", "SELECT 2", "SET k two", "XADD s 1-1 f v", "XREAD STREAMS s 0", "LPUSH q a", "LMPOP 1 q LEFT", "SELECT 99", "GET k", "MOVE k 3", "MOVE k 3", "MOVE k 99", "MOVE k 2",
        "COPY q r DB 99", "SELECT 3", "EXEC", "GET k", "SELECT 2", "EXISTS k", "SELECT 0", "GET k",
        "MULTI", "SELECT 7", "DISCARD", "GET k", "MULTI", "SELECT 7", "NOSUCH", "EXEC", "GET k", "MULTI", "SELECT 7", "EXEC", "SET k seven", "SELECT 0", "GET k",
        "WATCH k", "MULTI", "SELECT 7", "GET k", "EXEC", "GET k", "SELECT 0", "WATCH k", "SET k touched", "MULTI", "SELECT 7", "GET k", "EXEC", "GET k",
    ];

    private static readonly string[] Sorts =
    [
        "RPUSH l 2 1 3", "MSET w_1 30 w_2 20 w_3 10 o_1 one o_2 two", "HSET h_1 f x w 5", "HSET h_2 f y w 4", "HSET h_3 f z w 6",
        "SORT l BY w_*", "SORT l BY w_* GET #", "SORT l BY w_* GET o_* GET #", "SORT l BY h_*->w GET h_*->f", "SORT l BY nosort GET o_*", "SORT l GET fixed", "SORT l BY w_* LIMIT 0 1 DESC",
        "SORT l BY w_* STORE d", "LRANGE d 0 -1", "SORT_RO l BY w_* GET o_*", "SORT_RO l BY w_* STORE d", "SORT l GET", "SORT l BY", "SORT l BY * GET *", "SORT l GET ##* ALPHA",
        "MULTI", "SORT l BY w_* GET o_*", "EXEC",
    ];

    [Theory]
    [InlineData(KeyPlacement.Spread, 2)]
    [InlineData(KeyPlacement.Spread, 3)]
    [InlineData(KeyPlacement.Tagged, 2)]
    [InlineData(KeyPlacement.Pinned, 3)]
    public async Task Databases_are_what_they_are_in_redis(KeyPlacement placement, int protocol)
    {
        await AssertSameAsync(UpstreamMode.Standalone, placement, protocol, Conversation);
        string[] keys = await scene.RawKeysAsync(UpstreamMode.Standalone);
        Assert.All(keys, key => Assert.Contains("cluster1@app1", key, StringComparison.Ordinal));
    }

    /// <summary>A node in cluster mode has but one database, and these are in one slot: the tenant need not know.</summary>
    [Theory]
    [InlineData(KeyPlacement.Pinned, 2)]
    [InlineData(KeyPlacement.Pinned, 3)]
    public async Task Pinned_in_a_cluster_they_are_just_the_same(KeyPlacement placement, int protocol) =>
        await AssertSameAsync(UpstreamMode.Cluster, placement, protocol, Conversation);

    [Theory]
    [InlineData(KeyPlacement.Spread)]
    [InlineData(KeyPlacement.Tagged)]
    public async Task Keys_of_one_hash_tag_are_moved_and_copied_between_databases_of_a_cluster(KeyPlacement placement)
    {
        string[] conversation =
        [
            "SET {t}k v EX 1000", "MOVE {t}k 3", "EXISTS {t}k", "SELECT 3", "TTL {t}k", "COPY {t}k x{t}y DB 1 REPLACE", "SELECT 1", "TTL x{t}y", "MULTI", "SELECT 3", "MOVE {t}k 1", "SELECT 1", "GET {t}k", "EXEC",
        ];
        await AssertSameAsync(UpstreamMode.Cluster, placement, 2, conversation);
    }

    [Fact]
    public async Task Without_a_hash_tag_spread_in_a_cluster_says_why_not()
    {
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Cluster, KeyPlacement.Spread);
        await using RespClient one = await proxy.ConnectAsync("app1");
        const string WhyNot = "-CROSSSLOT Keys in request don't hash to the same slot: with placement spread, a key is in the same slot in two databases only if it has a hash tag\r\n";
        string[] replies = await one.PipelineAsync("SET k v", "MOVE k 1", "COPY k k DB 1", "GET k", "MULTI", "MOVE k 1", "EXEC", "MOVE k 99");
        Assert.Equal(["+OK\r\n", WhyNot, WhyNot, "$1\r\nv\r\n", "+OK\r\n", WhyNot, "-EXECABORT Transaction discarded because of previous errors.\r\n", "-ERR DB index is out of range\r\n"], replies);
    }

    [Fact]
    public async Task The_database_is_forgotten_by_RESET_and_by_another_tenants_AUTH_but_not_by_the_same_tenants()
    {
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Standalone, KeyPlacement.Spread);
        await using RespClient one = await proxy.ConnectAsync("app1");
        await one.PipelineAsync("SET k app1:0", "SELECT 4", "SET k app1:4");
        Assert.Contains(" db=4 ", (await one.CommandAsync("CLIENT", "INFO")).Text, StringComparison.Ordinal);
        Assert.Equal(
            ["+OK\r\n", "$6\r\napp1:4\r\n", "+RESET\r\n", "$6\r\napp1:0\r\n"], await one.PipelineAsync("AUTH app1 app1-secret", "GET k", "RESET", "GET k"));
        Assert.Contains(" db=0 ", (await one.CommandAsync("CLIENT", "LIST")).Text, StringComparison.Ordinal);
        Assert.Equal(
            ["+OK\r\n", "+OK\r\n", "$-1\r\n", "+OK\r\n", "+OK\r\n", "$6\r\napp1:0\r\n"],
            await one.PipelineAsync("SELECT 4", "AUTH app10 app10-secret", "GET k", "SET k app10:0", "AUTH app1 app1-secret", "GET k"));
    }

    [Fact]
    public async Task A_tenant_has_as_many_databases_as_its_configuration_says_and_may_swap_none()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone, tenant => tenant with { Databases = tenant.Name == "app1" ? 1 : 20 });
        await using RespClient one = await proxy.ConnectAsync("app1");
        await using RespClient ten = await proxy.ConnectAsync("app10");
        Assert.Equal(["+OK\r\n", "-ERR DB index is out of range\r\n"], await one.PipelineAsync("SELECT 0", "SELECT 1"));
        Assert.Equal(["+OK\r\n", "-ERR DB index is out of range\r\n"], await ten.PipelineAsync("SELECT 19", "SELECT 20"));
        Assert.Equal(["databases", "20"], KeyspaceScene.Texts(await ten.CommandAsync("CONFIG", "GET", "databases")));
        Assert.Equal("NOPERM tenant 'app1' may not run 'swapdb'", (await one.CommandAsync("SWAPDB", "0", "1")).Text);
    }

    [Theory]
    [InlineData(KeyPlacement.Spread, 2)]
    [InlineData(KeyPlacement.Spread, 3)]
    [InlineData(KeyPlacement.Pinned, 2)]
    public async Task A_sort_by_patterns_reads_the_tenants_own_keys(KeyPlacement placement, int protocol)
    {
        await AssertSameAsync(UpstreamMode.Standalone, placement, protocol, Sorts);
        await AssertSameAsync(UpstreamMode.Standalone, placement, protocol, ["SELECT 6", .. Sorts]);
    }

    [Fact]
    public async Task Tagged_a_sort_takes_patterns_whose_tag_the_element_cannot_change()
    {
        string[] tagged = [.. Sorts.Where(sort => sort is not ("SORT l BY * GET *" or "SORT l GET ##* ALPHA"))
            .Select(sort => string.Join(' ', sort.Split(' ').Select(word => word is "l" or "d" || word.Contains("_*", StringComparison.Ordinal) || word.Contains("_1", StringComparison.Ordinal)
                || word.Contains("_2", StringComparison.Ordinal) || word.Contains("_3", StringComparison.Ordinal) ? "{t}" + word : word)))];
        await AssertSameAsync(UpstreamMode.Standalone, KeyPlacement.Tagged, 2, tagged);

        await using RunningProxy proxy = await StartAsync(UpstreamMode.Standalone, KeyPlacement.Tagged);
        await using RespClient one = await proxy.ConnectAsync("app1");
        const string Refused = "-ERR BY and GET of SORT need a pattern with a hash tag before its *, as {tag}weight_*, with this tenant's placement (tagged)\r\n";
        Assert.Equal(
            [Refused, Refused, "+OK\r\n", Refused, "+QUEUED\r\n", "-EXECABORT Transaction discarded because of previous errors.\r\n", "$-1\r\n"],
            await one.PipelineAsync("SORT l BY w_*", "SORT {t}l GET {t}x_* GET *{t}", "MULTI", "SORT l BY w_*", "SET q v", "EXEC", "GET q"));
    }

    /// <summary>Redis before 7.4 refuses every pattern in a cluster; the refusal is the node's own.</summary>
    [Fact]
    public async Task In_a_cluster_the_node_says_whether_a_pattern_can_be_followed()
    {
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Cluster, KeyPlacement.Pinned);
        await using RespClient one = await proxy.ConnectAsync("app1");
        await one.CommandAsync("RPUSH", "l", "2", "1");
        Assert.Equal("ERR BY option of SORT denied in cluster mode.", (await one.CommandAsync("SORT", "l", "BY", "w_*")).Text, ignoreCase: true);
        Assert.Equal("ERR GET option of SORT denied in cluster mode.", (await one.CommandAsync("SORT", "l", "GET", "w_*")).Text, ignoreCase: true);
    }

    private async Task AssertSameAsync(UpstreamMode mode, KeyPlacement placement, int protocol, string[] conversation)
    {
        await using RunningProxy proxy = await StartAsync(mode, placement);
        await using RespClient one = await KeyspaceScene.ConnectAsync(proxy, "app1", protocol);
        await using RespClient direct = await RespClient.ConnectAsync(scene.Oracle.Host, scene.Oracle.Port);
        (await direct.CommandAsync("HELLO", $"{protocol}")).OrThrow();
        string[] expected = await direct.PipelineAsync(conversation);
        string[] actual = await one.PipelineAsync(conversation);
        for (int i = 0; i < conversation.Length; i++) Assert.Equal($"{i} {conversation[i]}: {expected[i]}", $"{i} {conversation[i]}: {actual[i]}");
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    private Task<RunningProxy> StartAsync(UpstreamMode mode, KeyPlacement placement) => scene.StartAsync(mode, tenant => tenant with { Placement = placement });
}
