using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RespProxy.Transport;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// The replies owed to one client, in the order of its requests.
///
/// <para>A request takes a number when it is dispatched; the client's order is fixed there. The reply with the number at the head is
/// written to the client at once and never stands here. A reply that comes early (another node was faster, or the proxy
/// answered itself) is parked: its bytes in one pooled buffer for all of them, its place in a ring that is pooled, too. When the
/// head is answered, the parked replies behind it follow. With nothing parked the queue is two numbers.</para>
///
/// A mutable struct within the session; loop thread only.
/// </summary>
internal struct ReplyQueue
{
    private byte[]? _ring; // of Parked; a power of two of them, like every array of the pool
    private byte[]? _bytes;
    private int _used;     // of _bytes: parked replies, and those already written in between
    private int _live;     // of _bytes: parked replies
    private int _parked;
    private uint _head;
    private uint _next;

    /// <summary>Requests not answered to the client yet.</summary>
    public readonly int Pending => (int)(_next - _head);

    /// <summary>The number that the next request takes.</summary>
    public readonly uint Next => _next;

    /// <summary>Bytes of the replies that are parked now.</summary>
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
        EnsureRing(pool);
        EnsureBytes(reply.Length, pool);
        reply.CopyTo(_bytes.AsSpan(_used));
        PlaceOf(PlacesIn(_ring!), number) = new Parked(_used, reply.Length + 1);
        _used += reply.Length;
        _live += reply.Length;
        _parked++;
    }

    /// <summary>The parked reply at the head, which is taken off the line; false when the head is still unanswered.</summary>
    public bool TryTakeHead(out ReadOnlySpan<byte> reply)
    {
        reply = default;
        if (_parked == 0) return false;
        ref Parked place = ref PlaceOf(PlacesIn(_ring!), _head);
        if (place.LengthPlusOne == 0) return false;
        reply = _bytes.AsSpan(place.Offset, place.LengthPlusOne - 1);
        place = default;
        _live -= reply.Length;
        _parked--;
        _head++;
        return true;
    }

    /// <summary>Gives the parking space back once nothing is parked.</summary>
    public void ReleaseUnused(BufferPool pool)
    {
        if (_parked > 0 || _bytes is null) return;
        pool.Return(_bytes);
        pool.Return(_ring!);
        _bytes = _ring = null;
        _used = _live = 0;
    }

    /// <summary>Drops everything: the client is gone.</summary>
    public void Clear(BufferPool pool)
    {
        _parked = 0;
        _head = _next;
        ReleaseUnused(pool);
    }

    private static Span<Parked> PlacesIn(byte[] ring) => MemoryMarshal.Cast<byte, Parked>(ring.AsSpan());

    private static ref Parked PlaceOf(Span<Parked> places, uint number) => ref places[(int)(number & (uint)(places.Length - 1))];

    private void EnsureRing(BufferPool pool)
    {
        if (_ring is not null && Pending <= PlacesIn(_ring).Length) return;
        byte[] larger = pool.Rent(Pending * Unsafe.SizeOf<Parked>());
        larger.AsSpan().Clear();
        if (_ring is not null)
        {
            Span<Parked> from = PlacesIn(_ring);
            for (uint i = 0; i < (uint)from.Length; i++) PlaceOf(PlacesIn(larger), _head + i) = PlaceOf(from, _head + i);
            pool.Return(_ring);
        }

        _ring = larger;
    }

    /// <summary>
    /// Makes room. Only what is still parked moves, into twice its space: a busy client may have something parked for ever,
    /// and what was written long ago must not pile up behind it. Room for a byte per pending request pays for looking at each.
    /// </summary>
    private void EnsureBytes(int count, BufferPool pool)
    {
        if (_bytes is null)
        {
            _bytes = pool.Rent(count);
            return;
        }

        if (_bytes.Length - _used >= count) return;
        byte[] fresh = pool.Rent(checked((_live * 2) + count + Pending));
        Span<Parked> places = PlacesIn(_ring!);
        int moved = 0;
        for (uint number = _head; number != _next; number++)
        {
            ref Parked place = ref PlaceOf(places, number);
            if (place.LengthPlusOne == 0) continue;
            _bytes.AsSpan(place.Offset, place.LengthPlusOne - 1).CopyTo(fresh.AsSpan(moved));
            place = place with { Offset = moved };
            moved += place.LengthPlusOne - 1;
        }

        pool.Return(_bytes);
        _bytes = fresh;
        _used = moved;
    }

    /// <summary>Eight bytes, so that a power of two of them fills an array of the pool.</summary>
    /// <param name="Offset">Where the reply starts.</param>
    /// <param name="LengthPlusOne">0: not answered yet. An empty reply is one, too.</param>
    private readonly record struct Parked(int Offset, int LengthPlusOne);
}
