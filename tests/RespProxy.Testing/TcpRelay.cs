using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RespProxy.Testing;

/// <summary>Passes bytes both ways between clients and a server, until a test cuts the wires.</summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Socket, byte> _sockets = [];
    private readonly ConcurrentBag<Task> _work = [];
    private readonly string _host;
    private readonly int _port;

    private TcpRelay(string host, int port)
    {
        _host = host;
        _port = port;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _work.Add(AcceptAsync());
    }

    public string Host { get; } = "127.0.0.1";

    public int Port { get; }

    public static TcpRelay Start(string host, int port) => new(host, port);

    /// <summary>Resets every connection on both sides; new ones are accepted.</summary>
    public void CutConnections()
    {
        foreach (Socket socket in _sockets.Keys)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }
            catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
            {
                // It ended by itself in this moment: cut all the same.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        CutConnections();
        await Task.WhenAll(_work);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _work.Add(ConnectAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Disposal.
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        _sockets[client] = _sockets[server] = 0;
        try
        {
            await server.ConnectAsync(_host, _port, _stopping.Token);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception e) when (IsEnd(e))
        {
            // The server refused, or disposal.
        }
        finally
        {
            foreach (Socket socket in new[] { client, server })
            {
                _sockets.TryRemove(socket, out _);
                socket.Dispose();
            }
        }
    }

    private async Task PumpAsync(Socket source, Socket sink)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await source.ReceiveAsync(buffer, _stopping.Token) is > 0 and int count)
            {
                for (int sent = 0; sent < count;)
                    sent += await sink.SendAsync(buffer.AsMemory(sent, count - sent), _stopping.Token);
            }
        }
        catch (Exception e) when (IsEnd(e))
        {
            // Either side ended.
        }
    }

    private static bool IsEnd(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException;
}
