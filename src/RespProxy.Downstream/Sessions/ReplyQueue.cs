using System.Numerics;
using System.Runtime.CompilerServices;
using RespProxy.Transport;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// The replies owed to one client, in the order of its requests.
///
/// <para>A request takes a number when it is dispatched; the client's order is fixed there. The reply with the number at the head is
/// written to the client at once and never stands here. A reply that comes early (another node was faster, or the proxy
/// answered itself) is parked: its bytes in one pooled buffer for all of them, its place in a ring. When the head is
/// answered, the parked replies behind it follow. With nothing parked the queue is two numbers.</para>
///
/// A mutable struct within the session; loop thread only.
/// </summary>
internal struct ReplyQueue
{
    private Parked[]? _ring;
    private byte[]? _bytes;
    private int _used;
    private int _live;
    private int _parked;
    private uint _head;
    private uint _next;

    /// <summary>Requests not answered to the client yet.</summary>
    public readonly int Pending => (int)(_next - _head);

    /// <summary>Bytes of replies that wait for their turn.</summary>
    public readonly int ParkedBytes => _live;

    public readonly bool HasParked => _parked > 0;

    /// <summary>Takes the next place in the line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Reserve() => _next++;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsHead(uint number) => number == _head;

    /// <summary>The head has been answered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance() => _head++;

    /// <summary>Keeps an early reply until its turn comes.</summary>
    public void Park(uint number, ReadOnlySpan<byte> reply, BufferPool pool)
    {
        EnsureRing();
        EnsureBytes(reply.Length, pool);
        reply.CopyTo(_bytes.AsSpan(_used));
        ref Parked place = ref _ring![number & (uint)(_ring.Length - 1)];
        place = new Parked(_used, reply.Length, IsPresent: true);
        _used += reply.Length;
        _live += reply.Length;
        _parked++;
    }

    /// <summary>The parked reply at the head, which is taken off the line; false when the head is still unanswered.</summary>
    public bool TryTakeHead(out ReadOnlySpan<byte> reply)
    {
        reply = default;
        if (_parked == 0) return false;
        ref Parked place = ref _ring![_head & (uint)(_ring.Length - 1)];
        if (!place.IsPresent) return false;
        reply = _bytes.AsSpan(place.Offset, place.Length);
        _live -= place.Length;
        place = default;
        _parked--;
        _head++;
        return true;
    }

    /// <summary>Gives the parking space back once nothing is parked.</summary>
    public void ReleaseUnused(BufferPool pool)
    {
        if (_parked > 0 || _bytes is null) return;
        pool.Return(_bytes);
        _bytes = null;
        _used = _live = 0;
        if (_ring!.Length > 1024) _ring = null;
    }

    /// <summary>Drops everything: the client is gone.</summary>
    public void Clear(BufferPool pool)
    {
        _parked = 0;
        _live = 0;
        _head = _next;
        ReleaseUnused(pool);
        _ring = null;
    }

    private void EnsureRing()
    {
        if (_ring is not null && Pending <= _ring.Length) return;
        var larger = new Parked[Math.Max(16, (int)BitOperations.RoundUpToPowerOf2((uint)Pending))];
        if (_ring is not null)
        {
            for (uint i = 0; i < (uint)_ring.Length; i++)
            {
                uint number = _head + i;
                larger[number & (uint)(larger.Length - 1)] = _ring[number & (uint)(_ring.Length - 1)];
            }
        }

        _ring = larger;
    }

    private void EnsureBytes(int count, BufferPool pool)
    {
        if (_bytes is not null && _bytes.Length - _used >= count) return;
        // The places of replies already written are won back here: a client that always has something parked would otherwise
        // grow for ever. As much room as the ring has entries pays for looking at each.
        byte[] roomier = pool.Rent(checked(Math.Max((_live + count) * 2, _ring!.Length * 4)));
        int used = 0;
        for (uint i = 0; i < (uint)_ring.Length; i++)
        {
            ref Parked place = ref _ring[(_head + i) & (uint)(_ring.Length - 1)];
            if (!place.IsPresent) continue;
            _bytes.AsSpan(place.Offset, place.Length).CopyTo(roomier.AsSpan(used));
            place = place with { Offset = used };
            used += place.Length;
        }

        if (_bytes is not null) pool.Return(_bytes);
        _bytes = roomier;
        _used = used;
    }

    private readonly record struct Parked(int Offset, int Length, bool IsPresent);
}
