using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>Fake nodes that answer what a proxy asks of a node on its own account, and leave the rest to the test.</summary>
internal static class Scene
{
    /// <summary>What starts the keys of the tenant app1 on the nodes.</summary>
    public const string Prefix = "cluster1@app1:";

    /// <summary>For tests that wait for it to pass: no shorter than a loaded machine's hiccups.</summary>
    public static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(400);

    /// <summary>A standalone node: HELLO is answered, every other request goes to <paramref name="answer"/>.</summary>
    public static FakeNode Standalone(Func<FakeRequest, FakeAnswer> answer) => Standalone(request => ValueTask.FromResult(answer(request)));

    public static FakeNode Standalone(Func<FakeRequest, ValueTask<FakeAnswer>> answer) =>
        FakeNode.Start(request => request.Command == "HELLO" ? ValueTask.FromResult(Hello(request)) : answer(request));

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

    /// <summary>A proxy that knows the topology; its connections may not stand yet.</summary>
    public static Task<RunningProxy> ProxyAsync(UpstreamMode mode, FakeNode seed, Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null) =>
        RunningProxy.StartAsync(mode, [(seed.Host, seed.Port)], configuration => upstream is null
            ? configuration
            : configuration with { Upstreams = [upstream(configuration.Upstreams[0])] });

    /// <summary>A proxy with limits of its own before a standalone node.</summary>
    public static Task<RunningProxy> ProxyAsync(FakeNode node, Func<LimitsSnapshot, LimitsSnapshot> limits) =>
        RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], configuration => configuration with { Limits = limits(configuration.Limits) });

    public static UpstreamSnapshot WithShortTimeout(UpstreamSnapshot upstream) => upstream with { RequestTimeout = ShortTimeout };

    /// <summary>A key whose slot, in app1's namespace, is in the wanted range.</summary>
    public static string KeyIn(int first, int last) => KeysIn(first, last).First();

    public static IEnumerable<string> KeysIn(int first, int last) =>
        Enumerable.Range(0, 100_000).Select(i => "key" + i).Where(key => SlotOf(key) >= first && SlotOf(key) <= last);

    public static int SlotOf(string key) => HashSlot.Of(Wire.Bytes(Prefix + key));

    /// <summary>What a node with a value for every key answers: the value is the key's own name, without the namespace.</summary>
    public static FakeAnswer Plain(FakeRequest request) => FakeAnswer.Send(request.Command switch
    {
        "GET" => Wire.Bulk(KeyOf(request, 1)),
        "MGET" => Wire.Array([.. Enumerable.Range(1, request.Arguments.Count - 1).Select(i => Wire.Bulk(KeyOf(request, i)))]),
        "DEL" or "EXISTS" or "UNLINK" or "TOUCH" => Wire.Integer(request.Arguments.Count - 1),
        "INCR" => Wire.Integer(1),
        _ => Wire.Ok,
    });

    public static string KeyOf(FakeRequest request, int argument) => request.Argument(argument)[Prefix.Length..];

    /// <summary>Sends requests, one per string, words parted by blanks, in one piece, and reads as many replies, as they stood on the wire.</summary>
    public static async Task<string[]> PipelineAsync(this RespClient client, params string[] requests)
    {
        await client.SendAsync(Requests(requests));
        return await client.WiresAsync(requests.Length);
    }

    /// <summary>Reads replies as they stood on the wire.</summary>
    public static async Task<string[]> WiresAsync(this RespClient client, int count) =>
        [.. (await client.ReadRepliesAsync(count)).Select(reply => reply.Wire)];

    public static byte[] Requests(params string[] requests) => [.. requests.SelectMany(request => Wire.Request(request.Split(' ')))];

    /// <summary>Every loop is connected to so many nodes: a request that comes sooner is parked, and its client's later ones wait.</summary>
    public static Task ConnectedAsync(this RunningProxy proxy, int nodes) => Eventually.HoldsAsync(
        "the proxy is connected to its nodes",
        () => proxy.Server.ReadCounters().Upstreams[0].ConnectionsMade >= nodes * proxy.Configuration.Loops);

    public static int CountOf(this FakeNode node, string command) => node.Requests.Count(request => request.Command == command);

    public static Task ReceivedAsync(this FakeNode node, string command, int times) =>
        Eventually.HoldsAsync(string.Create(CultureInfo.InvariantCulture, $"{command} arrives {times} times"), () => node.CountOf(command) >= times);

    public static FakeAnswer Hello(FakeRequest request) => FakeAnswer.Send(request.Argument(1) == "3"
        ? Wire.Bytes("%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n")
        : Wire.Bytes("*6\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n"));
}
