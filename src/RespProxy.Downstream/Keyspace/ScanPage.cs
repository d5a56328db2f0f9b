using System.Buffers.Text;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// A node's reply to SCAN, <c>[cursor, [key, ...]]</c>: the keys in it that are meant. What the filter does not take is passed over; a key that
/// is not the tenant's, which the pattern cannot have let through, is counted. Stands on the reply's bytes.
/// </summary>
internal ref struct ScanPage
{
    private readonly ReadOnlySpan<byte> _reply;
    private readonly ScanFilter _filter;
    private readonly int _keysStart;
    private readonly long _keyCount;

    private ScanPage(ReadOnlySpan<byte> reply, ScanFilter filter, ulong cursor, int keysStart, long keyCount)
    {
        _reply = reply;
        _filter = filter;
        Cursor = cursor;
        _keysStart = keysStart;
        _keyCount = keyCount;
    }

    /// <summary>Where the node goes on; 0 when it is through.</summary>
    public ulong Cursor { get; }

    /// <summary>Keys that the filter takes in this page. Set by <see cref="TryRead"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Keys passed over, since they are not the tenant's. Must be 0.</summary>
    public int Foreign { get; private set; }

    /// <summary>False when the reply has another form.</summary>
    public static bool TryRead(ReadOnlySpan<byte> reply, ScanFilter filter, out ScanPage page)
    {
        page = default;
        var cursor = new ReplyCursor(reply);
        if (cursor.Kind != '*' || cursor.ReadAggregateHeader() != 2 || !cursor.TryReadBulk(out ReadOnlySpan<byte> next)) return false;
        if (!Utf8Parser.TryParse(next, out ulong position, out int consumed) || consumed != next.Length) return false;
        if (cursor.AtEnd || cursor.Kind != '*') return false;
        long count = cursor.ReadAggregateHeader();
        page = new ScanPage(reply, filter, position, cursor.Position, count);
        return page.TryCount();
    }

    /// <summary>The keys that the filter takes, each as the node has it.</summary>
    public readonly KeyEnumerator GetEnumerator() => new(_reply[_keysStart..], _keyCount, _filter);

    private bool TryCount()
    {
        var cursor = new ReplyCursor(_reply[_keysStart..]);
        for (long i = 0; i < _keyCount; i++)
        {
            if (!cursor.TryReadBulk(out ReadOnlySpan<byte> key)) return false;
            if (_filter.Takes(key)) Count++;
            else if (_filter.IsForeign(key)) Foreign++;
        }

        return true;
    }

    public ref struct KeyEnumerator(ReadOnlySpan<byte> keys, long count, ScanFilter filter)
    {
        private ReplyCursor _cursor = new(keys);
        private long _left = count;
        private ReadOnlySpan<byte> _current;

        public readonly ReadOnlySpan<byte> Current => _current;

        public bool MoveNext()
        {
            while (_left-- > 0 && _cursor.TryReadBulk(out _current))
            {
                if (filter.Takes(_current)) return true;
            }

            return false;
        }
    }
}
