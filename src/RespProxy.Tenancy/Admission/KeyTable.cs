using System.Numerics;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// What is kept for exact keys: open addressing by <see cref="KeyHash"/>, behind <see cref="HashBits"/>, which tell a key that is not there.
/// Immutable; any thread; allocation-free.
/// </summary>
internal sealed class KeyTable<T>
{
    private readonly Entry[] _entries;
    private readonly HashBits _bits;

    public KeyTable(IReadOnlyCollection<KeyValuePair<byte[], T>> pairs)
    {
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, pairs.Count * 2))];
        _bits = new HashBits([.. pairs.Select(pair => KeyHash.Of(pair.Key))]);
        foreach ((byte[] key, T value) in pairs)
        {
            ulong hash = KeyHash.Of(key);
            int place = (int)hash & (_entries.Length - 1);
            while (_entries[place].Key is not null) place = (place + 1) & (_entries.Length - 1);
            _entries[place] = new Entry(hash, key, value);
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        ulong hash = KeyHash.Of(key);
        if (_bits.MayHave(hash)) return TryFind(key, hash, out value);
        value = default!;
        return false;
    }

    private bool TryFind(ReadOnlySpan<byte> key, ulong hash, out T value)
    {
        Entry[] entries = _entries;
        for (int place = (int)hash & (entries.Length - 1); ; place = (place + 1) & (entries.Length - 1))
        {
            ref readonly Entry entry = ref entries[place];
            if (entry.Key is null)
            {
                value = default!;
                return false;
            }

            if (entry.Hash != hash || !key.SequenceEqual(entry.Key)) continue;
            value = entry.Value;
            return true;
        }
    }

    /// <param name="Hash">Of the key.</param>
    /// <param name="Key">Null where nothing is.</param>
    /// <param name="Value">What is kept.</param>
    private readonly record struct Entry(ulong Hash, byte[]? Key, T Value);
}
