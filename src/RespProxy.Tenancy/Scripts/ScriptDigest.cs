using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace RespProxy.Tenancy.Scripts;

/// <summary>The SHA1 of a script's source, by which EVALSHA names it.</summary>
public readonly record struct ScriptDigest(ulong First, ulong Middle, uint Last)
{
    /// <summary>Hex digits of a digest.</summary>
    public const int TextLength = SHA1.HashSizeInBytes * 2;

    /// <summary>Enough of it to tell a tenant's scripts apart.</summary>
    public UInt128 Short => new(First, Middle);

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "Redis names scripts by their SHA1; a tenant's are kept apart from all others.")]
    public static ScriptDigest Of(ReadOnlySpan<byte> source)
    {
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(source, hash);
        return Of20(hash);
    }

    /// <summary>Reads 40 hex digits of any letter case.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ScriptDigest digest)
    {
        digest = default;
        if (text.Length != TextLength) return false;
        Span<char> digits = stackalloc char[TextLength];
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        if (Encoding.Latin1.GetChars(text, digits) != TextLength || Convert.FromHexString(digits, hash, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        digest = Of20(hash);
        return true;
    }

    /// <summary>As Redis writes it.</summary>
    public override string ToString() => $"{First:x16}{Middle:x16}{Last:x8}";

    private static ScriptDigest Of20(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]), BinaryPrimitives.ReadUInt32BigEndian(hash[16..]));
}
