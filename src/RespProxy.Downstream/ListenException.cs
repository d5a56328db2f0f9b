namespace RespProxy.Downstream;

/// <summary>A listener could not be bound; the message says which address and why.</summary>
public sealed class ListenException : Exception
{
    public ListenException()
    {
    }

    public ListenException(string message)
        : base(message)
    {
    }

    public ListenException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
