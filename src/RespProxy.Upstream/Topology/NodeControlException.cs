namespace RespProxy.Upstream.Topology;

/// <summary>
/// A node could not be asked: not reached, timed out, closed the connection, refused the credentials or sent what is
/// not RESP. The message names the node and the cause, never a password.
/// </summary>
public sealed class NodeControlException : Exception
{
    public NodeControlException()
    {
    }

    public NodeControlException(string message)
        : base(message)
    {
    }

    public NodeControlException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
