namespace RespProxy.Tenancy.HotKeys;

/// <summary>A key as the client knows it, with its database, hashed once for all the tables that it is looked up in. Allocation-free.</summary>
public readonly ref struct SketchKey
{
    /// <summary>
    /// Bytes that tables keep of a key. Of a longer one they keep so many, its length and its hash: enough to tell it apart, and to
    /// find it by what it begins with.
    /// </summary>
    public const int MostKept = 256;

    /// <param name="key">As the client writes it.</param>
    /// <param name="database">The number that SELECT gave.</param>
    public SketchKey(ReadOnlySpan<byte> key, int database)
    {
        Kept = key[..Math.Min(key.Length, MostKept)];
        Length = key.Length;
        Database = database;
        Hash = KeyHash.Of(key, (uint)database);
    }

    /// <summary>The key, or the first <see cref="MostKept"/> bytes of it.</summary>
    public ReadOnlySpan<byte> Kept { get; }

    /// <summary>The whole key's, in bytes.</summary>
    public int Length { get; }

    public int Database { get; }

    /// <summary>Of the whole key and the database.</summary>
    public ulong Hash { get; }
}
