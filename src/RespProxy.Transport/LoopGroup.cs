using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using RespProxy.Transport.Core;
using RespProxy.Transport.Epoll;
using RespProxy.Transport.Sockets;

namespace RespProxy.Transport;

/// <summary>The program's event loops and listeners. Members may be called from any thread.</summary>
public sealed class LoopGroup : IDisposable
{
    private readonly LoopCore[] _loops;
    private readonly List<LoopListener> _listeners = [];
    private readonly Lock _gate = new();
    private bool _isDisposed;

    private LoopGroup(TransportFlavor flavor, int count)
    {
        Flavor = flavor;
        _loops = flavor == TransportFlavor.Epoll ? new EpollLoop[count] : new SocketLoop[count];
        int made = 0;
        try
        {
            for (; made < count; made++)
                _loops[made] = flavor == TransportFlavor.Epoll ? new EpollLoop(made, Report) : new SocketLoop(made, Report);
        }
        catch
        {
            foreach (var loop in _loops.AsSpan(0, made))
                loop.Dispose();
            throw;
        }

        foreach (var loop in _loops)
            loop.Start();
    }

    /// <summary>The flavor in use: never <see cref="TransportFlavor.Auto"/>.</summary>
    public TransportFlavor Flavor { get; }

    /// <summary>For the log: which transport was chosen and, where Auto fell back, why.</summary>
    public string Description { get; private init; } = "";

    public IReadOnlyList<EventLoop> Loops => _loops;

    /// <summary>
    /// Hears of every exception that a handler or posted work let out; the connection it belonged to is closed, the loop goes
    /// on. Called on the loop's thread.
    /// </summary>
    public Action<Exception>? UnhandledException { get; set; }

    /// <summary>Starts <paramref name="count"/> loops of the given kind.</summary>
    /// <exception cref="PlatformNotSupportedException">The kind does not work here (the message says why).</exception>
    public static LoopGroup Start(TransportFlavor flavor, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        string threads = count == 1 ? "1 loop" : $"{count} loops";
        if (flavor == TransportFlavor.Sockets)
            return new LoopGroup(TransportFlavor.Sockets, count) { Description = $"sockets, {threads}" };

        try
        {
            RequireEpoll();
            return new LoopGroup(TransportFlavor.Epoll, count) { Description = $"epoll, {threads}" };
        }
        catch (Exception e) when (flavor == TransportFlavor.Auto && IsUnavailable(e))
        {
            return new LoopGroup(TransportFlavor.Sockets, count) { Description = $"sockets, {threads} (no epoll: {e.Message})" };
        }
    }

    /// <summary>
    /// Listens and gives each accepted connection to the loop that has the fewest; <paramref name="accept"/> makes its handler
    /// on that loop's thread (null: the connection is closed). A Unix socket's file is made with <paramref name="unixMode"/>,
    /// in place of one that nobody listens on any more, and goes when the listener is disposed.
    /// </summary>
    /// <exception cref="SocketException">The address is in use or not to be had.</exception>
    public LoopListener Listen(EndPoint endPoint, Func<EventLoop, ConnectionHandler?> accept, int unixMode = 0b110_110_000)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(accept);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var listener = Open(ListenSocket.Open(endPoint, unixMode), accept);
            _listeners.Add(listener);
            return listener;
        }
    }

    /// <summary>Closes every listener and connection and ends the threads, within seconds.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        foreach (var listener in _listeners)
            listener.Dispose();
        foreach (var loop in _loops)
            loop.Dispose();
    }

    private static void RequireEpoll()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("this is not Linux");
        if (RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64))
            throw new PlatformNotSupportedException($"the system calls of {RuntimeInformation.ProcessArchitecture} are not known");
    }

    private static bool IsUnavailable(Exception e) =>
        e is PlatformNotSupportedException or DllNotFoundException or EntryPointNotFoundException;

    private LoopListener Open(Socket socket, Func<EventLoop, ConnectionHandler?> accept)
    {
        if (_loops is EpollLoop[] epollLoops)
        {
            var listener = new EpollListener(epollLoops, socket, accept);
            _loops[0].Post(listener.Open);
            return listener;
        }

        var portable = new SocketListener((SocketLoop[])_loops, socket, accept);
        portable.Open();
        return portable;
    }

    private void Report(Exception exception)
    {
        try
        {
            UnhandledException?.Invoke(exception);
        }
        catch (Exception)
        {
            // Whoever is told of failures has failed: there is nobody left to tell.
        }
    }
}

public enum TransportFlavor
{
    /// <summary>The fastest that works here.</summary>
    Auto,

    /// <summary>Own epoll loops; Linux.</summary>
    Epoll,

    /// <summary>The framework's sockets; anywhere, and slower.</summary>
    Sockets,
}

/// <summary>A listening socket. Disposing stops accepting; accepted connections go on. Any thread.</summary>
public abstract class LoopListener : IDisposable
{
    /// <summary>The bound address, with the port the system chose.</summary>
    public abstract EndPoint LocalEndPoint { get; }

    public abstract void Dispose();
}
