using RespProxy.Configuration;
using RespProxy.Protocol.Slots;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Fake nodes that answer what a proxy asks of a node on its own account, and leave the rest to the test.</summary>
internal static class Scene
{
    /// <summary>A standalone node: HELLO is answered, every other request goes to <paramref name="answer"/>.</summary>
    public static FakeNode Standalone(Func<FakeRequest, FakeAnswer> answer) =>
        FakeNode.Start(request => request.Command == "HELLO" ? Hello(request) : answer(request));

    /// <summary>A node of a cluster whose slots are as <paramref name="slots"/> says at each call.</summary>
    public static FakeNode ClusterNode(Func<byte[]> slots, Func<FakeRequest, ValueTask<FakeAnswer>> answer) => FakeNode.Start(request => request.Command switch
    {
        "HELLO" => ValueTask.FromResult(Hello(request)),
        "CLUSTER" when request.Argument(1).Equals("SLOTS", StringComparison.OrdinalIgnoreCase) => ValueTask.FromResult(FakeAnswer.Send(slots())),
        "CLUSTER" when request.Argument(1).Equals("INFO", StringComparison.OrdinalIgnoreCase) =>
            ValueTask.FromResult(FakeAnswer.Send(Wire.Bulk("cluster_state:ok\r\ncluster_current_epoch:1\r\ncluster_my_epoch:1\r\n"))),
        "CLUSTER" => ValueTask.FromResult(FakeAnswer.Send(Wire.Error("ERR unknown subcommand"))),
        _ => answer(request),
    });

    public static FakeNode ClusterNode(Func<byte[]> slots, Func<FakeRequest, FakeAnswer> answer) =>
        ClusterNode(slots, request => ValueTask.FromResult(answer(request)));

    public static Task<RunningProxy> ProxyAsync(UpstreamMode mode, FakeNode seed, Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null) =>
        RunningProxy.StartAsync(mode, [(seed.Host, seed.Port)], configuration => upstream is null
            ? configuration
            : configuration with { Upstreams = [upstream(configuration.Upstreams[0])] });

    /// <summary>A key whose slot, in app1's namespace, is in the wanted range.</summary>
    public static string KeyIn(int first, int last) =>
        Enumerable.Range(0, 100_000).Select(i => "key" + i).First(key => SlotOf(key) >= first && SlotOf(key) <= last);

    public static int SlotOf(string key) => HashSlot.Of(Wire.Bytes("cluster1@app1:" + key));

    private static FakeAnswer Hello(FakeRequest request) => FakeAnswer.Send(request.Argument(1) == "3"
        ? Wire.Bytes("%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n")
        : Wire.Bytes("*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n"));
}
