using System.Globalization;

namespace RespProxy.LocalCluster;

/// <summary>
/// The move of one slot in the steps of the Redis Cluster specification ("Cluster live reconfiguration"), so that a
/// test may stop between any two: mark, migrate keys (in as many bites as wanted), finish. Not thread-safe.
/// </summary>
public sealed class SlotMove
{
    /// <summary>MIGRATE's own bound on a stall, in milliseconds.</summary>
    private const string MigrateTimeout = "5000";

    private readonly IReadOnlyList<LocalNode> _nodes;
    private readonly LocalRedisOptions _options;
    private readonly LocalNode _from;
    private readonly LocalNode _to;
    private readonly string _slot;

    internal SlotMove(IReadOnlyList<LocalNode> nodes, LocalRedisOptions options, int slot, LocalNode from, LocalNode to)
    {
        _nodes = nodes;
        _options = options;
        _from = from;
        _to = to;
        _slot = slot.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>All steps.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        await MarkAsync(cancellationToken).ConfigureAwait(false);
        while (await MigrateKeysAsync(100, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        await FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// IMPORTING on the target, then MIGRATING on the source: from now on the source answers ASK for keys it lacks.
    /// </summary>
    public async Task MarkAsync(CancellationToken cancellationToken = default)
    {
        await OrderAsync(_to, ["CLUSTER", "SETSLOT", _slot, "IMPORTING", _from.Id], cancellationToken).ConfigureAwait(false);
        await OrderAsync(_from, ["CLUSTER", "SETSLOT", _slot, "MIGRATING", _to.Id], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves up to <paramref name="count"/> keys.</summary>
    /// <returns>The number moved; 0 when none is left.</returns>
    public async Task<int> MigrateKeysAsync(int count, CancellationToken cancellationToken = default)
    {
        string[] look = ["CLUSTER", "GETKEYSINSLOT", _slot, count.ToString(CultureInfo.InvariantCulture)];
        RedisReply keys = await OrderAsync(_from, look, cancellationToken).ConfigureAwait(false);
        if (keys.Items.Count > 0)
            await MigrateAsync(keys.Items.Select(key => key.Text), cancellationToken).ConfigureAwait(false);
        return keys.Items.Count;
    }

    /// <summary>Moves the keys named, whichever the test wants on the other side.</summary>
    public async Task MigrateAsync(IEnumerable<string> keys, CancellationToken cancellationToken = default)
    {
        string[] auth = _options switch
        {
            { Username: { } user, Password: { } password } => ["AUTH2", user, password],
            { Password: { } password } => ["AUTH", password],
            _ => [],
        };
        string port = _to.Port.ToString(CultureInfo.InvariantCulture);
        string[] command = ["MIGRATE", _to.Host, port, "", "0", MigrateTimeout, .. auth, "KEYS", .. keys];
        await OrderAsync(_from, command, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Hands the slot over: the target first, so that there is no moment without an owner, then the source, then the
    /// other primaries, which gossip would tell later.
    /// </summary>
    public async Task FinishAsync(CancellationToken cancellationToken = default)
    {
        IEnumerable<LocalNode> others = _nodes.Where(node => node != _to && node != _from && node.Role == NodeRole.Primary && node.Server.IsRunning);
        foreach (LocalNode node in new[] { _to, _from }.Concat(others))
            await OrderAsync(node, ["CLUSTER", "SETSLOT", _slot, "NODE", _to.Id], cancellationToken).ConfigureAwait(false);
    }

    private static async Task<RedisReply> OrderAsync(LocalNode node, string[] command, CancellationToken cancellationToken) =>
        (await node.Server.CommandAsync(command, cancellationToken).ConfigureAwait(false)).OrThrow();
}
