using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Errors in RESP3's second form, <c>!length</c>: no Redis sends them yet, and a module or a successor may.</summary>
public sealed class BlobErrorTests
{
    [Fact]
    public async Task A_blob_error_shows_no_namespace_alone_or_within_a_transaction()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command switch
        {
            "GET" => FakeAnswer.Send(Blob($"ERR no '{Scene.Prefix}k' here")),
            "EXEC" => FakeAnswer.Send(Wire.Array(Blob($"ERR no '{Scene.Prefix}k' here"), Wire.Ok)),
            _ => Scene.Plain(request),
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.CommandAsync("HELLO", "3");

        Assert.Equal(["-ERR no 'k' here\r\n"], await client.PipelineAsync("GET k"));
        Assert.Equal(
            ["+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n!15\r\nERR no 'k' here\r\n+OK\r\n"],
            await client.PipelineAsync("MULTI", "GET k", "SET k v", "EXEC"));
    }

    [Fact]
    public async Task A_redirect_in_a_blob_error_is_followed_and_not_shown()
    {
        FakeNode? b = null;
        await using TwoNodes nodes = await TwoNodes.StartAsync(
            onA: request => request.Command == "GET" ? FakeAnswer.Send(Blob($"ASK {Scene.SlotOf(Scene.KeyOf(request, 1))} {b!.Host}:{b.Port}")) : Scene.Plain(request));
        b = nodes.B;
        await using RespClient client = await nodes.ConnectAsync();

        Assert.Equal([Wire.Text(Wire.Bulk(nodes.KeyOfA)), Wire.Text(Wire.Bulk(nodes.KeyOfB))], await client.PipelineAsync("GET " + nodes.KeyOfA, "GET " + nodes.KeyOfB));
        Assert.Equal(1, nodes.B.CountOf("ASKING"));
    }

    private static byte[] Blob(string text) => Wire.Bytes($"!{text.Length}\r\n{text}\r\n");
}
