using System.Globalization;

namespace RespProxy.LocalCluster;

/// <summary>A Redis Cluster of real <c>redis-server</c> processes on 127.0.0.1, gone on disposal.</summary>
/// <remarks>
/// Operations may be called from any thread, but those that change a slot not two at once for the same one.
/// </remarks>
public sealed class LocalRedisCluster : IAsyncDisposable
{
    public const int SlotCount = 16_384;

    private readonly LocalClusterOptions _options;
    private readonly ScratchDirectory _directory;
    private readonly List<LocalNode> _nodes = [];

    private LocalRedisCluster(LocalClusterOptions options, ScratchDirectory directory)
    {
        _options = options;
        _directory = directory;
    }

    /// <summary>All nodes: first those started as primaries, then those started as replicas.</summary>
    public IReadOnlyList<LocalNode> Nodes => _nodes;

    /// <summary>The primaries as of the last look at the roles.</summary>
    public IEnumerable<LocalNode> Primaries => _nodes.Where(node => node.Role == NodeRole.Primary);

    /// <summary>The replicas as of the last look at the roles.</summary>
    public IEnumerable<LocalNode> Replicas => _nodes.Where(node => node.Role == NodeRole.Replica);

    /// <summary>
    /// Starts the nodes, forms the cluster, and returns when every node serves all slots and every replica follows
    /// its primary. Takes a little over two seconds: a primary refuses to serve sooner after its start.
    /// </summary>
    /// <exception cref="LocalClusterException">redis-server isn't installed or the nodes don't agree; the text says why.</exception>
    public static async Task<LocalRedisCluster> StartAsync(LocalClusterOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Primaries, 1, nameof(options));
        string executable = RedisServerBinary.Locate(options.RedisServerPath);
        var cluster = new LocalRedisCluster(options, new ScratchDirectory());
        try
        {
            await cluster.StartNodesAsync(executable, cancellationToken).ConfigureAwait(false);
            await new ClusterFormation(cluster._nodes, options).RunAsync(cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until every running node sees all slots served and every replica is linked to its primary.</summary>
    /// <exception cref="LocalClusterException">That took longer than the start timeout; the text says what is missing.</exception>
    public async Task WaitUntilHealthyAsync(CancellationToken cancellationToken = default)
    {
        await ClusterFormation.WaitUntilHealthyAsync(_nodes, _options.StartTimeout, cancellationToken).ConfigureAwait(false);
        await RefreshRolesAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks every running node for its role; the others keep their last.</summary>
    public async Task RefreshRolesAsync(CancellationToken cancellationToken = default)
    {
        foreach (LocalNode node in _nodes.Where(node => node.Server.IsRunning))
        {
            RedisReply role = await node.Server.CommandAsync(["ROLE"], cancellationToken).ConfigureAwait(false);
            node.Role = role.OrThrow().Items[0].Text == "master" ? NodeRole.Primary : NodeRole.Replica;
        }
    }

    /// <summary>The primary that serves a slot, in the eyes of the first running node.</summary>
    /// <exception cref="LocalClusterException">Nobody serves it.</exception>
    public async Task<LocalNode> OwnerAsync(int slot, CancellationToken cancellationToken = default)
    {
        LocalNode witness = _nodes.First(node => node.Server.IsRunning);
        RedisReply ranges = await witness.Server.CommandAsync(["CLUSTER", "SLOTS"], cancellationToken).ConfigureAwait(false);
        RedisReply? range = ranges.OrThrow().Items.FirstOrDefault(r => r.Items[0].Integer <= slot && slot <= r.Items[1].Integer);
        string? id = range?.Items[2].Items[2].Text;
        return _nodes.FirstOrDefault(node => node.Id == id)
            ?? throw new LocalClusterException($"no node serves slot {slot}");
    }

    /// <summary>The slot of a key, as the cluster computes it.</summary>
    public async Task<int> SlotOfAsync(string key)
    {
        RedisReply slot = await _nodes.First(node => node.Server.IsRunning).Server.CommandAsync("CLUSTER", "KEYSLOT", key).ConfigureAwait(false);
        return (int)slot.OrThrow().Integer;
    }

    /// <summary>Prepares the move of one slot; nothing happens before its first step.</summary>
    public SlotMove BeginMove(int slot, LocalNode from, LocalNode to) => new(_nodes, _options, slot, from, to);

    /// <summary>Moves slots with their keys while the cluster serves.</summary>
    public async Task MoveSlotsAsync(
        IEnumerable<int> slots, LocalNode from, LocalNode to, CancellationToken cancellationToken = default)
    {
        foreach (int slot in slots)
            await BeginMove(slot, from, to).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves <paramref name="count"/> slots with <c>redis-cli --cluster reshard</c>, as an operator would.</summary>
    /// <remarks>redis-cli refuses while nodes disagree, so their agreement is awaited first.</remarks>
    /// <returns>What redis-cli printed.</returns>
    /// <exception cref="LocalClusterException">redis-cli is missing or failed.</exception>
    public async Task<string> ReshardAsync(int count, LocalNode from, LocalNode to, CancellationToken cancellationToken = default)
    {
        await WaitUntilHealthyAsync(cancellationToken).ConfigureAwait(false);
        string[] arguments =
        [
            "--cluster", "reshard", $"{to.Host}:{to.Port.ToString(CultureInfo.InvariantCulture)}",
            "--cluster-from", from.Id,
            "--cluster-to", to.Id,
            "--cluster-slots", count.ToString(CultureInfo.InvariantCulture),
            "--cluster-yes",
        ];
        return await RedisCli.RunAsync(_options, arguments, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LocalNode node in _nodes)
            await node.Server.DisposeAsync().ConfigureAwait(false);
        _directory.Dispose();
    }

    private async Task StartNodesAsync(string executable, CancellationToken cancellationToken)
    {
        string[] settings =
        [
            "cluster-enabled yes",
            "cluster-config-file nodes.conf",
            $"cluster-node-timeout {_options.NodeTimeout.TotalMilliseconds:0}",
            // Replicas stay where they were put, however the primaries fare.
            "cluster-migration-barrier 1000",
            "cluster-replica-validity-factor 0",
            "repl-ping-replica-period 1",
        ];
        for (int i = 0; i < _options.Primaries + _options.Replicas; i++)
        {
            LocalRedis server = await LocalRedis
                .StartAsync(_options, executable, _directory.Path, settings, null, cancellationToken).ConfigureAwait(false);
            _nodes.Add(new LocalNode(server, "", NodeRole.Primary));
            string id = (await server.CommandAsync(["CLUSTER", "MYID"], cancellationToken).ConfigureAwait(false)).OrThrow().Text;
            _nodes[i] = new LocalNode(server, id, i < _options.Primaries ? NodeRole.Primary : NodeRole.Replica);
        }
    }
}
