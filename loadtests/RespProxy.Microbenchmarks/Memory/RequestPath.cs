using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Downstream.Reload;
using RespProxy.Downstream.Sessions;
using RespProxy.Downstream.SlowLog;
using RespProxy.Protocol.Slots;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Microbenchmarks.Memory;

/// <summary>
/// From client bytes to upstream bytes and back, in one thread: a session, the router and node connections on a
/// <see cref="MemoryLoop"/>. Each <see cref="Run"/> sends the same requests and takes their replies.
/// </summary>
internal sealed class RequestPath : IMemoryPeer, IDisposable
{
    private const string TenantName = "app1";
    private const int FirstPort = 7001;

    /// <summary>A reply may take as many turns as there are hops: client, node, client.</summary>
    private const int MostTurns = 8;

    private readonly MemoryLoop _loop = new();
    private readonly ClusterTopology _topology;
    private readonly MemoryNode[] _nodes;
    private readonly MemoryConnection _client;
    private readonly byte[] _requests;
    private readonly int _expectedLength;
    private readonly MemoryStream _recorded = new();
    private bool _isRecording = true;
    private int _received;

    /// <param name="nodes">1: a standalone; more: a cluster of so many primaries.</param>
    /// <param name="requests">What the client sends in one go.</param>
    /// <param name="expected">What it must get for it, byte for byte.</param>
    /// <param name="answer">What a node replies.</param>
    /// <param name="adjust">What is configured otherwise than by default.</param>
    public RequestPath(int nodes, byte[] requests, byte[] expected, Func<string[], byte[]> answer, Func<ProxySnapshot, ProxySnapshot>? adjust = null)
    {
        _requests = requests;
        _expectedLength = expected.Length;
        _nodes = [.. Enumerable.Range(0, nodes).Select(_ => new MemoryNode(arguments => arguments[0] == "HELLO" ? Wire.Array(["proto"]) : answer(arguments)))];
        for (int i = 0; i < nodes; i++) _loop.Add(new IPEndPoint(IPAddress.Loopback, FirstPort + i), _nodes[i]);

        ProxySnapshot configuration = adjust is null ? Describe(nodes) : adjust(Describe(nodes));
        UpstreamSnapshot upstream = configuration.Upstreams[0];
        var resolver = new NodeResolver(TimeProvider.System);
        _topology = new ClusterTopology(upstream, resolver, TimeProvider.System, NullLogger.Instance);
        var upstreamLoop = new UpstreamLoop(_loop, upstream, _topology, resolver, NullLogger.Instance);
        upstreamLoop.Start();
        _topology.Publish(MapOf(upstream));

        var registry = new SessionRegistry(configuration.Limits.MaxClients, NullLogger.Instance);
        var tenants = new LiveTenants(new TenantDirectory(configuration));
        var proxy = new ProxyLoop(_loop, configuration, tenants, registry, new ServerFacts(TimeProvider.System, new SlowLogs(configuration.SlowLog)), [upstreamLoop]);
        for (int turn = 0; turn < MostTurns; turn++) _loop.RunTurn();
        _client = _loop.Accept(new ClientSession(proxy, new SessionOrigin("memory", TenantName), registry.NextId()), this);
        Verify(expected);
    }

    /// <summary>Namespace prefix of every key upstream.</summary>
    public static string Prefix => $"cluster1@{TenantName}:";

    /// <summary>Sends the requests and runs the loop until their replies are there.</summary>
    public void Run()
    {
        _received = 0;
        _client.Send(_requests);
        for (int turn = 0; _received < _expectedLength; turn++)
        {
            if (turn == MostTurns) throw new InvalidOperationException($"{_received} of {_expectedLength} bytes of replies came.");
            _loop.RunTurn();
        }
    }

    void IMemoryPeer.Take(MemoryConnection connection, ReadOnlySpan<byte> bytes)
    {
        _received += bytes.Length;
        if (_isRecording) _recorded.Write(bytes);
    }

    public void Dispose()
    {
        _loop.Dispose();
        _topology.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _recorded.Dispose();
    }

    /// <summary>A key of the tenant whose slot belongs to the given one of <paramref name="nodes"/> primaries.</summary>
    public static string KeyOn(int node, int nodes, int skip = 0) =>
        Enumerable.Range(0, int.MaxValue).Select(i => "key" + i).Where(key => OwnerOf(key, nodes) == node).ElementAt(skip);

    private static int OwnerOf(string key, int nodes) => HashSlot.Of(Wire.Bytes(Prefix + key)) * nodes / HashSlot.Count;

    private void Verify(byte[] expected)
    {
        Run();
        if (!_recorded.ToArray().AsSpan().SequenceEqual(expected))
            throw new InvalidOperationException($"Expected {Wire.Text(expected)}, got {Wire.Text(_recorded.ToArray())}");
        _isRecording = false;
        int learned = _nodes.Sum(node => node.Learned);
        Run();
        if (_nodes.Sum(node => node.Learned) != learned) throw new InvalidOperationException("The nodes got other bytes the second time.");
    }

    private SlotMap MapOf(UpstreamSnapshot upstream)
    {
        Node[] nodes = [.. Enumerable.Range(0, _nodes.Length).Select(i => _topology.Nodes.GetOrAdd(new NodeAddress("127.0.0.1", FirstPort + i)))];
        return upstream.Mode == UpstreamMode.Standalone
            ? SlotMap.Standalone(nodes[0])
            : SlotMap.Cluster(1, nodes.Select((node, i) => (FirstSlot(i), FirstSlot(i + 1) - 1, node)));
    }

    // The first slot s with s * nodes / Count == node, as OwnerOf has it.
    private int FirstSlot(int node) => ((node * HashSlot.Count) + _nodes.Length - 1) / _nodes.Length;

    private static ProxySnapshot Describe(int nodes) => new()
    {
        Upstreams =
        [
            new UpstreamSnapshot
            {
                Name = "cluster1",
                Mode = nodes == 1 ? UpstreamMode.Standalone : UpstreamMode.Cluster,
                Seeds = [new NodeAddress("127.0.0.1", FirstPort)],
            },
        ],
        Tenants = [new TenantSnapshot { Name = TenantName, Upstream = "cluster1", Namespace = "cluster1@" + TenantName }],
        Listeners = [new ListenerSnapshot { Name = "memory", Host = "127.0.0.1", Tenant = TenantName }],
    };
}
