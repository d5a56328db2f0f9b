namespace RespProxy.LocalCluster;

/// <summary>A throwaway server could not be found, started or brought into the wanted state; the text says what to do.</summary>
public sealed class LocalClusterException : Exception
{
    public LocalClusterException()
    {
    }

    public LocalClusterException(string message)
        : base(message)
    {
    }

    public LocalClusterException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
