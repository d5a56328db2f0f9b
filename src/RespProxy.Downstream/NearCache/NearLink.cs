using RespProxy.Downstream.Tracking;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;
using RespProxy.Tenancy.Namespaces;
using RespProxy.Tenancy.NearCache;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Downstream.NearCache;

/// <summary>
/// A loop's shared RESP3 connection to a node as a near cache sees it: what is read over it is tracked, and PING asks whether it is still heard.
/// Loop thread only.
/// </summary>
internal sealed class NearLink(TenantNearCache cache, NodeConnection connection, TrackingTable table) : IReplySink
{
    private long _probeMoment;

    /// <summary>When the PING that is unanswered was sent, in Stopwatch ticks; 0: none is.</summary>
    private long _probedAt;

    public InvalidationStream Stream { get; } = new();

    public Node Node => connection.Node;

    /// <summary>The node does not track.</summary>
    public bool IsRefused => table.IsRefused;

    /// <summary>The node tracks: what it has answered is certainly remembered there.</summary>
    public bool IsTracking => table is { IsAnswered: true, IsRefused: false };

    /// <summary>It has been asked whether it is there, and owes the answer for too long.</summary>
    public bool IsSilent(long now) => _probedAt != 0 && cache.Rules.IsLagging(_probedAt, now);

    /// <summary>Sends a read that the node remembers.</summary>
    public void SendTracked(in RequestView request, CommandSpec spec, KeyIndexes keys, KeyNamespace ns, int slot, IReplySink sink)
    {
        long now = cache.Loop.Events.Now;
        table.SendCachingYes(now);
        int size = RequestRewriter.MaxLength(request.Frame.Length, keys, ns);
        int length = RequestRewriter.Write(request, keys, ns, connection.GetSpan(size));
        connection.Send(length, new InFlightRequest { Sink = sink, Command = spec, StartedAt = now, Slot = (ushort)slot });
    }

    /// <summary>Asks the node whether it is there, unless it owes the answer to that already.</summary>
    public void Probe(long now)
    {
        if (_probedAt != 0 || !connection.IsReady) return;
        ReadOnlySpan<byte> ping = "*1\r\n$4\r\nPING\r\n"u8;
        ping.CopyTo(connection.GetSpan(ping.Length));
        _probedAt = now;
        _probeMoment = cache.Seen.Tick();
        // Of a command that does not only read: it says nothing of another connection, so it must not be sent again there.
        connection.Send(ping.Length, new InFlightRequest { Sink = this, Command = UpstreamTracking.TrackingSpec, StartedAt = now });
    }

    /// <summary>The answer to a PING.</summary>
    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        Stream.OnAnswered(_probeMoment, _probedAt);
        _probedAt = 0;
    }

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure)
    {
        // The connection is gone, which the cache has heard.
    }

    public void OnDelayed(in InFlightRequest request)
    {
    }
}
