using System.Globalization;
using RespProxy.Testing;

namespace RespProxy.FunctionalTests;

/// <summary>A client's later request never runs before an earlier one of the same key, however often that one is sent again.</summary>
public sealed class OvertakingTests
{
    private const int Requests = 500;

    [Theory]
    [InlineData("MOVED", true)]
    [InlineData("MOVED", false)]
    [InlineData("ASK", true)]
    [InlineData("ASK", false)]
    public async Task Redirected_requests_arrive_in_the_clients_order(string redirect, bool targetIsConnected)
    {
        await using FakeNode third = Scene.ClusterNode(() => Wire.Error("ERR not now"), Scene.Plain);
        TwoNodes? nodes = null;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: request =>
        {
            FakeNode target = targetIsConnected ? nodes!.B : third;
            int slot = RedirectTests.SlotOf(request);
            return FakeAnswer.Send(redirect == "ASK" ? Wire.Ask(slot, target) : Wire.Moved(slot, target));
        });
        nodes.HideSlots();
        await using RespClient client = await nodes.ConnectAsync();

        string[] replies = await client.PipelineAsync([.. Enumerable.Range(0, Requests).Select(i => $"SET {nodes.KeyOfA} {i}")]);

        Assert.All(replies, reply => Assert.Equal("+OK\r\n", reply));
        FakeNode reached = targetIsConnected ? nodes.B : third;
        Assert.Equal(Numbers(Requests), ValuesSet(reached));
        if (redirect == "ASK")
            Assert.Equal(Enumerable.Repeat(new[] { "ASKING", "SET" }, Requests).SelectMany(pair => pair), RedirectTests.TenantCommands(reached));
    }

    [Fact]
    public async Task A_slot_that_moves_in_the_middle_of_a_pipeline_keeps_its_order()
    {
        TwoNodes? nodes = null;
        int served = 0;
        await using TwoNodes started = nodes = await TwoNodes.StartAsync(onA: request =>
            served++ < Requests / 2 ? Scene.Plain(request) : FakeAnswer.Send(Wire.Moved(RedirectTests.SlotOf(request), nodes!.B)));
        nodes.HideSlots();
        await using RespClient client = await nodes.ConnectAsync();
        string[] first = [.. Enumerable.Range(0, Requests).Select(i => $"SET {nodes.KeyOfA} {i}")];
        string[] then = [.. Enumerable.Range(Requests, Requests).Select(i => $"SET {nodes.KeyOfA} {i}")];

        await client.SendAsync(Scene.Requests(first));
        await nodes.B.ReceivedAsync("SET", 1);
        await client.SendAsync(Scene.Requests(then));
        string[] replies = await client.WiresAsync(2 * Requests);

        Assert.All(replies, reply => Assert.Equal("+OK\r\n", reply));
        Assert.Equal(Numbers(2 * Requests), ValuesSet(nodes.A).Take(Requests / 2).Concat(ValuesSet(nodes.B)));
    }

    [Fact]
    public async Task A_request_waits_while_an_earlier_one_is_being_tried_again()
    {
        bool isOver = false;
        await using TwoNodes nodes = await TwoNodes.StartAsync(onA: request => request.Command == "MGET" && !Volatile.Read(ref isOver)
            ? FakeAnswer.Send(Wire.Error("TRYAGAIN Multiple keys request during rehashing of slot"))
            : Scene.Plain(request));
        await using RespClient client = await nodes.ConnectAsync();
        string key = nodes.KeyOfA;

        await client.SendAsync(Scene.Requests($"MGET {key} {key}"));
        await nodes.A.ReceivedAsync("MGET", 2);
        await client.SendAsync(Scene.Requests($"SET {key} v"));
        int tried = nodes.A.CountOf("MGET");
        await nodes.A.ReceivedAsync("MGET", tried + 2);
        Volatile.Write(ref isOver, true);

        Assert.Equal("+OK\r\n", (await client.WiresAsync(2))[1]);
        Assert.Equal("SET", RedirectTests.TenantCommands(nodes.A).Last());
        Assert.Equal(1, nodes.A.CountOf("SET"));
    }

    [Fact]
    public async Task After_a_change_of_the_slot_map_a_request_waits_for_those_sent_by_the_old_one()
    {
        var gate = new Gate();
        bool isGone = false;
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(
            onA: request => request.Command == "SET" ? gate.Then(FakeAnswer.Ok) : ValueTask.FromResult(Scene.Plain(request)),
            onB: request => ValueTask.FromResult(Volatile.Read(ref isGone) ? Scene.Plain(request) : FakeAnswer.Drop));
        await using RespClient client = await nodes.ConnectAsync();
        await using RespClient other = await nodes.ConnectAsync();
        string key = nodes.KeyOfA;

        await client.SendAsync(Scene.Requests($"SET {key} 1"));
        await nodes.A.ReceivedAsync("SET", 1);

        // A lost connection makes the proxy look at the slots again: all are B's now.
        nodes.SetSlots((0, 16_383, nodes.B));
        await other.SendAsync(Scene.Requests($"GET {nodes.KeyOfB}"));
        await nodes.B.ReceivedAsync("GET", 1);
        Volatile.Write(ref isGone, true);
        await other.ReadReplyAsync();
        await Eventually.HoldsAsync("the new map is in force", () => nodes.Proxy.Log.Any(line => line.Contains("slot map 2", StringComparison.Ordinal)));
        await client.SendAsync(Scene.Requests($"SET {key} 2"));
        Assert.Equal([Wire.Text(Wire.Bulk(key))], await other.PipelineAsync($"GET {key}"));
        Assert.Equal(1, nodes.B.Requests.Count(request => request.ToString() == $"GET {Scene.Prefix}{key}"));

        Assert.Equal(0, nodes.B.CountOf("SET"));
        gate.Open();
        Assert.Equal(["+OK\r\n", "+OK\r\n"], await client.WiresAsync(2));
        Assert.Equal(["1"], ValuesSet(nodes.A));
        Assert.Equal(["2"], ValuesSet(nodes.B));
    }

    private static IEnumerable<string> ValuesSet(FakeNode node) =>
        node.Requests.Where(request => request.Command == "SET").Select(request => request.Argument(2));

    private static IEnumerable<string> Numbers(int count) => Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture));
}
