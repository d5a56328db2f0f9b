using System.Runtime.CompilerServices;

namespace RespProxy.Upstream.Connections;

/// <summary>The unanswered requests of one connection, oldest first: a ring that grows. Replies match its head. Not thread-safe.</summary>
internal sealed class InFlightQueue
{
    private InFlightRequest[] _ring = new InFlightRequest[64];
    private uint _head;
    private uint _tail;

    public int Count => (int)(_tail - _head);

    /// <summary>Requests that have left the queue so far; wraps around.</summary>
    public uint Popped => _head;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref InFlightRequest Peek() => ref _ring[_head & (uint)(_ring.Length - 1)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref InFlightRequest Push()
    {
        if (Count == _ring.Length) Grow();
        return ref _ring[_tail++ & (uint)(_ring.Length - 1)];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Pop(out InFlightRequest request)
    {
        ref InFlightRequest head = ref Peek();
        request = head;
        head.Sink = null;
        _head++;
    }

    private void Grow()
    {
        var larger = new InFlightRequest[_ring.Length * 2];
        for (uint i = _head; i != _tail; i++) larger[i & (uint)(larger.Length - 1)] = _ring[i & (uint)(_ring.Length - 1)];
        _ring = larger;
    }
}
