using System.Net;

namespace RespProxy.Transport;

/// <summary>The program's event loops and listeners. Members may be called from any thread.</summary>
public sealed class LoopGroup : IDisposable
{
    /// <summary>Starts <paramref name="count"/> loops of the given kind.</summary>
    /// <exception cref="PlatformNotSupportedException">The kind does not work here (the message says why).</exception>
    public static LoopGroup Start(TransportFlavor flavor, int count) => throw new NotImplementedException();

    /// <summary>The flavor in use: never <see cref="TransportFlavor.Auto"/>.</summary>
    public TransportFlavor Flavor => throw new NotImplementedException();

    /// <summary>For the log: which transport was chosen and, where Auto fell back, why.</summary>
    public string Description => throw new NotImplementedException();

    public IReadOnlyList<EventLoop> Loops => throw new NotImplementedException();

    /// <summary>
    /// Listens and gives each accepted connection to the loop that has the fewest; <paramref name="accept"/> makes its handler
    /// on that loop's thread (null: the connection is closed).
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address is in use or not to be had.</exception>
    public LoopListener Listen(EndPoint endPoint, Func<EventLoop, ConnectionHandler?> accept, int unixMode = 0b110_110_000) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}

public enum TransportFlavor
{
    Auto,
    Epoll,
    Sockets,
}

/// <summary>A listening socket. Disposing stops accepting; accepted connections go on. Any thread.</summary>
public abstract class LoopListener : IDisposable
{
    /// <summary>The bound address, with the port the system chose.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    public abstract void Dispose();
}
