using System.Net;
using System.Net.Sockets;

namespace RespProxy.LoadTests.Targets;

/// <summary>
/// Where a load connects: a port on loopback, or a Unix socket when <see cref="UnixPath"/> is set. With
/// <see cref="IsCluster"/> it is any node of a cluster, and the load goes to the owners of its keys.
/// </summary>
internal sealed record ServerEndpoint(int Port, string? UnixPath = null, bool IsCluster = false)
{
    public Socket Connect()
    {
        Socket socket = UnixPath is null
            ? new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(UnixPath is null ? new IPEndPoint(IPAddress.Loopback, Port) : new UnixDomainSocketEndPoint(UnixPath));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A port that was free a moment ago; nothing holds it until its server binds it.</summary>
    public static ServerEndpoint FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new(((IPEndPoint)socket.LocalEndPoint!).Port);
    }
}
