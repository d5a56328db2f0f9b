using System.Runtime.CompilerServices;

namespace RespProxy.Protocol.Commands;

/// <summary>The argument indexes that are keys, ascending, reused from request to request. One event loop's; not thread-safe.</summary>
public sealed class KeyIndexes
{
    private int[] _items = new int[16];
    private List<int>? _patterns;

    public int Count { get; private set; }

    /// <summary>The request names keys in other ways than by arguments that are keys: it cannot be rewritten key by key alone.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Arguments that are patterns of keys, ascending, where the request really reads keys by them (SORT BY and GET).</summary>
    public IReadOnlyList<int> Patterns => HasMore && _patterns is not null ? _patterns : [];

    /// <summary>True for a SORT that reads other keys by patterns: BY one with a <c>*</c>, or GET one other than <c>#</c>.</summary>
    public bool NamesPatterns => HasMore && _patterns is { Count: > 0 };

    /// <summary>The argument that says which database the second key is in (MOVE, COPY DB); 0 when both are in the client's own.</summary>
    public int DatabaseArgument { get; private set; }

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
        if (HasMore) ClearMore();
    }

    public void AddPattern(int argument)
    {
        HasMore = true;
        (_patterns ??= []).Add(argument);
    }

    public void SetDatabase(int argument)
    {
        HasMore = true;
        DatabaseArgument = argument;
    }

    private void ClearMore()
    {
        HasMore = false;
        _patterns?.Clear();
        DatabaseArgument = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int argument)
    {
        if (Count == _items.Length) Array.Resize(ref _items, Count * 2);
        _items[Count++] = argument;
    }
}
