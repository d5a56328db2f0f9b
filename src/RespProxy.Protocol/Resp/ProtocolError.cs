namespace RespProxy.Protocol.Resp;

/// <summary>Why bytes are not RESP. The connection that sent them is answered with <see cref="ProtocolErrors.Text"/> and closed.</summary>
public enum ProtocolError : byte
{
    None,
    InvalidMultibulkLength,
    UnauthenticatedMultibulkLength,
    TooBigMultibulkCountString,
    InvalidBulkLength,
    UnauthenticatedBulkLength,
    TooBigBulkCountString,
    ExpectedDollar,
    MissingLineEnd,
    TooBigInlineRequest,
    UnbalancedQuotes,

    /// <summary>A node sent something that is no RESP reply.</summary>
    InvalidReply,
}

public static class ProtocolErrors
{
    /// <summary>Redis's own text for the error, without the leading <c>-ERR Protocol error: </c>.</summary>
    public static string Text(ProtocolError error, byte found = 0) => error switch
    {
        ProtocolError.InvalidMultibulkLength => "invalid multibulk length",
        ProtocolError.UnauthenticatedMultibulkLength => "unauthenticated multibulk length",
        ProtocolError.TooBigMultibulkCountString => "too big mbulk count string",
        ProtocolError.InvalidBulkLength => "invalid bulk length",
        ProtocolError.UnauthenticatedBulkLength => "unauthenticated bulk length",
        ProtocolError.TooBigBulkCountString => "too big bulk count string",
        ProtocolError.ExpectedDollar => $"expected '$', got '{(found is >= 0x20 and < 0x7f ? (char)found : ' ')}'",
        ProtocolError.MissingLineEnd => "expected CRLF after an argument",
        ProtocolError.TooBigInlineRequest => "too big inline request",
        ProtocolError.UnbalancedQuotes => "unbalanced quotes in request",
        ProtocolError.InvalidReply => "invalid reply",
        _ => "none",
    };
}
