using System.Globalization;
using System.Text;

namespace RespProxy.LocalCluster;

/// <summary>What a reply is, in RESP2 and RESP3.</summary>
public enum RedisReplyKind
{
    SimpleString,
    Error,
    Integer,
    BulkString,
    Array,
    Null,
    Double,
    Boolean,
    BigNumber,
    BlobError,
    VerbatimString,
    Map,
    Set,
    Push,
    Attribute,
}

/// <summary>
/// A reply as a tree of objects: handy for set-up and tests, far too dear for a proxy's data path.
/// </summary>
/// <param name="Kind">What the reply is.</param>
/// <param name="Bytes">The value of a scalar as it stood on the wire (without type byte, length and line end).</param>
/// <param name="Items">The parts of an aggregate in order; a map's keys and values alternate.</param>
public sealed record RedisReply(RedisReplyKind Kind, ReadOnlyMemory<byte> Bytes, IReadOnlyList<RedisReply> Items)
{
    /// <summary>The scalar as text, one char per byte (Latin-1), so that no byte is lost.</summary>
    public string Text => Encoding.Latin1.GetString(Bytes.Span);

    public bool IsNull => Kind == RedisReplyKind.Null;

    public bool IsError => Kind is RedisReplyKind.Error or RedisReplyKind.BlobError;

    /// <summary>The scalar as a 64-bit integer.</summary>
    /// <exception cref="FormatException">It isn't one.</exception>
    public long Integer => long.Parse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>The reply itself, unless it is an error.</summary>
    /// <exception cref="LocalClusterException">It is an error; its text is the exception's.</exception>
    public RedisReply OrThrow() => IsError ? throw new LocalClusterException(Text) : this;

    public override string ToString() => Kind switch
    {
        RedisReplyKind.Null => "(null)",
        RedisReplyKind.Error or RedisReplyKind.BlobError => $"(error) {Text}",
        RedisReplyKind.Integer => $"(integer) {Text}",
        _ when Items.Count > 0 => $"{Kind}[{string.Join(", ", Items)}]",
        RedisReplyKind.Array or RedisReplyKind.Map or RedisReplyKind.Set or RedisReplyKind.Push => $"{Kind}[]",
        _ => $"\"{Text}\"",
    };
}
