using System.Globalization;
using System.Net.Sockets;
using System.Text;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Load;

/// <summary>A blocking client for setting up: pings, prefill, forming a cluster. Never part of a measurement.</summary>
internal sealed class RespClient : IDisposable
{
    private const int TimeoutMs = 5_000;

    private readonly Socket _socket;
    private readonly ReplyCounter _replies = new();
    private readonly byte[] _scratch = new byte[64 * 1024];

    public RespClient(ServerEndpoint endpoint)
    {
        _socket = endpoint.Connect();
        _socket.ReceiveTimeout = TimeoutMs;
        _socket.SendTimeout = TimeoutMs;
    }

    /// <summary>Sends one command and returns the reply's bytes as text.</summary>
    /// <exception cref="LoadFailedException">The reply is an error or the connection was closed.</exception>
    public string Send(params string[] command) => Send(Encode(command), 1);

    /// <summary>Sends requests already encoded and waits for <paramref name="expected"/> replies.</summary>
    public string Send(ReadOnlySpan<byte> requests, int expected)
    {
        StringBuilder text = new();
        try
        {
            while (!requests.IsEmpty)
                requests = requests[_socket.Send(requests)..];
            while (expected > 0)
            {
                int received = _socket.Receive(_scratch);
                if (received == 0)
                    throw new LoadFailedException("the connection was closed");
                text.Append(Encoding.Latin1.GetString(_scratch, 0, received));
                expected -= _replies.Feed(_scratch.AsSpan(0, received));
            }
        }
        catch (SocketException error)
        {
            throw new LoadFailedException($"no reply: {error.SocketErrorCode}");
        }
        return text.ToString();
    }

    public static byte[] Encode(params string[] command)
    {
        StringBuilder request = new();
        request.Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
        foreach (string argument in command)
            request.Append(CultureInfo.InvariantCulture, $"${argument.Length}\r\n{argument}\r\n");
        return Encoding.Latin1.GetBytes(request.ToString());
    }

    public void Dispose() => _socket.Dispose();
}
