using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace RespProxy.Tenancy.NearCache;

/// <summary>
/// What makes two reads of one tenant the same: the request byte for byte, the database it names keys in, and the protocol of its reply.
/// Allocation-free.
/// </summary>
public readonly ref struct ReadIdentity
{
    // Odd constants with evenly spread bits, those of wyhash.
    private const ulong Mix1 = 0xa0761d6478bd642f;
    private const ulong Mix2 = 0xe7037ed1a0b428db;

    /// <summary>Anew in each process, so that nobody can choose requests or keys that collide.</summary>
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    /// <param name="request">The request's frame.</param>
    /// <param name="database">The number that SELECT gave.</param>
    /// <param name="isResp3">The client speaks RESP3.</param>
    public ReadIdentity(ReadOnlySpan<byte> request, int database, bool isResp3)
    {
        Request = request;
        Database = database;
        IsResp3 = isResp3;
        Hash = HashOf(request, (database * 2) + (isResp3 ? 1 : 0));
    }

    public ReadOnlySpan<byte> Request { get; }

    public int Database { get; }

    public bool IsResp3 { get; }

    public ulong Hash { get; }

    public bool IsSameAs(in ReadIdentity other) =>
        Hash == other.Hash && Database == other.Database && IsResp3 == other.IsResp3 && Request.SequenceEqual(other.Request);

    /// <summary>Multiply and fold, 16 bytes at a time, as wyhash does (https://github.com/wangyi-fudan/wyhash).</summary>
    public static ulong HashOf(ReadOnlySpan<byte> bytes, int salt)
    {
        ulong hash = Fold(Seed ^ (uint)bytes.Length, Mix1 ^ (uint)salt);
        while (bytes.Length > 16)
        {
            hash = Fold(Word(bytes) ^ Mix1, Word(bytes[8..]) ^ hash);
            bytes = bytes[16..];
        }

        (ulong first, ulong last) = Ends(bytes);
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
