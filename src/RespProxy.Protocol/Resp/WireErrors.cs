namespace RespProxy.Protocol.Resp;

/// <summary>
/// The fixed error replies, whole lines as they go over the wire. Texts are Redis's own where Redis has the error, because clients
/// match on them; ours start with <c>ERR</c>, since go-redis, Sidekiq and others retry LOADING, READONLY, MASTERDOWN, CLUSTERDOWN,
/// TRYAGAIN and NOREPLICAS by themselves.
/// </summary>
public static class WireErrors
{
    public static ReadOnlySpan<byte> NoAuth => "-NOAUTH Authentication required.\r\n"u8;

    public static ReadOnlySpan<byte> WrongPass => "-WRONGPASS invalid username-password pair or user is disabled.\r\n"u8;

    public static ReadOnlySpan<byte> CrossSlot => "-CROSSSLOT Keys in request don't hash to the same slot\r\n"u8;

    public static ReadOnlySpan<byte> Syntax => "-ERR syntax error\r\n"u8;

    public static ReadOnlySpan<byte> NotAnInteger => "-ERR value is not an integer or out of range\r\n"u8;

    public static ReadOnlySpan<byte> ClusterDisabled => "-ERR This instance has cluster support disabled\r\n"u8;

    public static ReadOnlySpan<byte> NoProto => "-NOPROTO unsupported protocol version\r\n"u8;

    public static ReadOnlySpan<byte> MaxClients => "-ERR max number of clients reached\r\n"u8;

    /// <summary>Of an argument that must fit into 32 bits.</summary>
    public static ReadOnlySpan<byte> OutOfInt32 => "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n"u8;

    public static ReadOnlySpan<byte> SameObject => "-ERR source and destination objects are the same\r\n"u8;

    public static ReadOnlySpan<byte> NoScript => "-NOSCRIPT No matching script. Please use EVAL.\r\n"u8;

    public static ReadOnlySpan<byte> DatabaseOutOfRange => "-ERR DB index is out of range\r\n"u8;

    /// <summary>The node answered nothing and had the whole request: nobody knows whether it ran. Never retried by the proxy.</summary>
    public static ReadOnlySpan<byte> OutcomeUnknown => "-ERR upstream connection lost, the outcome of this command is unknown\r\n"u8;

    public static ReadOnlySpan<byte> TimedOut => "-ERR upstream did not answer in time, the outcome of this command is unknown\r\n"u8;

    public static ReadOnlySpan<byte> NotExecuted => "-ERR upstream unavailable, the command was not executed, try again later\r\n"u8;

    public static ReadOnlySpan<byte> TooManyRedirects => "-ERR too many cluster redirects, the command was not executed, try again later\r\n"u8;

    public static ReadOnlySpan<byte> TooManyLeases =>
        "-ERR too many clients block or watch at once, the command was not executed; raise maxLeasedConnections or try again later\r\n"u8;

    public static ReadOnlySpan<byte> Overloaded => "-ERR too many requests are waiting for the upstream, the command was not executed, try again later\r\n"u8;
}
