using RespProxy.Protocol.Resp;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Redirects;

/// <summary>
/// Stage 13 of docs/architecture.md: a request whose reply is not for the client is sent on, sent again, or fails.
///
/// <para>What becomes of a request whose reply is not for the client:
/// MOVED: the slot map is corrected, the request goes to the new owner.
/// ASK: this request alone goes to the named node, behind an ASKING.
/// TRYAGAIN, CLUSTERDOWN, LOADING, MASTERDOWN, READONLY: it was not executed; again after a pause, wherever the map then says.
/// Connection lost: again if it had not left or only reads; otherwise its outcome is unknown and is said to be.
/// Hops are bounded by the upstream's maxRedirects, time by its requestTimeout.</para>
///
/// Loop thread only.
/// </summary>
internal sealed class Redirector(UpstreamLoop owner, ClusterTopology topology)
{
    /// <summary>Pause before a request that the node called retryable is sent again.</summary>
    private static readonly long RetryPause = UpstreamLoop.Ticks(TimeSpan.FromMilliseconds(20));

    /// <summary>How long a refresh of the topology may take to begin.</summary>
    private static readonly long RefreshPause = UpstreamLoop.Ticks(ClusterTopology.MinInterval);

    /// <summary>13. A node answered with an error that is not for the client. <paramref name="bytes"/>: the request as the node got it.</summary>
    public void OnNodeError(NodeConnection from, NodeErrorKind kind, ReadOnlySpan<byte> reply, InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        if (kind == NodeErrorKind.NoScript)
        {
            SendSource(from, reply, request, bytes);
            return;
        }

        bytes = request.Sink!.BytesToSendAgain(request, bytes);
        if (request.Command!.RunsScript)
        {
            FollowScript(from, kind, reply, request, bytes);
            return;
        }

        if (kind is NodeErrorKind.Moved or NodeErrorKind.Ask)
        {
            Redirect(from, kind, reply, request, bytes);
            return;
        }

        if (kind == NodeErrorKind.ReadOnlyReplica || reply.StartsWith("-CLUSTERDOWN"u8)) topology.RequestRefresh("a node answered " + kind);
        owner.Counters.Count(ReasonOf(kind, reply));
        request.Sink!.OnDelayed(request);
        owner.ParkUntil(request, bytes, from.IsResp3, owner.Now + RetryPause, request.IsBoundToNode ? from.Node : null);
    }

    /// <summary>Of an error that is no redirect, or of one that cannot be followed at once.</summary>
    private static RetryReason ReasonOf(NodeErrorKind kind, ReadOnlySpan<byte> reply) => kind switch
    {
        NodeErrorKind.ReadOnlyReplica => RetryReason.ReadOnly,
        _ when reply.StartsWith("-TRYAGAIN"u8) => RetryReason.TryAgain,
        _ when reply.StartsWith("-CLUSTERDOWN"u8) => RetryReason.ClusterDown,
        _ when reply.StartsWith("-LOADING"u8) => RetryReason.Loading,
        _ when reply.StartsWith("-MASTERDOWN"u8) => RetryReason.PrimaryDown,
        _ => RetryReason.Redirected,
    };

    private void Redirect(NodeConnection from, NodeErrorKind kind, ReadOnlySpan<byte> reply, InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        if (request.IsBoundToNode || !NodeErrors.TryReadRedirect(reply, out int slot, out string host, out int port))
        {
            owner.Fail(request, UpstreamFailure.NotExecuted);
            return;
        }

        bool asking = kind == NodeErrorKind.Ask;
        Node target = asking ? topology.NodeAt(host, port, from.Node) : topology.Learn(slot, host, port, from.Node);
        if (asking) owner.Counters.Asked++;
        else owner.Counters.Moved++;
        if (++request.Hops > owner.Snapshot.MaxRedirects)
        {
            owner.Fail(request, UpstreamFailure.TooManyRedirects);
            return;
        }

        request.Sink!.OnDelayed(request);
        NodeConnection? connection = owner.ConnectionTo(target, from.IsResp3);
        if (connection is not null && connection != from) connection.SendAgain(bytes, request, asking);
        else owner.ParkUntil(request, bytes, from.IsResp3, owner.Now, asking ? target : null);
    }

    /// <summary>
    /// A script can answer with whatever error it likes, a redirect to a stranger's address among them, and the proxy would go there and say
    /// its password. So such an error is taken as a hint: the request goes to the node it names if the topology knows that one, and otherwise,
    /// after a refresh, where the topology says; nothing is learned from it. A script that lies is run again within the bounds, and harms itself alone.
    /// </summary>
    private void FollowScript(NodeConnection from, NodeErrorKind kind, ReadOnlySpan<byte> reply, InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        Node? target = null;
        if (kind is NodeErrorKind.Moved or NodeErrorKind.Ask)
        {
            if (kind == NodeErrorKind.Ask) owner.Counters.Asked++;
            else owner.Counters.Moved++;
            if (++request.Hops > owner.Snapshot.MaxRedirects)
            {
                owner.Fail(request, UpstreamFailure.TooManyRedirects);
                return;
            }

            if (NodeErrors.TryReadRedirect(reply, out _, out string host, out int port)) target = topology.KnownNodeAt(host, port, from.Node);
        }
        else
        {
            owner.Counters.Count(ReasonOf(kind, reply));
        }

        if (kind != NodeErrorKind.Ask || target is null) topology.RequestRefresh("a node answered " + kind);
        request.Sink!.OnDelayed(request);
        NodeConnection? connection = target is null ? null : owner.ConnectionTo(target, from.IsResp3);
        if (connection is not null && connection != from) connection.SendAgain(bytes, request, asking: kind == NodeErrorKind.Ask);
        else owner.ParkUntil(request, bytes, from.IsResp3, owner.Now + (kind is NodeErrorKind.Moved or NodeErrorKind.Ask ? RefreshPause : RetryPause), target);
    }

    /// <summary>The node has forgotten a script, or never had it: the source is sent in its digest's place, to the same node.</summary>
    private void SendSource(NodeConnection from, ReadOnlySpan<byte> reply, in InFlightRequest request, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> withSource = request.Sink!.BytesToSendAgain(request, bytes);
        if (withSource == bytes)
        {
            request.Sink.OnReply(request, reply);
            return;
        }

        from.SentScripts.Clear();
        owner.Counters.Count(RetryReason.NoScript);
        request.Sink.OnDelayed(request);
        from.SendAgain(withSource, request, asking: false);
    }

    /// <summary>A request was lost with its connection and may be sent again: it had not left, or only reads.</summary>
    public void Retry(in InFlightRequest request, ReadOnlySpan<byte> bytes, bool resp3, Node from)
    {
        owner.Counters.Count(RetryReason.ConnectionLost);
        bytes = request.Sink!.BytesToSendAgain(request, bytes);
        request.Sink!.OnDelayed(request);
        owner.ParkUntil(request, bytes, resp3, owner.Now + RetryPause, request.IsBoundToNode ? from : null);
    }
}
