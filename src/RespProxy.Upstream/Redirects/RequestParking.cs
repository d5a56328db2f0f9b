using RespProxy.Transport;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Redirects;

/// <summary>
/// Where requests wait for a node that can take them, each no longer than the upstream's requestTimeout after its start. They are tried when a connection
/// gets ready, when the slot map changes, and every few milliseconds. Loop thread only.
/// </summary>
internal sealed class RequestParking(UpstreamLoop owner, EventLoop loop)
{
    /// <summary>How often parked requests are tried, while there are any.</summary>
    private static readonly TimeSpan RetryTick = TimeSpan.FromMilliseconds(20);

    private readonly RetryQueue _retries = new();
    private readonly long _requestTimeout = UpstreamLoop.Ticks(owner.Snapshot.RequestTimeout);
    private bool _isTicking;

    /// <summary>Requests that wait.</summary>
    public int Count => _retries.Count;

    /// <summary>Of the requests that wait.</summary>
    public long Bytes => _retries.Bytes;

    /// <summary>False when as many wait as may. Time in Stopwatch ticks.</summary>
    public bool TryAdd(in InFlightRequest request, ReadOnlySpan<byte> bytes, bool resp3, long dueAt, Node? target)
    {
        if (!_retries.TryAdd(request, bytes, resp3, dueAt, target)) return false;
        StartTicking();
        return true;
    }

    /// <summary>Sends what can be sent now, and fails what has waited too long.</summary>
    public void Offer()
    {
        if (_retries.Count > 0) _retries.Offer(TryUnpark);
    }

    private bool TryUnpark(ParkedRequest parked)
    {
        bool isBound = parked.Request.IsBoundToNode;
        bool isTooLate = loop.Now - parked.Request.StartedAt > _requestTimeout;
        bool isGone = isBound && owner.Map?.Primaries.Contains(parked.Target!) != true;
        if (owner.IsStopped || isTooLate || isGone || (parked.IsResp3 && !owner.SupportsResp3))
        {
            owner.Fail(parked.Request, UpstreamFailure.NotExecuted);
            return true;
        }

        if (parked.DueAt > loop.Now) return false;
        Node? node = parked.Target ?? owner.Map?.PrimaryOf(parked.Request.Slot);
        NodeConnection? connection = node is null ? null : owner.ConnectionTo(node, parked.IsResp3);
        if (connection is null) return false;
        connection.SendAgain(parked.Bytes.AsSpan(0, parked.Length), parked.Request, asking: parked.Target is not null && !isBound);
        return true;
    }

    private void OnTick()
    {
        _isTicking = false;
        Offer();
        if (_retries.Count > 0) StartTicking();
    }

    private void StartTicking()
    {
        if (_isTicking) return;
        _isTicking = true;
        loop.Schedule(RetryTick, OnTick);
    }
}
