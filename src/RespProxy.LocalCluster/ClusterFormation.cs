using System.Diagnostics;
using System.Globalization;

namespace RespProxy.LocalCluster;

/// <summary>
/// Makes a cluster of empty nodes, and waits for its agreement.
/// </summary>
/// <remarks>
/// 1. Every node gets a configuration epoch of its own, as <c>redis-cli --cluster create</c> does, so that no two
///    primaries have to settle a collision first.
/// 2. Slots are dealt to the primaries.
/// 3. Every node meets every other. One meeting each would do, but gossip takes seconds to spread the rest.
/// 4. Once every node knows every other, replicas are told their primaries.
/// 5. The cluster is ready when every node says so, sees all replicas, every replica's link is up, and all agree
///    about who owns which slot.
/// </remarks>
internal sealed class ClusterFormation(IReadOnlyList<LocalNode> nodes, LocalClusterOptions options)
{
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < nodes.Count; i++)
            await OrderAsync(nodes[i], cancellationToken, "CLUSTER", "SET-CONFIG-EPOCH", Number(i + 1)).ConfigureAwait(false);
        for (int i = 0; i < options.Primaries; i++)
            await DealSlotsAsync(i, cancellationToken).ConfigureAwait(false);
        foreach (LocalNode node in nodes)
        {
            foreach (LocalNode other in nodes.TakeWhile(other => other != node))
                await OrderAsync(node, cancellationToken, "CLUSTER", "MEET", other.Host, Number(other.Port)).ConfigureAwait(false);
        }

        await PollAsync(EverybodyKnowsEverybodyAsync, options.StartTimeout, cancellationToken).ConfigureAwait(false);
        for (int i = options.Primaries; i < nodes.Count; i++)
        {
            LocalNode primary = nodes[(i - options.Primaries) % options.Primaries];
            await OrderAsync(nodes[i], cancellationToken, "CLUSTER", "REPLICATE", primary.Id).ConfigureAwait(false);
        }

        await WaitUntilHealthyAsync(nodes, options.StartTimeout, cancellationToken).ConfigureAwait(false);
    }

    public static Task WaitUntilHealthyAsync(IReadOnlyList<LocalNode> nodes, TimeSpan timeout, CancellationToken cancellationToken)
    {
        LocalNode[] running = [.. nodes.Where(node => node.Server.IsRunning)];
        return PollAsync(
            async token =>
            {
                string?[] complaints = await Task.WhenAll(running.Select(node => ComplaintAsync(node, running, token))).ConfigureAwait(false);
                return complaints.FirstOrDefault(complaint => complaint is not null)
                    ?? await DisagreementAsync(running, token).ConfigureAwait(false);
            },
            timeout,
            cancellationToken);
    }

    private async Task DealSlotsAsync(int index, CancellationToken cancellationToken)
    {
        int first = LocalRedisCluster.SlotCount * index / options.Primaries;
        int end = LocalRedisCluster.SlotCount * (index + 1) / options.Primaries;
        // ADDSLOTS rather than ADDSLOTSRANGE: Redis 6 has only the former.
        string[] command = ["CLUSTER", "ADDSLOTS", .. Enumerable.Range(first, end - first).Select(Number)];
        await OrderAsync(nodes[index], cancellationToken, command).ConfigureAwait(false);
    }

    private async Task<string?> EverybodyKnowsEverybodyAsync(CancellationToken cancellationToken)
    {
        foreach (LocalNode node in nodes)
        {
            string view = (await node.Server.CommandAsync(["CLUSTER", "NODES"], cancellationToken).ConfigureAwait(false)).Text;
            if (nodes.FirstOrDefault(other => !view.Contains(other.Id, StringComparison.Ordinal)) is { } unknown)
                return $"{node} has not met {unknown}";
            if (view.Contains("handshake", StringComparison.Ordinal))
                return $"{node} is still in a handshake";
        }

        return null;
    }

    /// <summary>What keeps a node from being healthy; null when nothing does.</summary>
    private static async Task<string?> ComplaintAsync(LocalNode node, LocalNode[] running, CancellationToken cancellationToken)
    {
        string state = (await node.Server.CommandAsync(["CLUSTER", "INFO"], cancellationToken).ConfigureAwait(false)).Text;
        if (!state.Contains("cluster_state:ok", StringComparison.Ordinal))
            return $"{node} does not see the cluster as ok";

        RedisReply role = await node.Server.CommandAsync(["ROLE"], cancellationToken).ConfigureAwait(false);
        if (role.Items[0].Text == "slave" && role.Items[3].Text != "connected")
            return $"{node} is not linked to its primary";

        RedisReply slots = await node.Server.CommandAsync(["CLUSTER", "SLOTS"], cancellationToken).ConfigureAwait(false);
        HashSet<string> serving = [.. slots.OrThrow().Items.SelectMany(range => range.Items.Skip(2)).Select(entry => entry.Items[2].Text)];
        return running.FirstOrDefault(other => !serving.Contains(other.Id)) is { } missing
            ? $"{node} does not see {missing} serving"
            : null;
    }

    /// <summary>Two nodes with different ideas of who owns which slot; null when there are none.</summary>
    private static async Task<string?> DisagreementAsync(LocalNode[] running, CancellationToken cancellationToken)
    {
        string[] views = await Task.WhenAll(running.Select(node => OwnershipAsync(node, cancellationToken))).ConfigureAwait(false);
        int other = Array.FindIndex(views, view => view != views[0]);
        return other < 0 ? null : $"{running[0]} and {running[other]} disagree about the slots' owners";
    }

    private static async Task<string> OwnershipAsync(LocalNode node, CancellationToken cancellationToken)
    {
        RedisReply slots = await node.Server.CommandAsync(["CLUSTER", "SLOTS"], cancellationToken).ConfigureAwait(false);
        return string.Join(';', slots.OrThrow().Items
            .OrderBy(range => range.Items[0].Integer)
            .Select(range => $"{range.Items[0].Text}-{range.Items[1].Text} {range.Items[2].Items[2].Text}"));
    }

    private static async Task PollAsync(
        Func<CancellationToken, Task<string?>> complaint, TimeSpan timeout, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        while (await complaint(cancellationToken).ConfigureAwait(false) is { } problem)
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
                throw new LocalClusterException($"the cluster is not healthy after {timeout.TotalSeconds:0} s: {problem}");
            await Task.Delay(PollPeriod, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task OrderAsync(LocalNode node, CancellationToken cancellationToken, params string[] command) =>
        (await node.Server.CommandAsync(command, cancellationToken).ConfigureAwait(false)).OrThrow();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
