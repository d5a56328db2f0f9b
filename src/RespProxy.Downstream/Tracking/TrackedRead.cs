using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Tracking;

/// <summary>
/// A tracked read on its way. When its reply comes, and not before, its keys go into the table of the connection that brought it: the
/// reply stands in the stream where the node read the keys, and so behind every invalidation that was for an earlier read.
///
/// <para>A read that was sent again was not tracked where it ran. Its keys are invalidated directly behind its reply.</para>
/// </summary>
internal sealed class TrackedRead(ClientTracking client, IReplySink sink, TrackingTable? table, TrackedName[] keys) : IReplySink
{
    private bool _isElsewhere;

    public void OnReply(in InFlightRequest request, ReadOnlySpan<byte> reply)
    {
        if (table is { IsRefused: false } && !_isElsewhere)
        {
            foreach (TrackedName key in keys) table.Remember(key, client);
            sink.OnReply(request, reply);
            return;
        }

        sink.OnReply(request, reply);
        foreach (TrackedName key in keys) client.Invalidate(key.Bare);
    }

    public void OnSlow(in InFlightRequest request, ReadOnlySpan<byte> bytes) => sink.OnSlow(request, bytes);

    public void OnObserved(in InFlightRequest request, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> reply) => sink.OnObserved(request, bytes, reply);

    public void OnFailure(in InFlightRequest request, UpstreamFailure failure) => sink.OnFailure(request, failure);

    public void OnDelayed(in InFlightRequest request)
    {
        _isElsewhere = true;
        sink.OnDelayed(request);
    }

    public ReadOnlySpan<byte> BytesToSendAgain(scoped in InFlightRequest request, ReadOnlySpan<byte> bytes) => sink.BytesToSendAgain(request, bytes);
}
