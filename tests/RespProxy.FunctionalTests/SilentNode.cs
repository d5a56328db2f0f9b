using System.Collections.Concurrent;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// A proxy with a near cache before a standalone fake node that keeps strings and agrees to track, but tells of no change unless the test has it tell:
/// whatever the cache serves rightly, it serves by its own care.
/// </summary>
internal sealed class SilentNode : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Gate> _gates = new(StringComparer.Ordinal);

    private SilentNode()
    {
        Node = Scene.Standalone(AnswerAsync);
        foreach (string key in (string[])["j", "k"]) Values[Scene.Prefix + key] = "old";
    }

    public FakeNode Node { get; }

    public RunningProxy Proxy { get; private set; } = null!;

    /// <summary>By the keys' names upstream.</summary>
    public ConcurrentDictionary<string, string> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>What the next read is answered with in place of a value; used once.</summary>
    public Func<byte[], byte[]>? Instead { get; set; }

    public int Reads => Node.CountOf("GET");

    public static async Task<SilentNode> StartAsync()
    {
        var node = new SilentNode();
        node.Proxy = await NearCacheScene.ProxyAsync(UpstreamMode.Standalone, [(node.Node.Host, node.Node.Port)]);
        return node;
    }

    /// <summary>From now on reads of this key see what there is, and are answered when the gate opens.</summary>
    public Gate Hold(string key) => _gates[Scene.Prefix + key] = new Gate();

    /// <summary>The value changes without a word.</summary>
    public void Change(string key) => Values[Scene.Prefix + key] = "new";

    public Task TellAsync(string key) => Node.SendToAllAsync(Wire.Bytes(TrackingClient.Invalidation(Scene.Prefix + key)));

    /// <summary>A client that is served <c>old</c> for this key from the cache.</summary>
    public async Task<RespClient> CachingAsync(string key = "k")
    {
        RespClient client = await Proxy.ConnectAsync();
        await Proxy.CachedAsync(client, "GET", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Node.DisposeAsync();
    }

    private async ValueTask<FakeAnswer> AnswerAsync(FakeRequest request)
    {
        switch (request.Command)
        {
            case "GET":
                byte[] value = Wire.Bulk(Values[request.Argument(1)]);
                if (Instead is { } instead)
                {
                    Instead = null;
                    value = instead(value);
                }

                return _gates.TryGetValue(request.Argument(1), out Gate? gate) ? await gate.Then(FakeAnswer.Send(value)) : FakeAnswer.Send(value);
            case "MGET":
                return FakeAnswer.Send(Wire.Array([.. request.Arguments.Skip(1).Select(key => Wire.Bulk(Values[Wire.Text(key)]))]));
            case "SET" or "MSET":
                for (int i = 1; i < request.Arguments.Count; i += 2) Values[request.Argument(i)] = request.Argument(i + 1);
                return FakeAnswer.Ok;
            case "EXEC":
                return FakeAnswer.Send(Wire.Array(Wire.Ok));
            default:
                return FakeAnswer.Ok;
        }
    }
}
