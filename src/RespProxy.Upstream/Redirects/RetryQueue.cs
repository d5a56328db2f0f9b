using System.Buffers;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Upstream.Redirects;

/// <summary>A request that waits to be sent again, with its own copy of its bytes.</summary>
internal sealed class ParkedRequest
{
    public InFlightRequest Request;

    public required byte[] Bytes { get; init; }

    public required int Length { get; init; }

    public required bool IsResp3 { get; init; }

    /// <summary>Not before this time, in Stopwatch ticks.</summary>
    public required long DueAt { get; init; }

    /// <summary>Where an ASK wants it, or the node it is bound to; null: wherever the slot map says.</summary>
    public Node? Target { get; init; }
}

/// <summary>
/// Requests with no node to go to just now: it is being connected, was lost, or said "try again". In order of arrival, so that those of
/// one slot keep their order. Bounded in number and bytes. Rare, so it may copy and allocate. Loop thread only.
/// </summary>
internal sealed class RetryQueue
{
    public const int MaxRequests = 100_000;
    public const long MaxBytes = 256L * 1024 * 1024;

    private readonly List<ParkedRequest> _parked = [];
    private long _bytes;

    public int Count => _parked.Count;

    /// <summary>Of all requests.</summary>
    public long Bytes => _bytes;

    /// <summary>False when the queue is full.</summary>
    public bool TryAdd(in InFlightRequest request, ReadOnlySpan<byte> bytes, bool resp3, long dueAt, Node? target = null)
    {
        if (_parked.Count >= MaxRequests || _bytes + bytes.Length > MaxBytes) return false;
        byte[] copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        _bytes += bytes.Length;
        _parked.Add(new ParkedRequest { Request = request, Bytes = copy, Length = bytes.Length, IsResp3 = resp3, DueAt = dueAt, Target = target });
        return true;
    }

    /// <summary>Offers each request in order; those that <paramref name="tryTake"/> accepts leave the queue.</summary>
    public void Offer(Func<ParkedRequest, bool> tryTake)
    {
        // What is offered may park again (at the end): only those here now are looked at.
        int count = _parked.Count;
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            ParkedRequest parked = _parked[i];
            if (tryTake(parked))
            {
                _bytes -= parked.Length;
                ArrayPool<byte>.Shared.Return(parked.Bytes);
            }
            else
            {
                _parked[kept++] = parked;
            }
        }

        _parked.RemoveRange(kept, count - kept);
    }
}
