namespace RespProxy.Protocol.Commands;

/// <summary>
/// What a request whose keys cannot be found is answered with: Redis's own texts, taken from redis-server 7.0,
/// without the leading <c>-</c> and the closing CRLF.
/// </summary>
internal static class KeyErrors
{
    public static ReadOnlySpan<byte> Syntax => "ERR syntax error"u8;

    public static ReadOnlySpan<byte> NotAnInteger => "ERR value is not an integer or out of range"u8;

    public static ReadOnlySpan<byte> UnbalancedStreams =>
        "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."u8;

    public static ReadOnlySpan<byte> GroupOption =>
        "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."u8;

    public static ReadOnlySpan<byte> NoAckOption =>
        "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."u8;

    public static ReadOnlySpan<byte> MissingGroup => "ERR Missing GROUP option for XREADGROUP"u8;

    private static ReadOnlySpan<byte> NotPositive => "ERR numkeys should be greater than 0"u8;

    private static ReadOnlySpan<byte> MoreThanArguments => "ERR Number of keys can't be greater than number of args"u8;

    private static ReadOnlySpan<byte> BadNumber => "ERR Bad number of keys provided"u8;

    private static ReadOnlySpan<byte> Negative => "ERR Number of keys can't be negative"u8;

    /// <summary>The key count is no integer by Redis's strict reading.</summary>
    public static ReadOnlySpan<byte> NotANumberOfKeys(CommandSpec spec) => spec.Keys.NumKeysRule switch
    {
        NumKeysRule.Pop or NumKeysRule.Cardinality => NotPositive,
        NumKeysRule.Script when spec.Name is "FCALL" or "FCALL_RO" => BadNumber,
        _ => NotAnInteger,
    };

    /// <summary>The key count is below what the command takes: 1, or 0 for scripts.</summary>
    public static ReadOnlySpan<byte> TooFewKeys(CommandSpec spec) => spec.Keys.NumKeysRule switch
    {
        NumKeysRule.Combine => NoInputKey(spec),
        NumKeysRule.Script => Negative,
        _ => NotPositive,
    };

    /// <summary>The key count is more than the arguments that follow it.</summary>
    public static ReadOnlySpan<byte> TooManyKeys(NumKeysRule rule) =>
        rule is NumKeysRule.Cardinality or NumKeysRule.Script ? MoreThanArguments : Syntax;

    /// <summary>A key without its value.</summary>
    public static ReadOnlySpan<byte> UnevenPairs(CommandSpec spec) => spec.Name switch
    {
        "MSET" => "ERR wrong number of arguments for 'mset' command"u8,
        "MSETNX" => "ERR wrong number of arguments for 'msetnx' command"u8,
        _ => Syntax,
    };

    private static ReadOnlySpan<byte> NoInputKey(CommandSpec spec) => spec.Name switch
    {
        "ZUNION" => "ERR at least 1 input key is needed for 'zunion' command"u8,
        "ZINTER" => "ERR at least 1 input key is needed for 'zinter' command"u8,
        "ZDIFF" => "ERR at least 1 input key is needed for 'zdiff' command"u8,
        "ZUNIONSTORE" => "ERR at least 1 input key is needed for 'zunionstore' command"u8,
        "ZINTERSTORE" => "ERR at least 1 input key is needed for 'zinterstore' command"u8,
        "ZDIFFSTORE" => "ERR at least 1 input key is needed for 'zdiffstore' command"u8,
        "ZINTERCARD" => "ERR at least 1 input key is needed for 'zintercard' command"u8,
        _ => Syntax,
    };
}
