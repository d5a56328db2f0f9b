using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Core;

/// <summary>Binds listening sockets, with what Unix sockets need: a stale file goes, the mode is set. (The framework removes
/// the file when the socket is disposed.)</summary>
internal static class ListenSocket
{
    /// <summary>Connections the system keeps for us to accept; the system's own limit (somaxconn, 4096 on current Linux) caps it.</summary>
    private const int Backlog = 4096;

    /// <exception cref="SocketException">The address is in use or not to be had.</exception>
    public static Socket Open(EndPoint endPoint, int unixMode)
    {
        string? path = UnixPath(endPoint);
        if (path is not null)
            RemoveStale(path);

        var protocol = endPoint.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, protocol);
        try
        {
            if (protocol == ProtocolType.Tcp)
                Configure(socket, endPoint);
            socket.Bind(endPoint); // the framework sets SO_REUSEADDR here for TCP
            if (path is not null && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, (UnixFileMode)unixMode); // nobody can connect before Listen
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The file of a Unix socket; null for other addresses and for abstract ones.
    private static string? UnixPath(EndPoint endPoint)
    {
        string? path = endPoint is UnixDomainSocketEndPoint ? endPoint.ToString() : null;
        return path is ['@' or '\0', ..] ? null : path;
    }

    private static void Configure(Socket socket, EndPoint endPoint)
    {
        // Accepted sockets inherit both, which saves two system calls each (Linux; the portable flavor sets them again).
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (endPoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            socket.DualMode = true;
    }

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path) || !IsSocket(path))
            return;
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            TryDelete(path);
            return;
        }
        catch (SocketException)
        {
            // Not to be judged: bind says that the address is in use.
            return;
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not ours to remove: bind says that the address is in use.
        }
    }

    // A socket is what exists and cannot be opened as a file, though permission is given. Opened for both, a FIFO does not block.
    private static bool IsSocket(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
