using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>How a connection to a node begins: no tenant's request goes before it has succeeded.</summary>
public sealed class HandshakeTests
{
    private const string NotExecuted = "-ERR upstream unavailable, the command was not executed, try again later\r\n";

    [Fact]
    public async Task A_node_that_never_answers_the_handshake_is_given_up_and_tried_again()
    {
        bool answers = false;
        await using FakeNode node = FakeNode.Start(request =>
            request.Command != "HELLO" ? Scene.Plain(request) : Volatile.Read(ref answers) ? Scene.Hello(request) : FakeAnswer.Silence);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => upstream with { ConnectTimeout = TimeSpan.FromMilliseconds(150), RequestTimeout = Scene.ShortTimeout });
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([NotExecuted, "+PONG\r\n"], await client.PipelineAsync("SET k v", "PING"));
        Assert.Contains(proxy.Log, line => line.Contains("handshake timed out", StringComparison.Ordinal));
        Assert.Equal(0, node.CountOf("SET"));

        Volatile.Write(ref answers, true);
        await Eventually.HoldsAsync("the node serves", async () => (await client.PipelineAsync("GET k"))[0] == "$1\r\nk\r\n");
    }

    [Fact]
    public async Task Refused_credentials_end_in_an_error_and_a_log_line_without_the_password()
    {
        await using FakeNode node = FakeNode.Start(_ => FakeAnswer.Send(Wire.Error("WRONGPASS invalid username-password pair or user is disabled.")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => Scene.WithShortTimeout(upstream) with { Username = "proxy", Password = "hunter2" });
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([NotExecuted], await client.PipelineAsync("SET k v"));
        Assert.Contains(proxy.Log, line => line.Contains("handshake refused: WRONGPASS", StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Log, line => line.Contains("hunter2", StringComparison.Ordinal));
        Assert.All(node.Requests, request => Assert.Equal("HELLO 2 AUTH proxy hunter2 SETNAME respproxy", request.ToString()));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(null, "secret", "AUTH secret")]
    [InlineData("user", "secret", "AUTH user secret")]
    public async Task A_node_older_than_hello_is_spoken_to_in_resp2(string? user, string? password, string? expected)
    {
        await using FakeNode node = FakeNode.Start(request => request.Command switch
        {
            "HELLO" => FakeAnswer.Send(Wire.Error("ERR unknown command `HELLO`, with args beginning with: `2`, ")),
            "AUTH" => FakeAnswer.Ok,
            _ => Scene.Plain(request),
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => upstream with { Username = user, Password = password });
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["-NOPROTO unsupported protocol version\r\n", "$1\r\nk\r\n"], await client.PipelineAsync("HELLO 3", "GET k"));
        Assert.Equal(expected, node.Requests.FirstOrDefault(request => request.Command == "AUTH")?.ToString());
    }

    [Fact]
    public async Task Resp3_clients_are_served_over_a_connection_of_their_own()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(Wire.Integer(request.Connection)));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient two = await proxy.ConnectAsync();
        await using RespClient three = await proxy.ConnectAsync();
        (await three.CommandAsync("HELLO", "3")).OrThrow();

        Assert.NotEqual(await two.PipelineAsync("INCR k"), await three.PipelineAsync("INCR k"));
        Assert.Contains(node.Requests, request => request.ToString().StartsWith("HELLO 3", StringComparison.Ordinal));
    }
}
