using RespProxy.Configuration;
using RespProxy.Protocol.Commands;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>
/// The biggest keys of one tenant as one event loop saw them pass. Bounded: when it is full, a bigger key takes the place of the smallest, or of
/// one that was not seen for long. Any thread; locked for a big key and for who reads them.
/// </summary>
public sealed class BigKeyTable(BigKeysSnapshot configuration, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _keep = (long)configuration.Keep.TotalSeconds;
    private readonly KeyStore _keys = new();

    /// <summary>By the entries' numbers: looked through at once, before anything else of them.</summary>
    private ulong[] _hashes = [];
    private Entry[] _entries = [];
    private int _count;
    private long _noted;

    /// <summary>Requests and replies that showed a big key.</summary>
    public long Noted => Volatile.Read(ref _noted);

    /// <summary>A request or reply has shown that the key has so many bytes, and so many elements; nothing happens when neither is much.</summary>
    public void Note(in SketchKey key, long bytes, long elements, CommandSpec spec)
    {
        if (bytes < configuration.Bytes && elements < configuration.Elements) return;
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock)
        {
            _noted++;
            int number = Find(key);
            if (number < 0)
            {
                if (!TryTakePlace(Score(bytes, elements), now, out number)) return;
                _hashes[number] = key.Hash;
                _keys.Write(number, key.Kept);
                _entries[number] = new Entry { Length = key.Length, Database = key.Database };
            }

            ref Entry entry = ref _entries[number];
            entry.Bytes = Math.Max(entry.Bytes, bytes);
            entry.Elements = Math.Max(entry.Elements, elements);
            entry.Seen = now;
            entry.Command = spec;
        }
    }

    /// <summary>Adds the keys that are not too old to a reading.</summary>
    public void CopyTo(ICollection<BigKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        lock (_lock)
        {
            for (int number = 0; number < _count; number++)
            {
                ref readonly Entry entry = ref _entries[number];
                if (now - entry.Seen >= _keep) continue;
                keys.Add(new BigKey(_keys.Read(number, entry.Length).ToArray(), entry.Length, entry.Database, entry.Bytes, entry.Elements, entry.Seen, entry.Command!)
                {
                    Hash = _hashes[number],
                    Score = Score(entry.Bytes, entry.Elements),
                });
            }
        }
    }

    /// <summary>The biggest of several readings, each key once, at most so many, the biggest first.</summary>
    public static IReadOnlyList<BigKey> Top(IEnumerable<BigKey> keys, int count) =>
    [
        .. keys
            .GroupBy(key => (key.Hash, key.Length, key.Database))
            .Select(same => same.MaxBy(key => key.Seen)! with
            {
                Bytes = same.Max(key => key.Bytes),
                Elements = same.Max(key => key.Elements),
                Score = same.Max(key => key.Score),
            })
            .OrderByDescending(key => key.Score)
            .Take(count),
    ];

    /// <summary>How many times as big as a key must be to be told of.</summary>
    private double Score(long bytes, long elements) => Math.Max((double)bytes / configuration.Bytes, (double)elements / configuration.Elements);

    private int Find(in SketchKey key)
    {
        int number = _hashes.AsSpan(0, _count).IndexOf(key.Hash);
        return number >= 0 && _entries[number].Length == key.Length && _entries[number].Database == key.Database ? number : -1;
    }

    /// <summary>A place for one more key; false when all keys there are bigger.</summary>
    private bool TryTakePlace(double score, long now, out int number)
    {
        number = _count;
        if (_count < configuration.Keys)
        {
            if (_count == _entries.Length) Grow();
            _count++;
            return true;
        }

        double least = double.MaxValue;
        for (int i = 0; i < _count; i++)
        {
            double its = now - _entries[i].Seen >= _keep ? 0 : Score(_entries[i].Bytes, _entries[i].Elements);
            if (its >= least) continue;
            least = its;
            number = i;
        }

        return score > least;
    }

    private void Grow()
    {
        int size = Math.Min(configuration.Keys, Math.Max(8, _entries.Length * 2));
        Array.Resize(ref _entries, size);
        Array.Resize(ref _hashes, size);
        _keys.Resize(size);
    }

    private struct Entry
    {
        public long Bytes;
        public long Elements;
        public long Seen;
        public CommandSpec? Command;
        public int Length;
        public int Database;
    }
}

/// <param name="Key">As the client knows it; its first <see cref="SketchKey.MostKept"/> bytes.</param>
/// <param name="Length">The whole key's.</param>
/// <param name="Database">As SELECT numbers it.</param>
/// <param name="Bytes">Most that a request or reply showed of the key, headers included, or a reply said of it; it may have more.</param>
/// <param name="Elements">The same in elements; 0 where none were seen.</param>
/// <param name="Seen">When it was last seen to be big, in Unix seconds.</param>
/// <param name="Command">The command that showed it then.</param>
public sealed record BigKey(byte[] Key, int Length, int Database, long Bytes, long Elements, long Seen, CommandSpec Command)
{
    internal ulong Hash { get; init; }

    internal double Score { get; init; }
}
