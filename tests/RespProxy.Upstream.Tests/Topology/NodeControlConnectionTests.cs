using System.Net;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.Topology;

public class NodeControlConnectionTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(null, "secret", "AUTH secret")]
    [InlineData("proxy", "secret", "AUTH proxy secret")]
    public async Task It_authenticates_before_anything_else(string? user, string? password, string expected)
    {
        await using FakeNode node = FakeNode.Start(Wire.Ok);
        await using NodeControlConnection connection = await ConnectAsync(node, user, password);
        ReplyNode reply = await connection.AskAsync(["PING"], TestContext.Current.CancellationToken);
        Assert.Equal("OK", reply.Text);
        Assert.Equal([expected, "PING"], node.Requests.Select(request => request.ToString()));
    }

    [Fact]
    public async Task Without_a_password_it_sends_no_auth()
    {
        await using FakeNode node = FakeNode.Start(Wire.Ok);
        await using NodeControlConnection connection = await ConnectAsync(node, null, null);
        await connection.AskAsync(["PING"], TestContext.Current.CancellationToken);
        Assert.Equal("PING", Assert.Single(node.Requests).ToString());
    }

    [Fact]
    public async Task Refused_credentials_are_told_without_the_password()
    {
        await using FakeNode node = FakeNode.Start(Wire.Error("WRONGPASS invalid username-password pair"));
        NodeControlException refused = await Assert.ThrowsAsync<NodeControlException>(() => ConnectAsync(node, "proxy", "secret"));
        Assert.Contains("WRONGPASS", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
        await Eventually.HoldsAsync("the connection is closed", () => node.Open == 0);
    }

    [Fact]
    public async Task An_error_reply_is_returned_and_the_connection_goes_on()
    {
        await using FakeNode node = FakeNode.Start(request => FakeAnswer.Send(request.Command == "BAD" ? Wire.Error("ERR no") : Wire.Ok));
        await using NodeControlConnection connection = await ConnectAsync(node, null, null);
        Assert.True((await connection.AskAsync(["BAD"], TestContext.Current.CancellationToken)).IsError);
        Assert.False((await connection.AskAsync(["GOOD"], TestContext.Current.CancellationToken)).IsError);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_in_time_is_given_up()
    {
        await using FakeNode node = FakeNode.Start(_ => FakeAnswer.Silence);
        await using NodeControlConnection connection = await ConnectAsync(node, null, null);
        Task<ReplyNode> asking = connection.AskAsync(["PING"], TestContext.Current.CancellationToken);
        await node.ReceivedAsync(_ => true);
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<NodeControlException>(() => asking);
    }

    [Fact]
    public async Task A_connection_that_may_owe_a_reply_is_not_used_again()
    {
        await using FakeNode node = FakeNode.Start(_ => FakeAnswer.Silence);
        await using NodeControlConnection connection = await ConnectAsync(node, null, null);
        using var cancelling = new CancellationTokenSource();
        Task<ReplyNode> asking = connection.AskAsync(["PING"], cancelling.Token);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Assert.ThrowsAsync<NodeControlException>(() => connection.AskAsync(["PING"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_reply_cut_short_and_garbage_are_failures()
    {
        foreach (FakeAnswer answer in new[] { FakeAnswer.SendPart(Wire.Bulk("whole"), 6), FakeAnswer.Drop, FakeAnswer.Send("garbage\r\n"u8.ToArray()) })
        {
            await using FakeNode node = FakeNode.Start(_ => answer);
            await using NodeControlConnection connection = await ConnectAsync(node, null, null);
            await Assert.ThrowsAsync<NodeControlException>(() => connection.AskAsync(["PING"], TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_next_address_is_tried_when_one_refuses()
    {
        await using FakeNode node = FakeNode.Start(Wire.Ok);
        IPEndPoint[] endPoints = [new(IPAddress.Parse("127.0.0.9"), node.Port), new(IPAddress.Loopback, node.Port)];
        await using NodeControlConnection connection = await ConnectAsync(node, null, null, endPoints);
        Assert.Equal("OK", (await connection.AskAsync(["PING"], TestContext.Current.CancellationToken)).Text);
        await Assert.ThrowsAsync<NodeControlException>(() => ConnectAsync(node, null, null, endPoints[..1]));
    }

    private Task<NodeControlConnection> ConnectAsync(FakeNode node, string? user, string? password, IPEndPoint[]? endPoints = null)
    {
        var address = new NodeAddress(node.Host, node.Port);
        var upstream = new UpstreamSnapshot { Name = "test", Seeds = [address], Username = user, Password = password };
        return NodeControlConnection.ConnectAsync(
            address, endPoints ?? [new(IPAddress.Loopback, node.Port)], upstream, _time, TestContext.Current.CancellationToken);
    }
}
