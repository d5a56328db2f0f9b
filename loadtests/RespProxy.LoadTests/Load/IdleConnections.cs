using System.Net.Sockets;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Load;

/// <summary>Connections that sent one PING each, so that the server has a session for them, and then nothing.</summary>
internal sealed class IdleConnections : IDisposable
{
    private readonly List<Socket> _sockets = [];

    public int Count => _sockets.Count;

    /// <summary>Opens connections until there are <paramref name="count"/>.</summary>
    public void GrowTo(ServerEndpoint endpoint, int count, CancellationToken cancellation)
    {
        byte[] reply = new byte[16];
        while (_sockets.Count < count)
        {
            cancellation.ThrowIfCancellationRequested();
            Socket socket = endpoint.Connect();
            _sockets.Add(socket);
            socket.ReceiveTimeout = 5_000;
            _ = socket.Send("*1\r\n$4\r\nPING\r\n"u8);
            int received = 0;
            while (received < "+PONG\r\n".Length)
            {
                int more = socket.Receive(reply.AsSpan(received));
                if (more == 0)
                    throw new LoadFailedException($"closed after {_sockets.Count - 1} connections");
                received += more;
            }
        }
    }

    public void Dispose()
    {
        foreach (Socket socket in _sockets)
            socket.Dispose();
    }
}
