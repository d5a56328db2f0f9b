using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>What the topology tells the log: event ids 4000 to 4099.</summary>
internal static partial class TopologyLog
{
    [LoggerMessage(4001, LogLevel.Information, "Upstream {Upstream}: slot map {Version} from {Source}: {Primaries} primaries, {Covered} of 16384 slots covered, after a refresh for: {Reason}")]
    public static partial void MapChanged(ILogger logger, string upstream, long version, NodeAddress source, int primaries, int covered, string reason);

    [LoggerMessage(4002, LogLevel.Warning, "Upstream {Upstream}: no credible view of the cluster ({Views} views of {Asked} nodes asked), the last good one stays; refresh for: {Reason}")]
    public static partial void NoCredibleView(ILogger logger, string upstream, int views, int asked, string reason);

    [LoggerMessage(4003, LogLevel.Information, "Upstream {Upstream}: node {Node} gave no view: {Cause}")]
    public static partial void NodeNotAsked(ILogger logger, string upstream, NodeAddress node, string cause);

    [LoggerMessage(4004, LogLevel.Debug, "Upstream {Upstream}: slot {Slot} is now at {Node} (MOVED)")]
    public static partial void SlotMoved(ILogger logger, string upstream, int slot, NodeAddress node);

    [LoggerMessage(4005, LogLevel.Warning, "Upstream {Upstream}: the cluster is not healthy: {Source} says cluster_state:fail, {Covered} of 16384 slots covered")]
    public static partial void ClusterNotOk(ILogger logger, string upstream, NodeAddress source, int covered);

    [LoggerMessage(4006, LogLevel.Error, "Upstream {Upstream}: a refresh of the topology failed unexpectedly")]
    public static partial void RefreshFaulted(ILogger logger, Exception exception, string upstream);

    [LoggerMessage(4007, LogLevel.Error, "Upstream {Upstream}: an observer of the slot map failed")]
    public static partial void ObserverFaulted(ILogger logger, Exception exception, string upstream);

    [LoggerMessage(4008, LogLevel.Information, "Upstream {Upstream}: the cluster is healthy again")]
    public static partial void ClusterOkAgain(ILogger logger, string upstream);
}
