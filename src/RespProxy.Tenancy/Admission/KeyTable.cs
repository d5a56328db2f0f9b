using System.Numerics;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// What is kept for exact keys: open addressing by <see cref="KeyHash"/>, behind a bit for each hash in a field so sparse that a key that is not there is
/// told by one bit, nearly always, and the processor can foresee it.
/// Immutable; any thread; allocation-free.
/// </summary>
internal sealed class KeyTable<T>
{
    /// <summary>Bits per key: one key in so many that are not there is looked up in vain.</summary>
    private const int Sparseness = 32;

    private readonly Entry[] _entries;
    private readonly ulong[] _bits;

    public KeyTable(IReadOnlyCollection<KeyValuePair<byte[], T>> pairs)
    {
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, pairs.Count * 2))];
        _bits = new ulong[Math.Max(1, BitOperations.RoundUpToPowerOf2((uint)(pairs.Count * Sparseness)) / 64)];
        foreach ((byte[] key, T value) in pairs)
        {
            ulong hash = KeyHash.Of(key);
            int place = (int)hash & (_entries.Length - 1);
            while (_entries[place].Key is not null) place = (place + 1) & (_entries.Length - 1);
            _entries[place] = new Entry(hash, key, value);
            BitsOf(_bits, hash) |= BitOf(hash);
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        ulong hash = KeyHash.Of(key);
        if ((BitsOf(_bits, hash) & BitOf(hash)) != 0) return TryFind(key, hash, out value);
        value = default!;
        return false;
    }

    private static ref ulong BitsOf(ulong[] bits, ulong hash) => ref bits[(int)(hash >> 40) & (bits.Length - 1)];

    private static ulong BitOf(ulong hash) => 1UL << (int)(hash >> 34);

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
