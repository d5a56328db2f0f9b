using RespProxy.Testing;

namespace RespProxy.FunctionalTests;

/// <summary>One client's replies come in the order of its requests, whatever answers them and when.</summary>
public sealed class ReplyOrderTests
{
    [Fact]
    public async Task Replies_keep_the_clients_order_when_the_second_node_answers_first()
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: request => gate.Then(Scene.Plain(request)));
        await using RespClient client = await nodes.ConnectAsync();
        string a = nodes.KeyOfA, b = nodes.KeyOfB;

        await client.SendAsync(Scene.Requests($"GET {b}", $"GET {a}", "PING", $"GET {b}", "NOSUCH", $"GET {a}", "ECHO e", $"SET {b} v"));
        await nodes.B.ReceivedAsync("SET", 1);
        gate.Open();

        Assert.Equal(
            [
                Bulk(b), Bulk(a), "+PONG\r\n", Bulk(b), "-ERR unknown command 'NOSUCH', with args beginning with: \r\n", Bulk(a), Bulk("e"), "+OK\r\n",
            ],
            await client.WiresAsync(8));
    }

    [Fact]
    public async Task What_is_answered_meanwhile_waits_for_the_slower_reply_before_it()
    {
        var gate = new Gate();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: request => gate.Then(Scene.Plain(request)));
        await using RespClient client = await nodes.ConnectAsync();
        await using RespClient other = await nodes.ConnectAsync();

        await client.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}", "PING", $"GET {nodes.KeyOfB}"));
        await nodes.B.ReceivedAsync("GET", 1);
        Assert.Equal([Bulk(nodes.KeyOfB), "+PONG\r\n"], await other.PipelineAsync($"GET {nodes.KeyOfB}", "PING"));

        Task<RawReply> first = client.ReadReplyAsync();
        Assert.False(first.IsCompleted);
        gate.Open();
        Assert.Equal(Bulk(nodes.KeyOfA), (await first).Wire);
        Assert.Equal(["+PONG\r\n", Bulk(nodes.KeyOfB)], await client.WiresAsync(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_split_mget_is_merged_in_argument_order_whichever_part_comes_last(bool lowerIsLast)
    {
        var gate = new Gate();
        ValueTask<FakeAnswer> Late(FakeRequest request) => gate.Then(Scene.Plain(request));
        await using TwoNodes nodes = lowerIsLast ? await TwoNodes.StartAwaitingAsync(onA: Late) : await TwoNodes.StartAwaitingAsync(onB: Late);
        await using RespClient client = await nodes.ConnectAsync();
        string[] keys = [nodes.KeysOfB[0], nodes.KeysOfA[0], nodes.KeysOfA[1], nodes.KeysOfB[1], nodes.KeysOfA[0]];

        await client.SendAsync(Scene.Requests("MGET " + string.Join(' ', keys), "PING"));
        await (lowerIsLast ? nodes.B : nodes.A).ReceivedAsync("MGET", 2);
        gate.Open();

        Assert.Equal([Wire.Text(Wire.Array([.. keys.Select(Wire.Bulk)])), "+PONG\r\n"], await client.WiresAsync(2));
    }

    [Fact]
    public async Task Split_counts_are_summed_and_a_split_mset_is_one_ok()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync();
        await using RespClient client = await nodes.ConnectAsync();
        string keys = string.Join(' ', nodes.KeysOfA.Take(3).Concat(nodes.KeysOfB.Take(2)));

        Assert.Equal(
            [":5\r\n", ":5\r\n", ":5\r\n", ":5\r\n", "+OK\r\n"],
            await client.PipelineAsync($"DEL {keys}", $"UNLINK {keys}", $"EXISTS {keys}", $"TOUCH {keys}", $"MSET {nodes.KeyOfB} 1 {nodes.KeyOfA} 2"));
        Assert.Equal($"MSET {Scene.Prefix}{nodes.KeyOfA} 2", nodes.A.Requests.Single(request => request.Command == "MSET").ToString());
        Assert.Equal($"MSET {Scene.Prefix}{nodes.KeyOfB} 1", nodes.B.Requests.Single(request => request.Command == "MSET").ToString());
    }

    [Fact]
    public async Task When_one_part_ends_in_an_error_the_client_gets_that_error_and_the_other_parts_stand()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Send(Wire.Error("OOM command not allowed")));
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync(
            $"MSET {nodes.KeyOfA} 1 {nodes.KeyOfB} 2", $"MGET {nodes.KeyOfA} {nodes.KeyOfB}", $"DEL {nodes.KeyOfB} {nodes.KeyOfA}", $"GET {nodes.KeyOfB}");

        const string Error = "-OOM command not allowed\r\n";
        Assert.Equal([Error, Error, Error, Bulk(nodes.KeyOfB)], replies);
        Assert.Equal(["MSET", "MGET", "DEL", "GET"], nodes.B.Requests.Select(request => request.Command).Where(command => command is not ("HELLO" or "CLUSTER")));
    }

    [Fact]
    public async Task A_part_of_an_unexpected_form_is_an_error_and_not_a_wrong_value()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: _ => FakeAnswer.Send(Wire.Array()));
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync($"MGET {nodes.KeyOfA} {nodes.KeyOfB}", $"DEL {nodes.KeyOfA} {nodes.KeyOfB}", "PING");

        Assert.Equal(["-ERR upstream sent a reply of an unexpected form\r\n", "-ERR upstream sent a reply of an unexpected form\r\n", "+PONG\r\n"], replies);
    }

    [Fact]
    public async Task A_long_pipeline_over_two_nodes_comes_back_in_order()
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync();
        await using RespClient client = await nodes.ConnectAsync();
        string[] keys = [.. Enumerable.Range(0, 20_000).Select(i => i % 3 == 0 ? nodes.KeysOfA[i % 10] : nodes.KeysOfB[i % 10])];

        Task sending = client.SendAsync(Scene.Requests([.. keys.Select(key => "GET " + key)]));
        Assert.Equal(keys.Select(Bulk), await client.WiresAsync(keys.Length));
        await sending;
    }

    private static string Bulk(string value) => Wire.Text(Wire.Bulk(value));
}
