namespace RespProxy.Protocol.Resp;

/// <summary>Why bytes are not RESP. The connection that sent them is answered with <see cref="ProtocolErrors.Text"/> and closed.</summary>
public enum ProtocolError : byte
{
    None,
    InvalidMultibulkLength,
    UnauthenticatedMultibulkLength,
    InvalidBulkLength,
    UnauthenticatedBulkLength,
    ExpectedDollar,
    MissingLineEnd,
    TooBigInlineRequest,
    UnbalancedQuotes,

    /// <summary>A node sent something that is no RESP reply.</summary>
    InvalidReply,
}

/// <summary>
/// The texts of Redis 7.0. Where the proxy differs, it refuses what Redis takes, or refuses sooner:
/// <list type="bullet">
/// <item>A CR without its LF after a length, and anything but CRLF after an argument: Redis steps over two bytes unread.</item>
/// <item>A length line that cannot become a number is refused at its first wrong byte; Redis waits for its end, and after
/// 64 KiB says <c>too big mbulk count string</c> or <c>too big bulk count string</c>, which the proxy so never does.</item>
/// <item>More than 1,048,576 arguments: the limit before Redis 7, which takes up to 2,147,483,647.</item>
/// <item>An inline command of more than 64 KiB, even when it arrives all at once.</item>
/// <item>A byte that is no printable ASCII, where <c>$</c> was expected, is shown as a space.</item>
/// </list>
/// </summary>
public static class ProtocolErrors
{
    /// <summary>Redis's own text for the error, without the leading <c>-ERR Protocol error: </c>.</summary>
    public static string Text(ProtocolError error, byte found = 0) => error switch
    {
        ProtocolError.InvalidMultibulkLength => "invalid multibulk length",
        ProtocolError.UnauthenticatedMultibulkLength => "unauthenticated multibulk length",
        ProtocolError.InvalidBulkLength => "invalid bulk length",
        ProtocolError.UnauthenticatedBulkLength => "unauthenticated bulk length",
        ProtocolError.ExpectedDollar => $"expected '$', got '{(found is >= 0x20 and < 0x7f ? (char)found : ' ')}'",
        ProtocolError.MissingLineEnd => "expected CRLF after an argument",
        ProtocolError.TooBigInlineRequest => "too big inline request",
        ProtocolError.UnbalancedQuotes => "unbalanced quotes in request",
        ProtocolError.InvalidReply => "invalid reply",
        _ => "none",
    };
}
