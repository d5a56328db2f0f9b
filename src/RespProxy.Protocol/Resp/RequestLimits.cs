namespace RespProxy.Protocol.Resp;

/// <summary>What a request may measure. Defaults and texts are Redis's (networking.c, processMultibulkBuffer).</summary>
/// <param name="MaxArguments">Most arguments of one request.</param>
/// <param name="MaxBulkLength">Longest argument, in bytes.</param>
/// <param name="IsAuthenticated">False picks the errors that name the missing authentication as the cause.</param>
public sealed record RequestLimits(int MaxArguments, int MaxBulkLength, bool IsAuthenticated = true)
{
    /// <summary>Longest inline request or length line, in bytes (Redis: PROTO_INLINE_MAX_SIZE).</summary>
    public const int MaxInlineLength = 64 * 1024;

    /// <summary>Redis's limits for authenticated clients: 1024*1024 arguments of at most 512 MiB.</summary>
    public static RequestLimits Default { get; } = new(1024 * 1024, 512 * 1024 * 1024);

    /// <summary>Redis's limits before authentication: 10 arguments of at most 16 KiB.</summary>
    public static RequestLimits Unauthenticated { get; } = new(10, 16 * 1024, IsAuthenticated: false);
}
