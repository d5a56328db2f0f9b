using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>A key as the client knows it, with its database, hashed once for all the tables that it is looked up in. Allocation-free.</summary>
public readonly ref struct SketchKey
{
    /// <summary>
    /// Bytes that tables keep of a key. Of a longer one they keep so many, its length and its hash: enough to tell it apart, and to
    /// find it by what it begins with.
    /// </summary>
    public const int MostKept = 256;

    // Odd constants with evenly spread bits, those of wyhash.
    private const ulong Mix1 = 0xa0761d6478bd642f;
    private const ulong Mix2 = 0xe7037ed1a0b428db;

    /// <summary>Anew in each process, so that nobody can choose keys that collide.</summary>
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <param name="key">As the client writes it.</param>
    /// <param name="database">The number that SELECT gave.</param>
    public SketchKey(ReadOnlySpan<byte> key, int database)
    {
        Kept = key[..Math.Min(key.Length, MostKept)];
        Length = key.Length;
        Database = database;
        Hash = HashOf(key, database);
    }

    /// <summary>The key, or the first <see cref="MostKept"/> bytes of it.</summary>
    public ReadOnlySpan<byte> Kept { get; }

    /// <summary>The whole key's, in bytes.</summary>
    public int Length { get; }

    public int Database { get; }

    /// <summary>Of the whole key and the database.</summary>
    public ulong Hash { get; }

    /// <summary>Multiply and fold, 16 bytes at a time, as wyhash does (https://github.com/wangyi-fudan/wyhash).</summary>
    private static ulong HashOf(ReadOnlySpan<byte> key, int database)
    {
        ulong hash = Fold(Seed ^ (uint)key.Length, Mix1 ^ (uint)database);
        while (key.Length > 16)
        {
            hash = Fold(Word(key) ^ Mix1, Word(key[8..]) ^ hash);
            key = key[16..];
        }

        (ulong first, ulong last) = Ends(key);
        return Fold(Mix2, Fold(first ^ Mix2, last ^ hash));
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
