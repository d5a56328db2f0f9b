using System.Globalization;
using RespProxy.LocalCluster;
using RespProxy.Testing;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>Compares two replies as closely as a call wants it.</summary>
internal static class ReplyLikeness
{
    public static bool AreAlike(Likeness likeness, RawReply one, RawReply other) => likeness switch
    {
        Likeness.Exact => one.Bytes.Span.SequenceEqual(other.Bytes.Span),
        Likeness.Unordered => Sorted(one) == Sorted(other),
        Likeness.Kind => TypeOf(one) == TypeOf(other),
        _ => AreAlikeInParts(likeness, one, other),
    };

    /// <summary>The elements of an aggregate, each as it stood on the wire; a map's keys and values alternate.</summary>
    public static IReadOnlyList<RawReply> ElementsOf(RawReply aggregate)
    {
        var elements = new List<RawReply>();
        ReadOnlyMemory<byte> rest = aggregate.Bytes[(aggregate.Bytes.Span.IndexOf((byte)'\n') + 1)..];
        while (elements.Count < aggregate.Tree.Items.Count && RedisReplyParser.TryParse(rest.Span, out RedisReply tree, out int length))
        {
            elements.Add(new RawReply(rest[..length], tree));
            rest = rest[length..];
        }

        return elements;
    }

    private static bool AreAlikeInParts(Likeness likeness, RawReply one, RawReply other)
    {
        if (TypeOf(one) != TypeOf(other) || one.Tree.Items.Count != other.Tree.Items.Count) return false;
        if (one.Tree.Items.Count > 0)
            return ElementsOf(one).Zip(ElementsOf(other)).All(pair => AreAlike(likeness, pair.First, pair.Second));
        return likeness == Likeness.Shape ? one.Tree.IsNull == other.Tree.IsNull : AreClose(one, other);
    }

    private static bool AreClose(RawReply one, RawReply other)
    {
        if (!double.TryParse(one.Tree.Text, CultureInfo.InvariantCulture, out double first) || !double.TryParse(other.Tree.Text, CultureInfo.InvariantCulture, out double second))
            return one.Bytes.Span.SequenceEqual(other.Bytes.Span);
        // -1 and -2 are no times but answers.
        return first < 0 || second < 0 ? first == second : Math.Abs(first - second) <= Math.Max(3, first / 100);
    }

    private static char TypeOf(RawReply reply) => (char)reply.Bytes.Span[0];

    private static string Sorted(RawReply reply)
    {
        if (reply.Tree.Items.Count == 0) return reply.Wire;
        IEnumerable<string> elements = ElementsOf(reply).Select(Sorted);
        if (reply.Tree.Kind == RedisReplyKind.Map) elements = elements.Chunk(2).Select(pair => string.Concat(pair));
        return $"{TypeOf(reply)}{reply.Tree.Items.Count}({string.Join(' ', elements.Order(StringComparer.Ordinal))})";
    }
}
