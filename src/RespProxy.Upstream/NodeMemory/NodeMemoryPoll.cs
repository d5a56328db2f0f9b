using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.NodeMemory;

/// <summary>
/// Asks each primary and replica of an upstream for its memory, over control connections, off the loops. A node that refuses, hangs or is gone costs its own
/// answer only: what it last said holds for <see cref="KeptPeriods"/> periods. Any thread.
/// </summary>
public sealed partial class NodeMemoryPoll : IAsyncDisposable
{
    /// <summary>Periods that an answer holds without a newer one: a hiccup is not a gap.</summary>
    public const int KeptPeriods = 3;

    /// <summary>Nodes asked at once: a large cluster is asked little by little.</summary>
    private const int MostAtOnce = 8;

    /// <summary>Nodes told of at all, in the order of their addresses; Redis Cluster itself is meant for no more.</summary>
    private const int MostNodes = 1000;

    private readonly UpstreamSnapshot _upstream;
    private readonly ClusterTopology _topology;
    private readonly NodeResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _period;
    private readonly ConcurrentDictionary<NodeAddress, NodeMemoryReading> _readings = new();

    /// <summary>Nodes whose trouble is logged already: once, until they answer again.</summary>
    private readonly ConcurrentDictionary<NodeAddress, bool> _silent = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private NodeMemoryPoll(UpstreamSnapshot upstream, ClusterTopology topology, NodeResolver resolver, TimeSpan period, TimeProvider time, ILogger logger)
    {
        _upstream = upstream;
        _topology = topology;
        _resolver = resolver;
        _period = period;
        _time = time;
        _logger = logger;
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>What nodes last said, by address; none that is too old, or of a node that is not of the upstream any more.</summary>
    public ImmutableArray<NodeMemoryReading> Readings
    {
        get
        {
            DateTimeOffset oldest = _time.GetUtcNow() - (_period * KeptPeriods);
            return [.. _readings.Values.Where(reading => reading.At >= oldest).OrderBy(reading => reading.Node.ToString(), StringComparer.Ordinal)];
        }
    }

    /// <summary>Begins to ask.</summary>
    /// <param name="upstream">Its credentials and timeouts.</param>
    /// <param name="topology">Who its nodes are.</param>
    /// <param name="resolver">Shared.</param>
    /// <param name="period">From one round's beginning to the next one's.</param>
    /// <param name="time">Also of the timeouts.</param>
    /// <param name="logger">Told once of a node that does not say, and once when it does again.</param>
    public static NodeMemoryPoll Start(UpstreamSnapshot upstream, ClusterTopology topology, NodeResolver resolver, TimeSpan period, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(upstream);
        ArgumentNullException.ThrowIfNull(topology);
        return new NodeMemoryPoll(upstream, topology, resolver, period, time, logger);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        await _topology.WaitUntilReadyAsync(cancellation).ConfigureAwait(false);
        using var timer = new PeriodicTimer(_period, _time);
        do
        {
            try
            {
                await AskAllAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException && !cancellation.IsCancellationRequested)
            {
                LogFaulted(_logger, exception, _upstream.Name);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private async Task AskAllAsync(CancellationToken cancellation)
    {
        SlotMap map = _topology.Current!;
        NodeAddress[] nodes = [.. map.Primaries.Concat(map.Primaries.SelectMany(primary => map.ReplicasOf(primary))).Select(node => node.Address)
            .Distinct().OrderBy(address => address.ToString(), StringComparer.Ordinal).Take(MostNodes)];
        foreach (NodeAddress gone in _readings.Keys.Except(nodes)) _readings.TryRemove(gone, out _);
        foreach (NodeAddress gone in _silent.Keys.Except(nodes)) _silent.TryRemove(gone, out _);
        var options = new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellation };
        await Parallel.ForEachAsync(nodes, options, (node, token) => new ValueTask(AskAsync(node, token))).ConfigureAwait(false);
    }

    private async Task AskAsync(NodeAddress node, CancellationToken cancellation)
    {
        try
        {
            IReadOnlyList<IPEndPoint> endPoints = await _resolver.ResolveAllAsync(node, cancellation).ConfigureAwait(false);
            NodeControlConnection connection = await NodeControlConnection.ConnectAsync(node, endPoints, _upstream, _time, cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                _readings[node] = await ReadAsync(connection, node, cancellation).ConfigureAwait(false);
            }

            if (_silent.TryRemove(node, out _)) LogAnswersAgain(_logger, _upstream.Name, node);
        }
        catch (Exception exception) when (exception is NodeControlException or SocketException)
        {
            if (_silent.TryAdd(node, true)) LogSilent(_logger, _upstream.Name, node, exception.Message);
        }
    }

    private async Task<NodeMemoryReading> ReadAsync(NodeControlConnection connection, NodeAddress node, CancellationToken cancellation)
    {
        ReplyNode info = await connection.AskAsync(["INFO", "MEMORY"], cancellation).ConfigureAwait(false);
        if (info.Kind != ReplyKind.Bulk) throw new NodeControlException($"INFO MEMORY: {info.Text}");
        long? max = NodeMemoryReading.TellsLimit(info.Text) ? null : await AskLimitAsync(connection, cancellation).ConfigureAwait(false);
        return NodeMemoryReading.Parse(node, info.Text, max, _time.GetUtcNow())
            ?? throw new NodeControlException("INFO MEMORY tells no used_memory, or neither it nor CONFIG GET tells maxmemory");
    }

    private static async Task<long?> AskLimitAsync(NodeControlConnection connection, CancellationToken cancellation)
    {
        ReplyNode reply = await connection.AskAsync(["CONFIG", "GET", "maxmemory"], cancellation).ConfigureAwait(false);
        return reply is { Items: [_, var value] } && long.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long max) ? max : null;
    }

    [LoggerMessage(6431, LogLevel.Warning, "Upstream {Upstream}: node {Node} does not tell its memory: {Cause}")]
    private static partial void LogSilent(ILogger logger, string upstream, NodeAddress node, string cause);

    [LoggerMessage(6432, LogLevel.Information, "Upstream {Upstream}: node {Node} tells its memory again")]
    private static partial void LogAnswersAgain(ILogger logger, string upstream, NodeAddress node);

    [LoggerMessage(6433, LogLevel.Error, "Upstream {Upstream}: asking the nodes for their memory failed unexpectedly")]
    private static partial void LogFaulted(ILogger logger, Exception exception, string upstream);
}
