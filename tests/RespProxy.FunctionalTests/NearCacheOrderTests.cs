using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// What a client may be served after what it has written and read, however late the node tells of changes: here it tells of none unless the test
/// says so.
/// </summary>
public sealed class NearCacheOrderTests
{
    private static readonly string Old = Wire.Text(Wire.Bulk("old"));
    private static readonly string New = Wire.Text(Wire.Bulk("new"));

    [Theory]
    [InlineData("SET k new")]
    [InlineData("MSET k new j new")]
    [InlineData("MULTI", "SET k new", "EXEC")]
    public async Task A_client_reads_what_it_has_written_in_one_pipeline_and_later(params string[] write)
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();

        string[] replies = await client.PipelineAsync([.. write, "GET k"]);
        Assert.Equal(New, replies[^1]);
        Assert.Equal("new", (await client.CommandAsync("GET", "k")).Text);

        // And so when each is waited for.
        node.Values[Scene.Prefix + "k"] = "old";
        await node.TellAsync("k");
        await node.Proxy.CachedAsync(client, "GET", "k");
        foreach (string request in write) await client.CommandAsync(request.Split(' '));
        Assert.Equal(("new", false), await node.Proxy.ReadAsync(client, "GET", "k"));
        Assert.Equal(("new", true), await node.Proxy.ReadAsync(client, "GET", "k"));
    }

    [Theory]
    [InlineData("GETRANGE k 0 -1")]
    [InlineData("MGET k j")]
    [InlineData("MULTI", "GET k", "EXEC")]
    public async Task A_client_that_has_read_past_the_cache_is_served_nothing_that_may_be_older(params string[] read)
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();
        Assert.Equal(("old", true), await node.Proxy.ReadAsync(client, "GET", "k"));
        node.Change("k");

        string[] replies = await client.PipelineAsync([.. read, "GET k"]);
        Assert.Equal(New, replies[^1]);
        Assert.Equal("new", (await client.CommandAsync("GET", "k")).Text);
    }

    [Fact]
    public async Task A_write_of_one_client_is_seen_by_the_others_of_its_loop_once_it_is_answered()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient reader = await node.CachingAsync();
        await using RespClient writer = await node.Proxy.ConnectAsync();
        await writer.CommandAsync("SET", "k", "new");
        Assert.Equal(("new", false), await node.Proxy.ReadAsync(reader, "GET", "k"));
        Assert.Equal(("new", true), await node.Proxy.ReadAsync(writer, "GET", "k"));
    }

    [Fact]
    public async Task A_read_under_way_that_may_have_missed_a_write_is_not_shared_with_who_knows_of_the_write()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient early = await node.CachingAsync();
        await using RespClient writer = await node.Proxy.ConnectAsync();
        await node.TellAsync("k");
        await Eventually.HoldsAsync("it is dropped", () => node.Proxy.Cache().Invalidations == 1);
        Gate gate = node.Hold("k");
        int reads = node.Reads;
        await early.SendAsync(Scene.Requests("GET k"));
        await Eventually.HoldsAsync("the read is under way", () => node.Reads == reads + 1);

        await writer.CommandAsync("SET", "k", "new");
        long misses = node.Proxy.Cache().Misses;
        await writer.SendAsync(Scene.Requests("GET k"));
        await Eventually.HoldsAsync("the writer reads", () => node.Proxy.Cache().Misses == misses + 1);
        gate.Open();

        Assert.Equal([Old], await early.WiresAsync(1));
        Assert.Equal([New], await writer.WiresAsync(1));
    }

    [Fact]
    public async Task Clients_that_want_the_same_at_once_share_one_read()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient one = await node.CachingAsync();
        await using RespClient other = await node.Proxy.ConnectAsync();
        await node.TellAsync("k");
        await Eventually.HoldsAsync("it is dropped", () => node.Proxy.Cache().Invalidations == 1);
        Gate gate = node.Hold("k");
        int reads = node.Reads;
        long misses = node.Proxy.Cache().Misses;
        await one.SendAsync(Scene.Requests("GET k", "GET k"));
        await other.SendAsync(Scene.Requests("GET k"));
        await Eventually.HoldsAsync("all are under way", () => node.Proxy.Cache().Misses == misses + 3);
        gate.Open();

        Assert.Equal([Old, Old], await one.WiresAsync(2));
        Assert.Equal([Old], await other.WiresAsync(1));
        Assert.Equal(reads + 1, node.Reads);
    }

    [Fact]
    public async Task A_write_does_not_overtake_the_clients_own_read_that_fills_the_cache()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();
        await using RespClient other = await node.Proxy.ConnectAsync();
        await node.TellAsync("k");
        await Eventually.HoldsAsync("it is dropped", () => node.Proxy.Cache().Invalidations == 1);
        Gate gate = node.Hold("k");
        int reads = node.Reads;
        await client.SendAsync(Scene.Requests("GET k", "SET k new", "GET k"));
        await Eventually.HoldsAsync("the read is under way", () => node.Reads == reads + 1);
        // Over the connection that the write would take.
        await other.CommandAsync("SET", "j", "x");
        Assert.DoesNotContain(node.Node.Requests, request => request.Command == "SET" && request.Argument(1) == Scene.Prefix + "k");
        gate.Open();

        Assert.Equal([Old, Wire.Text(Wire.Ok), New], await client.WiresAsync(3));
    }

    [Fact]
    public async Task What_is_kept_is_not_served_behind_a_read_of_the_same_client_that_may_bring_newer()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();
        await using RespClient other = await node.CachingAsync("j");
        await node.TellAsync("j");
        await Eventually.HoldsAsync("it is dropped", () => node.Proxy.Cache().Invalidations == 1);
        await other.CommandAsync("TOUCH", "k");
        node.Change("k");
        Gate ofJ = node.Hold("j");
        Gate ofK = node.Hold("k");
        long misses = node.Proxy.Cache().Misses;
        await other.SendAsync(Scene.Requests("GET j"));
        await Eventually.HoldsAsync("j is under way", () => node.Proxy.Cache().Misses == misses + 1);
        await client.SendAsync(Scene.Requests("GET k"));
        await Eventually.HoldsAsync("k is under way behind it", () => node.Proxy.Cache().Misses == misses + 2);
        ofJ.Open();
        // It says: of k, as it is kept, nothing was told up to when j was read.
        Assert.Equal([Old], await other.WiresAsync(1));
        long answered = misses + 2 + node.Proxy.Cache().Hits;
        await client.SendAsync(Scene.Requests("GET k"));
        await Eventually.HoldsAsync("the next is taken", () => node.Proxy.Cache().Misses + node.Proxy.Cache().Hits == answered + 1);
        ofK.Open();

        Assert.Equal([New, New], await client.WiresAsync(2));
    }

    [Fact]
    public async Task An_invalidation_directly_behind_the_reply_that_fills_ends_it()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();
        await node.TellAsync("k");
        await Eventually.HoldsAsync("it is dropped", () => node.Proxy.Cache().Invalidations == 1);
        node.Instead = value => [.. value, .. Wire.Bytes(TrackingClient.Invalidation(Scene.Prefix + "k"))];

        Assert.Equal(("old", false), await node.Proxy.ReadAsync(client, "GET", "k"));
        await Eventually.HoldsAsync("it is dropped again", () => node.Proxy.Cache().Invalidations == 2);
        Assert.Equal(("old", false), await node.Proxy.ReadAsync(client, "GET", "k"));
        Assert.Equal(("old", true), await node.Proxy.ReadAsync(client, "GET", "k"));
    }

    [Fact]
    public async Task A_read_that_had_to_be_sent_again_is_not_kept()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync();
        await node.Proxy.CachedAsync(client, "GET", "j");
        await node.TellAsync("k");
        await node.TellAsync("j");
        await Eventually.HoldsAsync("both are dropped", () => node.Proxy.Cache().Invalidations == 2);
        node.Instead = _ => Wire.Error("TRYAGAIN not now");

        Assert.Equal(("old", false), await node.Proxy.ReadAsync(client, "GET", "k"));
        // What the node answers since says that it has told of everything: but of k it was not asked to tell.
        Assert.Equal(("old", false), await node.Proxy.ReadAsync(client, "GET", "j"));
        Assert.Equal(("old", false), await node.Proxy.ReadAsync(client, "GET", "k"));
        Assert.Equal(("old", true), await node.Proxy.ReadAsync(client, "GET", "k"));
    }

    [Fact]
    public async Task A_reply_from_the_cache_takes_its_place_behind_those_still_owed()
    {
        await using SilentNode node = await SilentNode.StartAsync();
        await using RespClient client = await node.CachingAsync("j");
        node.Values[Scene.Prefix + "cold"] = "slow";
        Gate gate = node.Hold("cold");
        long hits = node.Proxy.Cache().Hits;
        await client.SendAsync(Scene.Requests("GET cold", "GET j"));
        await Eventually.HoldsAsync("the cache has answered", () => node.Proxy.Cache().Hits == hits + 1);
        gate.Open();

        Assert.Equal([Wire.Text(Wire.Bulk("slow")), Old], await client.WiresAsync(2));
    }
}
