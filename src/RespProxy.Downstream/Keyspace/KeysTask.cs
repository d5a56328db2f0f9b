using System.Globalization;
using System.Text;
using RespProxy.Downstream.Sessions;
using RespProxy.Protocol.Resp;

namespace RespProxy.Downstream.Keyspace;

/// <summary>
/// KEYS: every key that matches, each once, by walking. https://redis.io/docs/latest/commands/keys/
/// Not a snapshot as in Redis: keys that other clients add or delete meanwhile may be told or not.
/// </summary>
internal sealed class KeysTask : KeyspaceWalk
{
    /// <summary>Largest reply in bytes: a million keys of 50 bytes. Who has more should not want them all at once.</summary>
    private const int MaxReply = 64 * 1024 * 1024;

    /// <summary>Kept free at the front for the array's header, which is known last.</summary>
    private const int HeaderRoom = 16;

    /// <summary>What a key's own header and line ends add at most.</summary>
    private const int KeyOverhead = 16;

    private readonly HashSet<Place> _seen;
    private byte[] _reply = new byte[4096];
    private int _length = HeaderRoom;

    public KeysTask(ClientSession session, ReadOnlySpan<byte> pattern)
        : base(session, ScanFilter.OfDatabase(session.Namespace, pattern)) => _seen = new HashSet<Place>(new ByBytes(this));

    public void Begin() => Walk();

    protected override void TakePage(int ordinal, in ScanPage page)
    {
        foreach (ReadOnlySpan<byte> key in page)
        {
            if (TryAdd(Filter.KeyOf(key))) continue;
            Forget();
            Answer(KeyspaceErrors.TooManyKeys);
            return;
        }

        Advance(ordinal, page.Cursor);
    }

    protected override void Forget()
    {
        _seen.Clear();
        _length = HeaderRoom;
    }

    protected override void OnWalked()
    {
        byte[] header = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{_seen.Count}\r\n"));
        int start = HeaderRoom - header.Length;
        header.CopyTo(_reply, start);
        Answer(_reply.AsSpan(start, _length - start));
    }

    /// <summary>Appends a key unless it is there already; false when there is no room for it.</summary>
    private bool TryAdd(ReadOnlySpan<byte> key)
    {
        if (_length + key.Length + KeyOverhead > MaxReply) return false;
        while (_reply.Length < _length + key.Length + KeyOverhead) Array.Resize(ref _reply, _reply.Length * 2);
        Span<byte> free = _reply.AsSpan(_length);
        free[0] = (byte)'$';
        int header = 1 + RespNumber.Write(free[1..], key.Length);
        "\r\n"u8.CopyTo(free[header..]);
        header += 2;
        key.CopyTo(free[header..]);
        "\r\n"u8.CopyTo(free[(header + key.Length)..]);
        if (_seen.Add(new Place(_length + header, key.Length))) _length += header + key.Length + 2;
        return true;
    }

    private ReadOnlySpan<byte> KeyAt(Place place) => _reply.AsSpan(place.Start, place.Length);

    /// <summary>Where a key stands in the reply.</summary>
    private readonly record struct Place(int Start, int Length);

    /// <summary>Keys are the same when their bytes are. A node may tell a key twice while it shrinks its hash table; KEYS may not.</summary>
    private sealed class ByBytes(KeysTask task) : IEqualityComparer<Place>
    {
        public bool Equals(Place x, Place y) => task.KeyAt(x).SequenceEqual(task.KeyAt(y));

        public int GetHashCode(Place place)
        {
            var hash = default(HashCode);
            hash.AddBytes(task.KeyAt(place));
            return hash.ToHashCode();
        }
    }
}
