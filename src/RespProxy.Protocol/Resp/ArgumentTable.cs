using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Resp;

/// <summary>Where one argument of a request lies in its frame.</summary>
/// <param name="HeaderStart">Offset of the argument's <c>$</c>, from the start of the frame.</param>
/// <param name="Start">Offset of the argument's first payload byte, from the start of the frame.</param>
/// <param name="Length">Payload length in bytes.</param>
public readonly record struct ArgumentSlot(int HeaderStart, int Start, int Length)
{
    /// <summary>Offset just past the argument's closing CRLF.</summary>
    public int End => Start + Length + 2;
}

/// <summary>
/// The argument offsets of one request frame, reused from frame to frame.
/// Owned by one event loop; not thread-safe. Grows as arguments arrive, never from a claimed count, so a
/// client that announces a million arguments and sends none costs nothing.
/// </summary>
public sealed class ArgumentTable
{
    private ArgumentSlot[] _slots = new ArgumentSlot[16];

    /// <summary>Arguments recorded so far, the command name included.</summary>
    public int Count { get; private set; }

    public ArgumentSlot this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _slots[index];
    }

    public ReadOnlySpan<ArgumentSlot> Slots => new(_slots, 0, Count);

    public void Clear() => Count = 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int headerStart, int start, int length)
    {
        if (Count == _slots.Length) Array.Resize(ref _slots, Count * 2);
        _slots[Count++] = new ArgumentSlot(headerStart, start, length);
    }

    /// <summary>Gives back the memory of an unusually long request (more than 1,024 arguments).</summary>
    public void Shrink()
    {
        if (_slots.Length > 1024) _slots = new ArgumentSlot[16];
        Count = 0;
    }
}
