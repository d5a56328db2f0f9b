using System.Numerics;
using System.Runtime.CompilerServices;

namespace RespProxy.Tenancy.Admission;

/// <summary>
/// A bit for each hash in a field so sparse that what is not there is told by one bit, nearly always, and the processor can foresee it. Immutable; any thread;
/// allocation-free.
/// </summary>
internal sealed class HashBits
{
    /// <summary>Bits per hash: one in so many that are not there may seem to be.</summary>
    private const int Sparseness = 32;

    private readonly ulong[] _bits;

    /// <param name="hashes">Of <see cref="KeyHash"/>.</param>
    public HashBits(IReadOnlyCollection<ulong> hashes)
    {
        _bits = new ulong[Math.Max(1, BitOperations.RoundUpToPowerOf2((uint)(hashes.Count * Sparseness)) / 64)];
        foreach (ulong hash in hashes) WordOf(hash) |= BitOf(hash);
    }

    /// <summary>False: it is not there. True: perhaps it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayHave(ulong hash) => (WordOf(hash) & BitOf(hash)) != 0;

    private ref ulong WordOf(ulong hash) => ref _bits[(int)(hash >> 40) & (_bits.Length - 1)];

    private static ulong BitOf(ulong hash) => 1UL << (int)(hash >> 34);
}
