namespace RespProxy.Downstream.Sessions;

/// <summary>Takes a reply of the proxy's own in place of the client: that of a command within a transaction. Loop thread only.</summary>
internal interface IReplyCapture
{
    /// <summary>The bytes are valid during the call only.</summary>
    void Take(ReadOnlySpan<byte> reply);
}
