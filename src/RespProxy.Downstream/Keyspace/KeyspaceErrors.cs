namespace RespProxy.Downstream.Keyspace;

/// <summary>Error lines of the whole-keyspace commands, as they go over the wire.</summary>
internal static class KeyspaceErrors
{
    /// <summary>Redis's own.</summary>
    public static ReadOnlySpan<byte> InvalidCursor => "-ERR invalid cursor\r\n"u8;

    /// <summary>Keys may have moved from a node that the scan has yet to visit to one that it has visited.</summary>
    public static ReadOnlySpan<byte> Restart => "-ERR cluster slots have other owners than when this scan began, start again with cursor 0\r\n"u8;

    public static ReadOnlySpan<byte> CursorTooLarge => "-ERR the node's scan cursor is too large to be carried in the proxy's\r\n"u8;

    /// <summary>No slot map, or slots without an owner: an answer would leave keys out.</summary>
    public static ReadOnlySpan<byte> Incomplete => "-ERR some cluster slots have no known owner, the command was not executed, try again later\r\n"u8;

    public static ReadOnlySpan<byte> KeptMoving => "-ERR cluster slots kept changing their owners, the command was given up, try again later\r\n"u8;

    public static ReadOnlySpan<byte> TooManyKeys => "-ERR the reply would be larger than the proxy allows for KEYS, use SCAN\r\n"u8;

    public static ReadOnlySpan<byte> FlushUnfinished => "-ERR the flush did not finish, keys may be left, run it again\r\n"u8;

    /// <summary>MOVE and COPY DB.</summary>
    public static ReadOnlySpan<byte> DatabasesApart =>
        "-CROSSSLOT Keys in request don't hash to the same slot: with placement spread, a key is in the same slot in two databases only if it has a hash tag\r\n"u8;

    /// <summary>SORT BY and GET.</summary>
    public static ReadOnlySpan<byte> PatternWithoutTag =>
        "-ERR BY and GET of SORT need a pattern with a hash tag before its *, as {tag}weight_*, with this tenant's placement (tagged)\r\n"u8;

    public static ReadOnlySpan<byte> UnexpectedForm => "-ERR upstream sent a reply of an unexpected form\r\n"u8;
}
