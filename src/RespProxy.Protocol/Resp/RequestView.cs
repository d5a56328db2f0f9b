using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Resp;

/// <summary>
/// One whole request frame, <c>*argc $len arg ...</c>, seen in place: the frame's bytes and the offsets of its arguments.
/// A ref struct over the connection's input: it cannot survive the callback it was read in.
/// An inline command is re-encoded as an array first, so that a view is always a RESP array.
/// </summary>
public readonly ref struct RequestView
{
    private readonly ArgumentTable _arguments;

    public RequestView(ReadOnlySpan<byte> frame, ArgumentTable arguments)
    {
        Frame = frame;
        _arguments = arguments;
    }

    /// <summary>The bytes of the frame, from <c>*</c> to the last CRLF.</summary>
    public ReadOnlySpan<byte> Frame { get; }

    /// <summary>Number of arguments, the command name included; at least 1.</summary>
    public int Count => _arguments.Count;

    /// <summary>The payload of argument <paramref name="index"/>; 0 is the command name.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ArgumentSlot slot = _arguments[index];
            return Frame.Slice(slot.Start, slot.Length);
        }
    }

    /// <summary>Where argument <paramref name="index"/> lies within <see cref="Frame"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArgumentSlot SlotOf(int index) => _arguments[index];
}
