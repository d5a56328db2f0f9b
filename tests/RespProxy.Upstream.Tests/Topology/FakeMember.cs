using System.Collections.Immutable;
using RespProxy.Configuration;
using RespProxy.Testing;

namespace RespProxy.Upstream.Tests.Topology;

/// <summary>A node of a cluster that exists only in the answers a test gives it: CLUSTER INFO, and SLOTS after refusing SHARDS.</summary>
internal sealed class FakeMember : IAsyncDisposable
{
    private readonly FakeNode _node;

    private FakeMember() => _node = FakeNode.Start(Answer);

    public NodeAddress Address => new(_node.Host, _node.Port);

    public FakeNode Node => _node;

    public bool IsOk { get; set; } = true;

    public long Epoch { get; set; } = 1;

    /// <summary>Accepts and reads, never answers: a stopped process.</summary>
    public bool Hangs { get; set; }

    public ImmutableArray<(int First, int Last, FakeMember Primary)> Slots { get; set; } = [];

    /// <summary>Times the node was asked for its view.</summary>
    public int Asked => _node.Requests.Count(request => request.ToString() == "CLUSTER INFO");

    public static FakeMember Start() => new();

    /// <summary>Members that agree: the slots are divided evenly among them.</summary>
    public static FakeMember[] StartCluster(int count)
    {
        FakeMember[] members = [.. Enumerable.Range(0, count).Select(_ => Start())];
        foreach (FakeMember member in members) member.Slots = Divide(members);
        return members;
    }

    public static ImmutableArray<(int First, int Last, FakeMember Primary)> Divide(params FakeMember[] owners) =>
        [.. owners.Select((owner, i) => (16384 * i / owners.Length, (16384 * (i + 1) / owners.Length) - 1, owner))];

    /// <summary>Gone, as a killed process is: connections are reset and refused.</summary>
    public void Kill()
    {
        _node.StopListening();
        _node.DropConnections();
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    private FakeAnswer Answer(FakeRequest request) => Hangs ? FakeAnswer.Silence : FakeAnswer.Send(request.ToString() switch
    {
        "CLUSTER INFO" => Wire.Bulk($"cluster_state:{(IsOk ? "ok" : "fail")}\r\ncluster_current_epoch:{Epoch}\r\n"),
        "CLUSTER SLOTS" => Wire.ClusterSlots([.. Slots.Select(range => (range.First, range.Last, range.Primary.Node))]),
        _ => Wire.Error($"ERR unknown subcommand or wrong number of arguments for '{request}'"),
    });
}
