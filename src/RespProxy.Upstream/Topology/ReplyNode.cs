using System.Collections.Immutable;
using System.Text;

namespace RespProxy.Upstream.Topology;

public enum ReplyKind
{
    Null,
    Simple,
    Error,
    Integer,
    Bulk,
    Array,
}

/// <summary>A RESP2 reply as a tree, for control work off the hot path. Immutable.</summary>
public sealed class ReplyNode
{
    public static readonly ReplyNode Null = new(ReplyKind.Null);

    private ReplyNode(ReplyKind kind) => Kind = kind;

    public ReplyKind Kind { get; }

    /// <summary>The bytes of a simple string, an error (without its <c>-</c>) or a bulk string; otherwise empty.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private init; }

    /// <summary>The value of an integer reply; otherwise 0.</summary>
    public long Integer { get; private init; }

    /// <summary>The elements of an array; otherwise empty.</summary>
    public ImmutableArray<ReplyNode> Items { get; private init; } = [];

    /// <summary><see cref="Bytes"/> as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    public bool IsError => Kind == ReplyKind.Error;

    public static ReplyNode OfInteger(long value) => new(ReplyKind.Integer) { Integer = value };

    public static ReplyNode OfText(ReplyKind kind, ReadOnlyMemory<byte> bytes) => new(kind) { Bytes = bytes };

    public static ReplyNode OfItems(ImmutableArray<ReplyNode> items) => new(ReplyKind.Array) { Items = items };
}
