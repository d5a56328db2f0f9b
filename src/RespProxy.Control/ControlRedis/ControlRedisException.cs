namespace RespProxy.Control.ControlRedis;

/// <summary>
/// The control Redis could not be asked: not reached, too slow, broken off, overloaded with requests of this proxy. What was asked for may have been done all the
/// same. The text names the server and the cause, never a password.
/// </summary>
public sealed class ControlRedisException : Exception
{
    public ControlRedisException()
    {
    }

    public ControlRedisException(string message)
        : base(message)
    {
    }

    public ControlRedisException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
