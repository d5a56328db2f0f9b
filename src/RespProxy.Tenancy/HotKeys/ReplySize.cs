using System.Collections.Frozen;
using RespProxy.Configuration;
using RespProxy.Protocol.Commands;
using RespProxy.Protocol.Resp;

namespace RespProxy.Tenancy.HotKeys;

/// <summary>What a reply says of the size of its command's key.</summary>
public enum ReplySizeRule
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is the value, or a part of it.</summary>
    Value,

    /// <summary>One element for each key is the value of it.</summary>
    ValueOfEach,

    /// <summary>An integer is the number of elements that the first key has.</summary>
    Elements,

    /// <summary>An integer is the number of bytes that the first key has.</summary>
    Bytes,
}

/// <summary>Sizes as replies tell them. Immutable; any thread.</summary>
public static class ReplySize
{
    /// <summary>The least that an element of an aggregate is written in: RESP3's null, <c>_\r\n</c>.</summary>
    private const int ShortestElement = 3;

    private static readonly FrozenDictionary<string, ReplySizeRule> Integers = new Dictionary<string, ReplySizeRule>
    {
        ["APPEND"] = ReplySizeRule.Bytes,
        ["MEMORY|USAGE"] = ReplySizeRule.Bytes,
        ["SETRANGE"] = ReplySizeRule.Bytes,
        ["STRLEN"] = ReplySizeRule.Bytes,
        ["GEOSEARCHSTORE"] = ReplySizeRule.Elements,
        ["HLEN"] = ReplySizeRule.Elements,
        ["LINSERT"] = ReplySizeRule.Elements,
        ["LLEN"] = ReplySizeRule.Elements,
        ["LPUSH"] = ReplySizeRule.Elements,
        ["LPUSHX"] = ReplySizeRule.Elements,
        ["RPUSH"] = ReplySizeRule.Elements,
        ["RPUSHX"] = ReplySizeRule.Elements,
        ["SCARD"] = ReplySizeRule.Elements,
        ["SDIFFSTORE"] = ReplySizeRule.Elements,
        ["SINTERSTORE"] = ReplySizeRule.Elements,
        ["SUNIONSTORE"] = ReplySizeRule.Elements,
        ["XLEN"] = ReplySizeRule.Elements,
        ["ZCARD"] = ReplySizeRule.Elements,
        ["ZDIFFSTORE"] = ReplySizeRule.Elements,
        ["ZINTERSTORE"] = ReplySizeRule.Elements,
        ["ZRANGESTORE"] = ReplySizeRule.Elements,
        ["ZUNIONSTORE"] = ReplySizeRule.Elements,
    }.ToFrozenDictionary();

    private static readonly ReplySizeRule[] Rules = [.. CommandTable.All.Select(Find)];

    public static ReplySizeRule RuleOf(CommandSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Rules[spec.Index];
    }

    /// <summary>By the commands' numbers: the length of the shortest reply that can tell of a big key; 0 where none does.</summary>
    public static uint[] ShortestNotable(BigKeysSnapshot configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return
        [
            .. Rules.Select(rule => rule switch
            {
                ReplySizeRule.None => 0u,
                ReplySizeRule.Elements => IntegerLength(configuration.Elements),
                ReplySizeRule.Bytes => IntegerLength(configuration.Bytes),
                _ => (uint)Math.Min(configuration.Bytes, (long)configuration.Elements * ShortestElement),
            }),
        ];
    }

    /// <summary>The bytes and elements that a reply of a <see cref="ReplySizeRule.Value"/> shows; 0 elements of what has none.</summary>
    /// <param name="reply">The reply, or the key's element of it.</param>
    /// <param name="arePairs">Each element of the key is two of the reply, unless it is a map.</param>
    public static (long Bytes, long Elements) OfValue(ReadOnlySpan<byte> reply, bool arePairs) => (reply.Length, ElementsOf(reply, arePairs));

    /// <summary>The elements that a reply of a <see cref="ReplySizeRule.Value"/> shows, by its first header; 0 of what has none.</summary>
    /// <param name="reply">The reply, or its beginning with the header.</param>
    /// <param name="arePairs">Each element of the key is two of the reply, unless it is a map.</param>
    public static long ElementsOf(ReadOnlySpan<byte> reply, bool arePairs)
    {
        long elements = reply[0] is (byte)'*' or (byte)'%' or (byte)'~' ? Math.Max(0, new ReplyCursor(reply).ReadAggregateHeader()) : 0;
        return arePairs && reply[0] == '*' ? elements / 2 : elements;
    }

    /// <summary><c>:n\r\n</c></summary>
    private static uint IntegerLength(int value) => (uint)value.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + 3;

    private static ReplySizeRule Find(CommandSpec spec)
    {
        if (Integers.TryGetValue(spec.Name, out ReplySizeRule rule)) return rule;
        // A script's reply need be no part of its key; the key of a MOVE is another one upstream.
        if (spec.Keys.Shape is KeyShape.None or KeyShape.Move) return ReplySizeRule.None;
        return spec.Route switch
        {
            RouteRule.Keyed => ReplySizeRule.Value,
            RouteRule.SplitArray => ReplySizeRule.ValueOfEach,
            _ => ReplySizeRule.None,
        };
    }
}
