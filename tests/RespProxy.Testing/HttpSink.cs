using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RespProxy.Testing;

/// <summary>What a sink was sent.</summary>
/// <param name="Method">POST.</param>
/// <param name="Path">As in the request, from the slash on.</param>
/// <param name="Headers">By name.</param>
/// <param name="Body">As UTF-8.</param>
public sealed record SunkRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>An HTTP server on loopback that keeps what it is sent, and answers with the status that the test wants.</summary>
public sealed class HttpSink : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly Task _running;
    private readonly ConcurrentQueue<SunkRequest> _requests = new();

    private HttpSink(HttpListener listener, Uri address)
    {
        _listener = listener;
        Address = address;
        _running = RunAsync();
    }

    /// <summary>http://127.0.0.1:port/</summary>
    public Uri Address { get; }

    /// <summary>The status of every answer from now on.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Answers after this; for senders that give up.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>In the order of their arrival.</summary>
    public IReadOnlyList<SunkRequest> Requests => [.. _requests];

    public static HttpSink Start()
    {
        const int Attempts = 10;
        for (int attempt = 1; ; attempt++)
        {
            var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}/"));
            var listener = new HttpListener { Prefixes = { address.ToString() } };
            try
            {
                listener.Start();
                return new HttpSink(listener, address);
            }
            catch (HttpListenerException) when (attempt < Attempts)
            {
                // Somebody else took the port between our look and this.
                listener.Close();
            }
        }
    }

    /// <summary>A port of loopback that is free now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _running;
    }

    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                _ = AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream);
            var headers = context.Request.Headers.AllKeys.ToDictionary(name => name!, name => context.Request.Headers[name] ?? "", StringComparer.OrdinalIgnoreCase);
            _requests.Enqueue(new SunkRequest(context.Request.HttpMethod, context.Request.RawUrl!, headers, await reader.ReadToEndAsync()));
            await Gate;
            context.Response.StatusCode = Status;
            if (Status is >= 300 and < 400) context.Response.RedirectLocation = new Uri(Address, "/elsewhere").ToString();
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client, or this server, is gone.
        }
    }
}
