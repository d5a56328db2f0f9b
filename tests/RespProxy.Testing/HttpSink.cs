using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace RespProxy.Testing;

/// <summary>What a sink was sent.</summary>
/// <param name="Method">POST.</param>
/// <param name="Path">As in the request, from the slash on.</param>
/// <param name="Headers">By name.</param>
/// <param name="Body">As UTF-8.</param>
public sealed record SunkRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// A small HTTP server on loopback that keeps what it is sent, and answers with the status that the test wants; one request on a connection, with a
/// Content-Length, as webhooks are sent.
/// </summary>
public sealed class HttpSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<SunkRequest> _requests = new();
    private readonly Task _accepting;

    private HttpSink()
    {
        _listener.Start();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/"));
        _accepting = AcceptAsync();
    }

    /// <summary>http://127.0.0.1:port/</summary>
    public Uri Address { get; }

    /// <summary>The status of every answer from now on.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Answers after this; for senders that give up.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>In the order of their arrival.</summary>
    public IReadOnlyList<SunkRequest> Requests => [.. _requests];

    public static HttpSink Start() => new();

    /// <summary>A port of loopback that is free now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
    }

    private async Task AnswerAsync(TcpClient client)
    {
        CancellationToken stopping = _stopping.Token;
        try
        {
            using (client)
            {
                NetworkStream stream = client.GetStream();
                _requests.Enqueue(await ReadAsync(stream, stopping));
                await Gate.WaitAsync(stopping);
                string location = Status is >= 300 and < 400 ? $"Location: {Address}elsewhere\r\n" : "";
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Status} Test\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"), stopping);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client, or this server, is gone.
        }
    }

    private static async Task<SunkRequest> ReadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var received = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int head;
        while ((head = received.GetBuffer().AsSpan(0, (int)received.Length).IndexOf("\r\n\r\n"u8)) < 0) await MoreAsync();
        string[] lines = Encoding.ASCII.GetString(received.GetBuffer(), 0, head).Split("\r\n");
        Dictionary<string, string> headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        int length = int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture);
        while (received.Length < head + 4 + length) await MoreAsync();
        string[] start = lines[0].Split(' ');
        return new SunkRequest(start[0], start[1], headers, Encoding.UTF8.GetString(received.GetBuffer(), head + 4, length));

        async Task MoreAsync()
        {
            int read = await stream.ReadAsync(buffer, cancellation);
            if (read == 0) throw new EndOfStreamException();
            received.Write(buffer, 0, read);
        }
    }
}
