namespace RespProxy.Transport;

/// <summary>
/// The protocol side of a connection. Every method is called on the connection's event loop, one at a time,
/// never re-entered from within a call into the connection.
/// </summary>
public abstract class ConnectionHandler
{
    /// <summary>
    /// The connection stands: the first call. For an outgoing one, bytes written before it are sent after it; an accepted one stands
    /// from the start.
    /// </summary>
    public virtual void OnConnected(LoopConnection connection)
    {
    }

    /// <summary>
    /// <see cref="LoopConnection.Input"/> holds bytes it did not hold before. What is not consumed stays and is
    /// offered again, with more, at the next call.
    /// </summary>
    public abstract void OnReadable(LoopConnection connection);

    /// <summary>
    /// Output that the peer had refused to take (a short write) has now all been sent.
    /// </summary>
    public virtual void OnDrained(LoopConnection connection)
    {
    }

    /// <summary>
    /// The peer of an accepted connection will send no more (it may still read): what is owed to it can be written, then
    /// <see cref="LoopConnection.CloseWhenSent"/> called. Unless overridden, the connection closes at once as
    /// <see cref="CloseReason.PeerClosed"/>. Outgoing connections close so without this call.
    /// </summary>
    public virtual void OnPeerFinished(LoopConnection connection) => connection.CloseAs(CloseReason.PeerClosed);

    /// <summary>The connection is over, for whichever reason; the last call, made exactly once. Its buffers are gone after it returns.</summary>
    public abstract void OnClosed(LoopConnection connection, CloseReason reason);
}

/// <summary>Why a connection ended.</summary>
public enum CloseReason
{
    /// <summary>The peer closed its side (recv returned 0).</summary>
    PeerClosed,

    /// <summary>The system reported an error on an established connection (reset, timed out).</summary>
    Error,

    /// <summary>An outgoing connection could not be established, or not in time.</summary>
    ConnectFailed,

    /// <summary>This side closed it.</summary>
    Local,
}
