using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace RespProxy.Tenancy;

/// <summary>The hash of keys and requests in tables that clients fill or ask: quick for short texts, and not to be foreseen by clients. Any thread.</summary>
internal static class KeyHash
{
    // Odd constants with evenly spread bits, those of wyhash.
    private const ulong Mix1 = 0xa0761d6478bd642f;
    private const ulong Mix2 = 0xe7037ed1a0b428db;

    /// <summary>Anew in each process, so that nobody can choose keys that collide.</summary>
    private static readonly ulong Seed = NewSeed();

    /// <summary>Multiply and fold, 16 bytes at a time, as wyhash does (https://github.com/wangyi-fudan/wyhash).</summary>
    public static ulong Of(ReadOnlySpan<byte> key, uint salt = 0)
    {
        ulong hash = Fold(Seed ^ (uint)key.Length, Mix1 ^ salt);
        while (key.Length > 16)
        {
            hash = Fold(Word(key) ^ Mix1, Word(key[8..]) ^ hash);
            key = key[16..];
        }

        (ulong first, ulong last) = Ends(key);
        return Fold(Mix2, Fold(first ^ Mix2, last ^ hash));
    }

    /// <summary>Of a new GUID: 122 of its bits come from the system's random generator, as RandomNumberGenerator's do, which would load OpenSSL for them.</summary>
    private static ulong NewSeed()
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = Guid.NewGuid().TryWriteBytes(bytes);
        return Fold(Word(bytes), Word(bytes[8..]));
    }

    /// <summary>All of 16 bytes or fewer, in two words that may overlap.</summary>
    private static (ulong First, ulong Last) Ends(ReadOnlySpan<byte> rest)
    {
        if (rest.Length >= 8) return (Word(rest), Word(rest[^8..]));
        if (rest.Length >= 4) return (BinaryPrimitives.ReadUInt32LittleEndian(rest), BinaryPrimitives.ReadUInt32LittleEndian(rest[^4..]));
        return rest.IsEmpty ? default : ((ulong)rest[0] << 16 | (ulong)rest[rest.Length >> 1] << 8 | rest[^1], 0UL);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b) => Math.BigMul(a, b, out ulong low) ^ low;
}
