using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Protocol.Slots;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.Tenants;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.Placements;

/// <summary>
/// Compares a tenant's namespace and placement with what its marker upstream says, over control connections, off the loops.
///
/// <para>No marker: it is written. The same: good. Another: when the configuration forces it, or no key is left under what the marker says, the marker is
/// written anew; otherwise the tenant is refused. Where the proxy may not read the marker or not write the first one, nothing is compared
/// and a warning is logged: the marker guards against a mistake in the configuration, not against other tenants.</para>
/// </summary>
internal sealed partial class PlacementCheck(Tenant tenant, UpstreamSnapshot upstream, ClusterTopology topology, NodeResolver resolver, TimeProvider time, ILogger logger)
{
    /// <summary>Longest look for keys under the old namespace; some ten million keys of all tenants on a node.</summary>
    private static readonly TimeSpan WalkTime = TimeSpan.FromMinutes(1);

    /// <summary>Pause before a node that is not the right one, or not ready, is asked again.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Error replies that mean "ask again, perhaps elsewhere".</summary>
    private static readonly string[] Transient = ["MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "READONLY"];

    private readonly PlacementMarker _wanted = PlacementMarker.Of(tenant);
    private readonly string _key = PlacementMarker.KeyOf(tenant);

    /// <summary>Never throws but for the cancellation.</summary>
    public async Task<PlacementVerdict> RunAsync(CancellationToken cancellation)
    {
        try
        {
            PlacementMarker? found;
            using (var timer = new CancellationTokenSource(upstream.RequestTimeout, time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation))
            {
                (PlacementVerdict? verdict, found) = await ReadMarkerAsync(either.Token).ConfigureAwait(false);
                if (verdict is not null) return verdict;
            }

            using var walkTimer = new CancellationTokenSource(WalkTime, time);
            using var walk = CancellationTokenSource.CreateLinkedTokenSource(walkTimer.Token, cancellation);
            return await ChangeAsync(found!, walk.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or NodeControlException or SocketException or InvalidDataException)
        {
            cancellation.ThrowIfCancellationRequested();
            LogUnreachable(logger, tenant.Name, e.Message);
            return PlacementVerdict.Unreachable;
        }
    }

    /// <summary>A verdict, or the marker of something else.</summary>
    private async Task<(PlacementVerdict? Verdict, PlacementMarker? Found)> ReadMarkerAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ReplyNode set = await AskOwnerAsync(["SET", _key, _wanted.ToString(), "NX"], cancellation).ConfigureAwait(false);
            if (set.Kind == ReplyKind.Simple) return (PlacementVerdict.Good, null);
            ReplyNode get = await AskOwnerAsync(["GET", _key], cancellation).ConfigureAwait(false);
            if (set.IsError && get.Kind != ReplyKind.Bulk)
            {
                LogUnguarded(logger, tenant.Name, _key, set.Text);
                return (PlacementVerdict.Good, null);
            }

            // Neither set nor there: it was deleted in between.
            if (get.Kind == ReplyKind.Null) continue;
            PlacementMarker? found = get.IsError ? null : PlacementMarker.Parse(get.Text);
            if (found is null) return (PlacementVerdict.Refused($"ERR the key '{_key}' at the upstream is not a placement marker of this proxy; remove it, or set placementMarkers: false"), null);
            return found == _wanted ? (PlacementVerdict.Good, null) : (null, found);
        }
    }

    private async Task<PlacementVerdict> ChangeAsync(PlacementMarker found, CancellationToken cancellation)
    {
        if (!tenant.ForcePlacement && await HasKeysAsync(found, cancellation).ConfigureAwait(false))
        {
            LogRefused(logger, tenant.Name, found, _wanted);
            return PlacementVerdict.Refused(
                $"ERR tenant '{tenant.Name}' has keys with another namespace or placement than its configuration says now; its operator finds both in the proxy's log, and sets them back or forcePlacement: true");
        }

        ReplyNode set = await AskOwnerAsync(["SET", _key, _wanted.ToString()], cancellation).ConfigureAwait(false);
        if (set.IsError) LogUnguarded(logger, tenant.Name, _key, set.Text);
        else if (tenant.ForcePlacement) LogForced(logger, tenant.Name, found, _wanted);
        else LogChanged(logger, tenant.Name, found, _wanted);
        return PlacementVerdict.Good;
    }

    /// <summary>Looks on every primary until the first key of any database.</summary>
    private async Task<bool> HasKeysAsync(PlacementMarker marker, CancellationToken cancellation)
    {
        SlotMap? map = topology.Current;
        if (map is not { CoveredSlots: HashSlot.Count }) throw new NodeControlException("some cluster slots have no known owner.");
        string pattern = Encoding.ASCII.GetString(NamespacePattern.OfAllDatabases(marker.Namespace, marker.Placement));
        foreach (Node node in map.Primaries)
        {
            NodeControlConnection connection = await ConnectAsync(node, cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                string cursor = "0";
                do
                {
                    ReplyNode page = await connection.AskAsync(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"], cancellation).ConfigureAwait(false);
                    if (page is not { Items: [var next, var keys] }) throw new NodeControlException($"{node}: SCAN: {page.Text}");
                    if (keys.Items.Length > 0) return true;
                    cursor = next.Text;
                }
                while (cursor != "0");
            }
        }

        return false;
    }

    /// <summary>The reply of the owner of the marker's slot, whoever that is by then.</summary>
    private async Task<ReplyNode> AskOwnerAsync(string[] request, CancellationToken cancellation)
    {
        await topology.WaitUntilReadyAsync(cancellation).ConfigureAwait(false);
        while (true)
        {
            if (topology.Current!.PrimaryOf(HashSlot.Of(Encoding.UTF8.GetBytes(_key))) is { } owner && await TryAskAsync(owner, request, cancellation).ConfigureAwait(false) is { } reply) return reply;
            topology.RequestRefresh("the marker of a tenant's placement has no owner");
            await Task.Delay(RetryPause, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Null: not now, or not here.</summary>
    private async Task<ReplyNode?> TryAskAsync(Node node, string[] request, CancellationToken cancellation)
    {
        try
        {
            NodeControlConnection connection = await ConnectAsync(node, cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                ReplyNode reply = await connection.AskAsync(request, cancellation).ConfigureAwait(false);
                return reply.IsError && Transient.Any(word => reply.Text.StartsWith(word, StringComparison.Ordinal)) ? null : reply;
            }
        }
        catch (Exception e) when (e is NodeControlException or SocketException)
        {
            return null;
        }
    }

    private async Task<NodeControlConnection> ConnectAsync(Node node, CancellationToken cancellation) => await NodeControlConnection.ConnectAsync(
        node.Address, await resolver.ResolveAllAsync(node.Address, cancellation).ConfigureAwait(false), upstream, time, cancellation).ConfigureAwait(false);

    [LoggerMessage(3201, LogLevel.Error, "Tenant {Tenant}: refused, its keys are in '{Found}', and its configuration says '{Wanted}'; set it back, or forcePlacement: true to begin anew without them")]
    private static partial void LogRefused(ILogger logger, string tenant, PlacementMarker found, PlacementMarker wanted);

    [LoggerMessage(3202, LogLevel.Warning, "Tenant {Tenant}: changed from '{Found}' to '{Wanted}' by force; what keys there are in the old one are not seen any more")]
    private static partial void LogForced(ILogger logger, string tenant, PlacementMarker found, PlacementMarker wanted);

    [LoggerMessage(3203, LogLevel.Information, "Tenant {Tenant}: changed from '{Found}', where no key is left, to '{Wanted}'")]
    private static partial void LogChanged(ILogger logger, string tenant, PlacementMarker found, PlacementMarker wanted);

    [LoggerMessage(3204, LogLevel.Warning, "Tenant {Tenant}: a change of its namespace or placement will not be noticed, since the upstream does not let the proxy keep {Key}: {Error}")]
    private static partial void LogUnguarded(ILogger logger, string tenant, string key, string error);

    [LoggerMessage(3205, LogLevel.Warning, "Tenant {Tenant}: its placement marker cannot be read now: {Error}")]
    private static partial void LogUnreachable(ILogger logger, string tenant, string error);
}
