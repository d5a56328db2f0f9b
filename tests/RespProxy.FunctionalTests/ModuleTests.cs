using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Commands of modules against a stand-in for a node that has them, and against one that has not.</summary>
public sealed class ModuleTests
{
    [Fact]
    public async Task A_node_with_the_modules_gets_every_key_in_the_namespace_and_its_reply_passes()
    {
        await using FakeNode node = Scene.Standalone(request => FakeAnswer.Send(request.Command switch
        {
            "JSON.MGET" => Wire.Array(Wire.Bulk("[1]"), Wire.Bulk("[2]")),
            "CMS.MERGE" => Wire.Ok,
            _ => Wire.Integer(1),
        }));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        string[] replies = await client.PipelineAsync("JSON.MGET a b $", "cms.merge d 2 x y WEIGHTS 1 2", "BF.ADD f item");

        Assert.Equal(["*2\r\n$3\r\n[1]\r\n$3\r\n[2]\r\n", "+OK\r\n", ":1\r\n"], replies);
        string[] sent = [.. node.Requests.Where(request => request.Command.Contains('.', StringComparison.Ordinal)).Select(request => string.Join(' ', Enumerable.Range(1, request.Arguments.Count - 1).Select(request.Argument)))];
        Assert.Equal(["cluster1@app1:a cluster1@app1:b $", "cluster1@app1:d 2 cluster1@app1:x cluster1@app1:y WEIGHTS 1 2", "cluster1@app1:f item"], sent);
    }

    [Theory]
    [InlineData("JSON.SET", "JSON.SET k $ 1")]
    [InlineData("TOPK.ADD", "topk.add k item")]
    public async Task A_node_without_the_module_does_not_know_the_command_and_nothing_of_the_namespace_shows(string name, string request)
    {
        // Redis quotes 128 bytes of the arguments: here the last of them end amid the namespace.
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Wire.Error($"ERR unknown command '{name}', with args beginning with: 'cluster1@app1:k' 'cluster1@ap' ")));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([$"-ERR unknown command '{name}', with args beginning with: \r\n"], await client.PipelineAsync(request));
    }

    [Theory]
    [InlineData("FT.SEARCH idx *", "-NOPERM tenant 'app1' may not run 'ft.search'\r\n")]
    [InlineData("TS.MGET FILTER a=b", "-NOPERM tenant 'app1' may not run 'ts.mget'\r\n")]
    [InlineData("TS.INFO k", "-ERR command 'ts.info' is not supported by this proxy yet\r\n")]
    public async Task What_sees_the_keys_of_other_tenants_is_refused_and_never_sent(string request, string expected)
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal([expected], await client.PipelineAsync(request));
        Assert.DoesNotContain(node.Requests, sent => sent.Command.Contains('.', StringComparison.Ordinal));
    }
}
