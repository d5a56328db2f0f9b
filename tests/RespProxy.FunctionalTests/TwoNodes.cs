using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>A proxy before a cluster of two fake primaries: A has the lower half of the slots, B the upper.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private const int LastOfA = 8191;

    private volatile byte[] _slots = [];

    private TwoNodes(Func<FakeRequest, ValueTask<FakeAnswer>>? onA, Func<FakeRequest, ValueTask<FakeAnswer>>? onB)
    {
        A = Scene.ClusterNode(() => _slots, onA ?? Plain);
        B = Scene.ClusterNode(() => _slots, onB ?? Plain);
        _slots = Wire.ClusterSlots((0, LastOfA, A), (LastOfA + 1, 16_383, B));
        KeysOfA = [.. Scene.KeysIn(0, LastOfA).Take(10)];
        KeysOfB = [.. Scene.KeysIn(LastOfA + 1, 16_383).Take(10)];
    }

    public FakeNode A { get; }

    public FakeNode B { get; }

    public RunningProxy Proxy { get; private set; } = null!;

    public IReadOnlyList<string> KeysOfA { get; }

    public IReadOnlyList<string> KeysOfB { get; }

    public string KeyOfA => KeysOfA[0];

    public string KeyOfB => KeysOfB[0];

    public static Task<TwoNodes> StartAsync(
        Func<FakeRequest, FakeAnswer>? onA = null, Func<FakeRequest, FakeAnswer>? onB = null, Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null) =>
        StartAwaitingAsync(
            onA is null ? null : request => ValueTask.FromResult(onA(request)),
            onB is null ? null : request => ValueTask.FromResult(onB(request)),
            upstream);

    /// <summary>As <see cref="StartAsync"/>, with nodes that may wait before they answer.</summary>
    public static async Task<TwoNodes> StartAwaitingAsync(
        Func<FakeRequest, ValueTask<FakeAnswer>>? onA = null,
        Func<FakeRequest, ValueTask<FakeAnswer>>? onB = null,
        Func<UpstreamSnapshot, UpstreamSnapshot>? upstream = null)
    {
        var nodes = new TwoNodes(onA, onB);
        nodes.Proxy = await Scene.ProxyAsync(UpstreamMode.Cluster, nodes.A, upstream);
        await nodes.Proxy.ConnectedAsync(nodes: 2);
        return nodes;
    }

    /// <summary>From now on the nodes say so when they are asked for the slots.</summary>
    public void SetSlots(params (int First, int Last, FakeNode Primary)[] ranges) => _slots = Wire.ClusterSlots(ranges);

    /// <summary>From now on no node tells the slots: the proxy is left with what it learns from redirects.</summary>
    public void HideSlots() => _slots = Wire.Error("ERR not now");

    public Task<RespClient> ConnectAsync() => Proxy.ConnectAsync();

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await A.DisposeAsync();
        await B.DisposeAsync();
    }

    private static ValueTask<FakeAnswer> Plain(FakeRequest request) => ValueTask.FromResult(Scene.Plain(request));
}

/// <summary>Closed until a test opens it; then open for good.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _opened.TrySetResult();

    public async ValueTask<FakeAnswer> Then(FakeAnswer answer)
    {
        await _opened.Task;
        return answer;
    }
}
