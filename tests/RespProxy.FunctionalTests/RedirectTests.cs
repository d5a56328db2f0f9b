using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests;

/// <summary>What a node says to a cluster client is dealt with inside the proxy: its client talks to a plain Redis.</summary>
public sealed class RedirectTests
{
    private const string NotExecuted = "-ERR upstream unavailable, the command was not executed, try again later\r\n";

    [Fact]
    public async Task A_moved_is_followed_and_the_slot_is_learned()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: request => FakeAnswer.Send(Wire.Moved(SlotOf(request), nodes!.B)));
        nodes.HideSlots();
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([Bulk(nodes.KeyOfA)], await client.PipelineAsync($"GET {nodes.KeyOfA}"));
        Assert.Equal([Bulk(nodes.KeyOfA)], await client.PipelineAsync($"GET {nodes.KeyOfA}"));

        Assert.Equal(1, nodes.A.CountOf("GET"));
        Assert.Equal(2, nodes.B.CountOf("GET"));
        Assert.Equal(1, nodes.Proxy.Server.ReadCounters().Upstreams[0].Moved);
    }

    [Fact]
    public async Task An_ask_is_followed_behind_an_asking_and_is_not_learned()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: request => FakeAnswer.Send(Wire.Ask(SlotOf(request), nodes!.B)));
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([Bulk(nodes.KeyOfA)], await client.PipelineAsync($"GET {nodes.KeyOfA}"));
        Assert.Equal([Bulk(nodes.KeyOfA)], await client.PipelineAsync($"GET {nodes.KeyOfA}"));
        Assert.Equal(["+OK\r\n"], await client.PipelineAsync($"SET {nodes.KeyOfB} v"));

        Assert.Equal(2, nodes.A.CountOf("GET"));
        Assert.Equal(["ASKING", "GET", "ASKING", "GET", "SET"], TenantCommands(nodes.B));
    }

    [Fact]
    public async Task A_split_request_follows_the_redirect_of_one_part()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: request => FakeAnswer.Send(Wire.Ask(SlotOf(request), nodes!.B)));
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync($"MGET {nodes.KeyOfB} {nodes.KeyOfA}", "PING");

        Assert.Equal([Wire.Text(Wire.Array(Wire.Bulk(nodes.KeyOfB), Wire.Bulk(nodes.KeyOfA))), "+PONG\r\n"], replies);
    }

    [Fact]
    public async Task Nodes_that_name_each_other_for_ever_end_in_an_error_after_the_allowed_hops()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(
            onA: request => FakeAnswer.Send(Wire.Moved(SlotOf(request), nodes!.B)),
            onB: request => FakeAnswer.Send(Wire.Moved(SlotOf(request), nodes!.A)));
        nodes.HideSlots();
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync($"SET {nodes.KeyOfA} v", "PING");

        Assert.Equal(["-ERR too many cluster redirects, the command was not executed, try again later\r\n", "+PONG\r\n"], replies);
        int allowed = nodes.Proxy.Configuration.Upstreams[0].MaxRedirects;
        Assert.Equal(allowed + 1, nodes.A.CountOf("SET") + nodes.B.CountOf("SET"));
    }

    [Fact]
    public async Task A_moved_without_a_host_means_the_host_that_sent_it()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(
            onA: request => FakeAnswer.Send(Wire.Error(string.Create(CultureInfo.InvariantCulture, $"MOVED {SlotOf(request)} :{nodes!.B.Port}"))));
        nodes.HideSlots();
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([Bulk(nodes.KeyOfA)], await client.PipelineAsync($"GET {nodes.KeyOfA}"));
    }

    [Theory]
    [InlineData("MOVED 1")]
    [InlineData("MOVED 99999 127.0.0.1:1")]
    [InlineData("MOVED x 127.0.0.1:1")]
    [InlineData("ASK 1 127.0.0.1")]
    [InlineData("ASK 1 127.0.0.1:0")]
    public async Task A_redirect_that_makes_no_sense_never_reaches_the_client(string error)
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Send(Wire.Error(error)));
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync($"GET {nodes.KeyOfA}", $"GET {nodes.KeyOfB}");

        Assert.DoesNotContain("MOVED", replies[0], StringComparison.Ordinal);
        Assert.DoesNotContain("ASK", replies[0], StringComparison.Ordinal);
        Assert.StartsWith("-ERR ", replies[0], StringComparison.Ordinal);
        Assert.Equal(Bulk(nodes.KeyOfB), replies[1]);
    }

    [Theory]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot")]
    [InlineData("CLUSTERDOWN The cluster is down")]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("MASTERDOWN Link with MASTER is down")]
    public async Task What_a_node_asks_to_try_again_is_tried_again(string error)
    {
        int refused = 0;
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: request => refused++ < 2 ? FakeAnswer.Send(Wire.Error(error)) : Scene.Plain(request));
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal(["+OK\r\n", "+PONG\r\n"], await client.PipelineAsync($"SET {nodes.KeyOfA} v", "PING"));
        Assert.Equal(3, nodes.A.CountOf("SET"));
    }

    [Theory]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot")]
    [InlineData("CLUSTERDOWN The cluster is down")]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("READONLY You can't write against a read only replica.")]
    public async Task A_node_that_never_stops_asking_ends_in_an_error_within_the_request_timeout(string error)
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Send(Wire.Error(error)), upstream: Scene.WithShortTimeout);
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([NotExecuted, Bulk(nodes.KeyOfB)], await client.PipelineAsync($"SET {nodes.KeyOfA} v", $"GET {nodes.KeyOfB}"));
        Assert.InRange(nodes.A.CountOf("SET"), 2, (int)(Scene.ShortTimeout / TimeSpan.FromMilliseconds(20)) + 1);
    }

    [Fact]
    public async Task A_primary_that_became_a_replica_is_left_for_the_new_primary()
    {
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: _ =>
        {
            nodes!.SetSlots((0, 16_383, nodes.B));
            return FakeAnswer.Send(Wire.Error("READONLY You can't write against a read only replica."));
        });
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal(["+OK\r\n"], await client.PipelineAsync($"SET {nodes.KeyOfA} v"));
        Assert.Equal(1, nodes.B.CountOf("SET"));
    }

    [Fact]
    public async Task Other_errors_of_a_node_are_the_clients()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Send(Wire.Error("WRONGTYPE Operation against a key")));
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal(["-WRONGTYPE Operation against a key\r\n"], await client.PipelineAsync($"INCR {nodes.KeyOfA}"));
        Assert.Equal(1, nodes.A.CountOf("INCR"));
    }

    internal static IEnumerable<string> TenantCommands(FakeNode node) =>
        node.Requests.Select(request => request.Command).Where(command => command is not ("HELLO" or "CLUSTER"));

    internal static int SlotOf(FakeRequest request) => Scene.SlotOf(Scene.KeyOf(request, 1));

    private static string Bulk(string value) => Wire.Text(Wire.Bulk(value));
}
