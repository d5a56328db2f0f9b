using RespProxy.Testing;

namespace RespProxy.IntegrationTests;

/// <summary>The tools of the tests do what the tests rely on.</summary>
public sealed class TestingTests
{
    [Fact]
    public async Task A_fake_node_answers_in_order_and_records_what_it_got()
    {
        await using FakeNode node = FakeNode.Start(request => FakeAnswer.Send(Wire.Bulk(request.Argument(1))));
        await using RespClient client = await RespClient.ConnectAsync(node.Host, node.Port);
        await client.SendAsync(new[] { Wire.Request("ECHO", "a\r\n"), Wire.Request("ECHO", "\u00ff") }.SelectMany(bytes => bytes).ToArray());

        Assert.Equal("$3\r\na\r\n\r\n", (await client.ReadReplyAsync()).Wire);
        Assert.Equal("\u00ff", (await client.ReadReplyAsync()).Tree.Text);
        Assert.Equal(["ECHO a\r\n", "ECHO \u00ff"], node.Requests.Select(request => request.ToString()));
    }

    [Fact]
    public async Task A_fake_node_answers_when_the_test_lets_it()
    {
        var gate = new TaskCompletionSource();
        await using FakeNode node = FakeNode.Start(async _ =>
        {
            await gate.Task;
            return FakeAnswer.Ok;
        });
        await using RespClient client = await RespClient.ConnectAsync(node.Host, node.Port);
        await client.SendAsync(Wire.Request("GET", "k"));
        await node.ReceivedAsync(request => request.Command == "GET");
        Task<RawReply> reply = client.ReadReplyAsync();
        Assert.False(reply.IsCompleted);

        gate.SetResult();
        Assert.Equal("OK", (await reply).Tree.Text);
    }

    [Fact]
    public async Task A_fake_node_drops_a_connection_in_the_middle_of_a_reply()
    {
        await using FakeNode node = FakeNode.Start(_ => FakeAnswer.SendPart(Wire.Bulk("hello"), 6));
        await using RespClient client = await RespClient.ConnectAsync(node.Host, node.Port);
        await client.SendAsync(Wire.Request("GET", "k"));

        Assert.Equal("$5\r\nhe", Wire.Text(await client.ReadToEndAsync()));
        await Eventually.HoldsAsync("the connection is counted out", () => node.Open == 0);
        Assert.Equal(1, node.Accepted);
    }

    [Fact]
    public async Task A_cut_relay_resets_its_connections_and_accepts_new_ones()
    {
        await using FakeNode node = FakeNode.Start(Wire.Ok);
        await using TcpRelay relay = TcpRelay.Start(node.Host, node.Port);
        await using RespClient first = await RespClient.ConnectAsync(relay.Host, relay.Port);
        Assert.Equal("OK", (await first.CommandAsync("PING")).Text);

        relay.CutConnections();
        Assert.Empty(await first.ReadToEndAsync());
        await using RespClient second = await RespClient.ConnectAsync(relay.Host, relay.Port);
        Assert.Equal("OK", (await second.CommandAsync("PING")).Text);
    }

    [Fact]
    public void A_payload_arrives_whole_in_every_pair_and_byte_by_byte()
    {
        IEnumerable<string> arrivals = PayloadSplitter.Splits(Wire.Bytes("abc"))
            .Select(parts => string.Join('|', parts.Select(part => Wire.Text(part.Span))));
        Assert.Equal(["abc", "a|bc", "ab|c", "a|b|c"], arrivals);
        Assert.Equal(["", "a", "ab"], PayloadSplitter.Prefixes(Wire.Bytes("abc")).Select(prefix => Wire.Text(prefix.Span)));
    }
}
