using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>A tenant whose keys are not where the configuration says is refused, instead of finding its database empty.</summary>
public sealed class PlacementChangeTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    private const string Marker = "respproxy:tenant:app1";
    private const string Refused = "ERR tenant 'app1' has keys with another namespace or placement than its configuration says now";

    public static TheoryData<UpstreamMode> Modes => [UpstreamMode.Standalone, UpstreamMode.Cluster];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task The_first_request_writes_the_marker_where_no_tenant_sees_it(UpstreamMode mode)
    {
        await EmptyAsync(mode);
        await using (RunningProxy proxy = await StartAsync(mode))
        {
            await using RespClient one = await proxy.ConnectAsync("app1");
            Assert.Equal(["+PONG\r\n", "$-1\r\n", "*0\r\n", ":0\r\n"], await one.PipelineAsync("PING", "GET k", "KEYS *", "DBSIZE"));
            Assert.Equal([Marker], await scene.RawKeysAsync(mode));
            await using RespClient ten = await proxy.ConnectAsync("app10");
            Assert.Equal("OK", (await ten.CommandAsync("FLUSHALL")).Text);
            Assert.Equal([Marker, "respproxy:tenant:app10"], await scene.RawKeysAsync(mode));
        }

        await using RunningProxy again = await StartAsync(mode);
        await using RespClient same = await again.ConnectAsync("app1");
        Assert.Equal("OK", (await same.CommandAsync("SET", "k", "v")).Text);
        Assert.DoesNotContain(again.Log, line => line.Contains("marker", StringComparison.Ordinal) || line.Contains("changed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(UpstreamMode.Standalone, KeyPlacement.Spread, KeyPlacement.Pinned, "0")]
    [InlineData(UpstreamMode.Standalone, KeyPlacement.Tagged, KeyPlacement.Spread, "0")]
    [InlineData(UpstreamMode.Cluster, KeyPlacement.Spread, KeyPlacement.Tagged, "11")]
    [InlineData(UpstreamMode.Cluster, KeyPlacement.Pinned, KeyPlacement.Spread, "11")]
    [InlineData(UpstreamMode.Cluster, KeyPlacement.Tagged, KeyPlacement.Pinned, "3")]
    public async Task With_one_key_left_in_any_database_every_request_is_refused_until_the_change_is_forced(UpstreamMode mode, KeyPlacement before, KeyPlacement after, string database)
    {
        await EmptyAsync(mode);
        await using (RunningProxy proxy = await StartAsync(mode, tenant => tenant with { Placement = before }))
        {
            await using RespClient one = await proxy.ConnectAsync("app1");
            Assert.Equal(["+OK\r\n", "+OK\r\n"], await one.PipelineAsync("SELECT " + database, "SET k old"));
        }

        await using (RunningProxy proxy = await StartAsync(mode, tenant => tenant with { Placement = after }))
        {
            await using RespClient one = await proxy.ConnectAsync("app1");
            string[] requests = ["GET k", "SET k v", "MGET a b", "DBSIZE", "SCAN 0", "FLUSHALL", "BLPOP l 1", "WATCH k", "MULTI", "PUBLISH c m", "SUBSCRIBE c", "MOVE k 1", "SORT k", "XREAD STREAMS s 0"];
            Assert.All(await one.PipelineAsync(requests), reply => Assert.StartsWith("-" + Refused, reply, StringComparison.Ordinal));
            Assert.Equal(["+PONG\r\n", "+OK\r\n"], await one.PipelineAsync("PING", "SELECT 1"));
            Assert.Single(proxy.Log, line => line.Contains($"refused, its keys are in 'cluster1@app1 {Name(before)}', and its configuration says 'cluster1@app1 {Name(after)}'", StringComparison.Ordinal));
            await using RespClient ten = await proxy.ConnectAsync("app10");
            Assert.Equal("OK", (await ten.CommandAsync("SET", "k", "v")).Text);
        }

        await using (RunningProxy proxy = await StartAsync(mode, tenant => tenant with { Placement = after, ForcePlacement = true }))
        {
            await using RespClient one = await proxy.ConnectAsync("app1");
            Assert.Equal(["+OK\r\n", "$-1\r\n", "+OK\r\n"], await one.PipelineAsync("SELECT " + database, "GET k", "SET k new"));
            Assert.Contains(proxy.Log, line => line.Contains("by force", StringComparison.Ordinal));
        }

        await using RunningProxy settled = await StartAsync(mode, tenant => tenant with { Placement = after });
        await using RespClient client = await settled.ConnectAsync("app1");
        Assert.Equal(["+OK\r\n", "$3\r\nnew\r\n"], await client.PipelineAsync("SELECT " + database, "GET k"));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Without_keys_in_the_old_one_namespace_and_placement_change_freely(UpstreamMode mode)
    {
        await EmptyAsync(mode);
        foreach ((string name, KeyPlacement placement) in ((string, KeyPlacement)[])[("cluster1@app1", KeyPlacement.Spread), ("cluster1@new", KeyPlacement.Spread), ("cluster1@new", KeyPlacement.Pinned)])
        {
            await using RunningProxy proxy = await StartAsync(mode, tenant => tenant.Name == "app1" ? tenant with { Namespace = name, Placement = placement } : tenant);
            await using RespClient one = await proxy.ConnectAsync("app1");
            await using RespClient ten = await proxy.ConnectAsync("app10");
            // Of another tenant, and look-alikes: not in the way.
            await ten.CommandAsync("SET", "k", "v");
            Assert.Equal(["+OK\r\n", ":1\r\n"], await one.PipelineAsync("SET k v", "DEL k"));
        }

        await using RunningProxy last = await StartAsync(mode, tenant => tenant.Name == "app1" ? tenant with { Namespace = "cluster1@new", Placement = KeyPlacement.Pinned } : tenant);
        await using RespClient client = await last.ConnectAsync("app1");
        Assert.Equal(["+OK\r\n"], await client.PipelineAsync("SET k v"));
        await using RunningProxy renamed = await StartAsync(mode, tenant => tenant.Name == "app1" ? tenant with { Namespace = "cluster1@newer", Placement = KeyPlacement.Pinned } : tenant);
        await using RespClient refused = await renamed.ConnectAsync("app1");
        Assert.StartsWith(Refused, (await refused.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_MULTI_opens_no_transaction_and_one_that_is_open_stays_with_its_tenant()
    {
        await EmptyAsync(UpstreamMode.Standalone);
        (await scene.ServersOf(UpstreamMode.Standalone)[0].CommandAsync("SET", Marker, "cluster1@app1 elsewhere")).OrThrow();
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Standalone);
        await using RespClient refused = await proxy.ConnectAsync("app1");
        string[] replies = await refused.PipelineAsync("MULTI", "SET k v", "EXEC");
        Assert.All(replies[..2], reply => Assert.StartsWith("-ERR the key '" + Marker, reply, StringComparison.Ordinal));
        Assert.Equal("-ERR EXEC without MULTI\r\n", replies[2]);

        await using RespClient other = await proxy.ConnectAsync("app10");
        replies = await other.PipelineAsync("MULTI", "AUTH app1 " + RunningProxy.PasswordOf("app1"), "SET k v", "EXEC", "GET k");
        Assert.Equal(
            ["+OK\r\n", "-ERR Command not allowed inside a transaction\r\n", "+QUEUED\r\n", "-EXECABORT Transaction discarded because of previous errors.\r\n", "$-1\r\n"], replies);
    }

    [Fact]
    public async Task Clients_that_come_at_once_wait_for_one_check_and_keep_their_order()
    {
        await EmptyAsync(UpstreamMode.Cluster);
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Cluster);
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => proxy.ConnectAsync("app1")));
        string[][] replies = await Task.WhenAll(clients.Select((client, i) => client.PipelineAsync("PING", $"SET {i} a", $"APPEND {i} b", $"GET {i}", "ECHO end")));
        Assert.All(replies, each => Assert.Equal(["+PONG\r\n", "+OK\r\n", ":2\r\n", "$2\r\nab\r\n", "$3\r\nend\r\n"], each));
        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    [Fact]
    public async Task An_upstream_that_does_not_let_the_proxy_keep_markers_is_used_without()
    {
        await EmptyAsync(UpstreamMode.Standalone);
        LocalRedis server = scene.ServersOf(UpstreamMode.Standalone)[0];
        (await server.CommandAsync("ACL", "SETUSER", "confined", "on", ">secret", "+@all", "~cluster1@*", "&*")).OrThrow();
        await using RunningProxy proxy = await StartAsync(
            UpstreamMode.Standalone, tenant => tenant, upstream => upstream with { Username = "confined", Password = "secret" });
        await using RespClient one = await proxy.ConnectAsync("app1");
        Assert.Equal("OK", (await one.CommandAsync("SET", "k", "v")).Text);
        Assert.Single(proxy.Log, line => line.Contains("will not be noticed", StringComparison.Ordinal) && line.Contains("NOPERM", StringComparison.Ordinal));
        Assert.Equal(["cluster1@app1:k"], await scene.RawKeysAsync(UpstreamMode.Standalone));
    }

    [Fact]
    public async Task A_marker_that_is_none_is_not_overwritten()
    {
        await EmptyAsync(UpstreamMode.Standalone);
        LocalRedis server = scene.ServersOf(UpstreamMode.Standalone)[0];
        (await server.CommandAsync("SET", Marker, "cluster1@app1 elsewhere")).OrThrow();
        await using RunningProxy proxy = await StartAsync(UpstreamMode.Standalone);
        await using RespClient one = await proxy.ConnectAsync("app1");
        Assert.StartsWith($"ERR the key '{Marker}' at the upstream is not a placement marker", (await one.CommandAsync("GET", "k")).Text, StringComparison.Ordinal);
        Assert.Equal("cluster1@app1 elsewhere", (await server.CommandAsync("GET", Marker)).Text);
    }

    [Fact]
    public async Task While_no_node_can_be_asked_requests_fail_in_their_turn_and_the_next_ones_try_again()
    {
        bool isLoading = true;
        await using FakeNode node = Scene.Standalone(request =>
            Volatile.Read(ref isLoading) ? FakeAnswer.Send(Wire.Error("LOADING Redis is loading the dataset in memory")) : FakeAnswer.Send(Wire.Ok));
        await using RunningProxy proxy = await Scene.ProxyAsync(
            UpstreamMode.Standalone, node, upstream => upstream with { PlacementMarkers = true, RequestTimeout = Scene.ShortTimeout });
        await using RespClient one = await proxy.ConnectAsync("app1");
        Assert.Equal(
            ["+PONG\r\n", "-ERR upstream unavailable, the command was not executed, try again later\r\n", "+PONG\r\n"],
            await one.PipelineAsync("PING", "SET k v", "PING"));
        Assert.DoesNotContain(node.Requests, request => request.ToString().Contains("cluster1@app1:k", StringComparison.Ordinal));

        Volatile.Write(ref isLoading, false);
        Assert.Equal(["+OK\r\n"], await one.PipelineAsync("SET k v"));
        int markers = node.Requests.Count(IsOfMarker);
        Assert.Equal($"SET {Marker} cluster1@app1 spread NX", node.Requests.Last(IsOfMarker).ToString());
        await using RespClient next = await proxy.ConnectAsync("app1");
        Assert.Equal(["+OK\r\n"], await next.PipelineAsync("SET k v"));
        Assert.Equal(markers, node.Requests.Count(IsOfMarker));
    }

    private static bool IsOfMarker(FakeRequest request) => request.ToString().Contains(Marker, StringComparison.Ordinal);

    private static string Name(KeyPlacement placement) => placement.ToString().ToLowerInvariant();

    private async Task EmptyAsync(UpstreamMode mode)
    {
        foreach (LocalRedis server in scene.ServersOf(mode)) (await server.CommandAsync("FLUSHALL")).OrThrow();
    }

    private Task<RunningProxy> StartAsync(UpstreamMode mode) => StartAsync(mode, tenant => tenant);

    /// <summary>Other than the scene's own, on the data that is there.</summary>
    private Task<RunningProxy> StartAsync(UpstreamMode mode, Func<TenantSnapshot, TenantSnapshot> tenant, Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null) =>
        RunningProxy.StartAsync(mode, [.. scene.ServersOf(mode).Select(server => (server.Host, server.Port))], configuration =>
        {
            configuration = KeyspaceScene.WithTenants(configuration);
            UpstreamSnapshot marked = configuration.Upstreams[0] with { PlacementMarkers = true };
            return configuration with { Tenants = [.. configuration.Tenants.Select(tenant)], Upstreams = [upstream?.Invoke(marked) ?? marked] };
        });
}
