using System.Net;
using System.Net.Sockets;

namespace RespProxy.LocalCluster;

/// <summary>
/// Ports of 127.0.0.1 that nobody uses, whose cluster bus port (port + 10,000) is unused too.
/// </summary>
/// <remarks>
/// Both stay below 32,768, where Linux starts its ephemeral ports (ip_local_port_range), so that no outgoing
/// connection takes one between our look and the server's bind. A port stays ours until returned, so that a killed
/// node finds its own again. Thread-safe.
/// </remarks>
internal static class LoopbackPorts
{
    public const int BusOffset = 10_000;
    private const int First = 10_001;
    private const int Last = 22_700;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];

    /// <exception cref="LocalClusterException">Nothing is free.</exception>
    public static int Take()
    {
        const int Attempts = 1000;
        for (int i = 0; i < Attempts; i++)
        {
            int port = Random.Shared.Next(First, Last);
            lock (Gate)
            {
                if (!Taken.Contains(port) && IsFree(port) && IsFree(port + BusOffset))
                {
                    Taken.Add(port);
                    return port;
                }
            }
        }

        throw new LocalClusterException($"no free pair of ports on 127.0.0.1 between {First} and {Last + BusOffset}");
    }

    public static void Return(int port)
    {
        lock (Gate)
            Taken.Remove(port);
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
