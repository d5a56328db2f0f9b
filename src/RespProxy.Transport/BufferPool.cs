namespace RespProxy.Transport;

/// <summary>Pinned power-of-two arrays of one loop; not thread-safe.</summary>
public sealed class BufferPool
{
    /// <summary>An array of at least <paramref name="minimum"/> bytes (at least 1 KiB), contents undefined.</summary>
    public byte[] Rent(int minimum) => throw new NotImplementedException();

    public void Return(byte[] array) => throw new NotImplementedException();
}
