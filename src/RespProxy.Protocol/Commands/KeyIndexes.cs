using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Commands;

/// <summary>The argument indexes that are keys, ascending, reused from request to request. One event loop's; not thread-safe.</summary>
public sealed class KeyIndexes
{
    private int[] _items = new int[16];

    public int Count { get; private set; }

    /// <summary>The request may block: it has BLOCK among its options (XREAD, XREADGROUP), or its command always may.</summary>
    public bool Blocks { get; set; }

    public int this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _items[index];
    }

    public ReadOnlySpan<int> Items => new(_items, 0, Count);

    public void Clear()
    {
        Count = 0;
        Blocks = false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int argument)
    {
        if (Count == _items.Length) Array.Resize(ref _items, Count * 2);
        _items[Count++] = argument;
    }
}
