using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Upstream.NodeMemory;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Tests.NodeMemory;

/// <summary>What nodes say of their memory, by a clock that only the test moves: a period is 15 seconds.</summary>
public sealed class NodeMemoryPollTests : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<IAsyncDisposable> _owned = [];

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable owned in Enumerable.Reverse(_owned)) await owned.DisposeAsync();
    }

    private static FakeAnswer Info(long used, long? max = 100, long uncounted = 0) => FakeAnswer.Send(Wire.Bulk(
        $"# Memory\r\nused_memory:{used}\r\nused_memory_human:1K\r\n{(max is null ? "" : $"maxmemory:{max}\r\nmaxmemory_human:1K\r\n")}mem_not_counted_for_evict:{uncounted}\r\n"));

    private FakeNode Node(Func<FakeRequest, FakeAnswer> answer)
    {
        FakeNode node = FakeNode.Start(answer);
        _owned.Add(node);
        return node;
    }

    private static NodeAddress AddressOf(FakeNode node) => new(node.Host, node.Port);

    private NodeMemoryPoll Poll(FakeNode primary, params FakeNode[] replicas)
    {
        var upstream = new UpstreamSnapshot { Name = "main", Seeds = [AddressOf(primary)], Mode = UpstreamMode.Standalone };
        var resolver = new NodeResolver(_time);
        var topology = new ClusterTopology(upstream, resolver, _time, NullLogger.Instance);
        _owned.Add(topology);
        topology.Start();
        if (replicas.Length > 0)
        {
            Node owner = topology.Nodes.GetOrAdd(AddressOf(primary));
            topology.Publish(SlotMap.Cluster(2, [(0, 16383, owner)], System.Collections.Immutable.ImmutableDictionary<Node, System.Collections.Immutable.ImmutableArray<Node>>.Empty
                .Add(owner, [.. replicas.Select(replica => topology.Nodes.GetOrAdd(AddressOf(replica)))])));
        }

        NodeMemoryPoll poll = NodeMemoryPoll.Start(upstream, topology, resolver, Period, _time, new Log(_log));
        _owned.Add(poll);
        return poll;
    }

    private static Task TellsAsync(NodeMemoryPoll poll, params (FakeNode Node, long Used, long Max)[] readings) => Eventually.HoldsAsync(
        $"the readings are {string.Join(' ', readings.Select(each => each.Used))}, not {string.Join(' ', poll.Readings)}",
        () => poll.Readings.Select(each => (each.Node, each.Used, each.Max)).ToHashSet().SetEquals(readings.Select(each => (AddressOf(each.Node), each.Used, each.Max))));

    [Fact]
    public async Task Primaries_and_replicas_tell_what_counts_towards_their_limit()
    {
        FakeNode primary = Node(_ => Info(70, uncounted: 8));
        FakeNode replica = Node(_ => Info(50, max: 0));
        NodeMemoryPoll poll = Poll(primary, replica);
        await TellsAsync(poll, (primary, 62, 100), (replica, 50, 0));
        Assert.All([primary, replica], node => Assert.All(node.Requests, request => Assert.Equal("INFO MEMORY", request.ToString())));
    }

    [Fact]
    public async Task They_are_asked_again_in_each_period()
    {
        long used = 10;
        FakeNode node = Node(_ => Info(Interlocked.Increment(ref used)));
        NodeMemoryPoll poll = Poll(node);
        await TellsAsync(poll, (node, 11, 100));
        _time.Advance(Period);
        await TellsAsync(poll, (node, 12, 100));
        Assert.Equal(2, node.Requests.Count);
    }

    [Fact]
    public async Task A_node_whose_INFO_does_not_tell_the_limit_is_asked_for_its_configuration()
    {
        FakeNode old = Node(request => request.Command == "CONFIG" ? FakeAnswer.Send("*2\r\n$9\r\nmaxmemory\r\n$3\r\n200\r\n"u8.ToArray()) : Info(50, max: null));
        await TellsAsync(Poll(old), (old, 50, 200));
    }

    [Fact]
    public async Task A_node_that_refuses_is_told_of_once_and_costs_the_others_nothing()
    {
        bool refuses = true;
        FakeNode refusing = Node(_ => Volatile.Read(ref refuses) ? FakeAnswer.Send(Wire.Error("NOPERM this user has no permissions to run the 'info' command")) : Info(20));
        FakeNode secretive = Node(request => request.Command == "CONFIG" ? FakeAnswer.Send(Wire.Error("ERR unknown command")) : Info(50, max: null));
        FakeNode open = Node(_ => Info(50));
        NodeMemoryPoll poll = Poll(open, refusing, secretive);
        await TellsAsync(poll, (open, 50, 100));
        await Eventually.HoldsAsync("both refusals are told", () => _log.Count == 2);
        for (int round = 2; round < 4; round++)
        {
            _time.Advance(Period);
            await Eventually.HoldsAsync("all are asked again", () => refusing.Requests.Count == round && open.Requests.Count == round);
            await Eventually.HoldsAsync("nobody is being asked", () => refusing.Open + secretive.Open + open.Open == 0);
        }

        Assert.Single(_log, line => line.Contains($"{AddressOf(refusing)} does not tell its memory: INFO MEMORY: NOPERM", StringComparison.Ordinal));
        Assert.Single(_log, line => line.Contains($"{AddressOf(secretive)} does not tell its memory", StringComparison.Ordinal));
        Volatile.Write(ref refuses, false);
        _time.Advance(Period);
        await TellsAsync(poll, (open, 50, 100), (refusing, 20, 100));
        await Eventually.HoldsAsync("its return is told", () => _log.Count(line => line.Contains("tells its memory again", StringComparison.Ordinal)) == 1);
    }

    [Fact]
    public async Task What_a_node_said_holds_for_three_periods_and_no_longer()
    {
        bool answers = true;
        FakeNode node = Node(_ => Volatile.Read(ref answers) ? Info(50) : FakeAnswer.Send(Wire.Error("LOADING")));
        NodeMemoryPoll poll = Poll(node);
        await TellsAsync(poll, (node, 50, 100));
        Volatile.Write(ref answers, false);
        _time.Advance(Period * 3);
        Assert.Single(poll.Readings);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(poll.Readings);
    }

    private sealed class Log(ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));
    }
}
