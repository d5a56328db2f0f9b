namespace RespProxy.Upstream.Connections;

/// <summary>What is known of a reply that was passed on in parts: all that those who look at large replies want of it. A value; loop thread only.</summary>
public struct StreamedReply
{
    /// <summary>Of incomplete replies, what is collected before parts are passed on. A smaller one can be asked for anew when the node is lost; a larger one cost too much memory.</summary>
    public const int From = 1024 * 1024;

    /// <summary>A longest header: its kind, the digits of a length, and the line's end.</summary>
    private const int MostHead = 24;

    private HeadBytes _head;
    private int _headLength;

    /// <summary>Bytes passed on so far; in the end, of the whole reply.</summary>
    public long Length { get; private set; }

    /// <summary>Some of it was passed on.</summary>
    public readonly bool HasBegun => Length > 0;

    /// <summary>The bytes that the reply begins with: its first header is among them.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Head => ((ReadOnlySpan<byte>)_head)[.._headLength];

    /// <summary>Counts a part.</summary>
    public void Add(ReadOnlySpan<byte> part)
    {
        if (Length == 0)
        {
            _headLength = Math.Min(part.Length, MostHead);
            part[.._headLength].CopyTo(_head);
        }

        Length += part.Length;
    }

    [System.Runtime.CompilerServices.InlineArray(MostHead)]
    private struct HeadBytes
    {
        private byte _first;
    }
}
