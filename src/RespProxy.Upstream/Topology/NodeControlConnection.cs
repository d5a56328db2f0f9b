using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// A plain RESP2 connection for control commands: one request, one reply, off the loops. Not for concurrent use.
/// After a <see cref="NodeControlException"/> or a cancellation a reply may be owed: dispose it and connect anew.
/// </summary>
public sealed class NodeControlConnection : IAsyncDisposable
{
    /// <summary>Longest reply in bytes. CLUSTER SHARDS of 1,000 nodes takes about 250 KB.</summary>
    public const int MaxReplyBytes = 16 * 1024 * 1024;

    private readonly NodeAddress _address;
    private readonly NetworkStream _stream;
    private readonly ReplyNodeReader _replies;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private bool _usable = true;

    private NodeControlConnection(NodeAddress address, Socket socket, TimeSpan timeout, TimeProvider time)
    {
        _address = address;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _replies = new ReplyNodeReader(_stream, MaxReplyBytes);
        _timeout = timeout;
        _time = time;
    }

    /// <summary>
    /// Connects and authenticates with the upstream's credentials. The end points are tried in order; each step (a connect,
    /// AUTH) and later each request may take <see cref="UpstreamSnapshot.ConnectTimeout"/>.
    /// </summary>
    /// <exception cref="NodeControlException">No end point took the connection, or the credentials were refused.</exception>
    public static async Task<NodeControlConnection> ConnectAsync(
        NodeAddress address,
        IReadOnlyList<IPEndPoint> endPoints,
        UpstreamSnapshot upstream,
        TimeProvider time,
        CancellationToken cancellation)
    {
        Socket socket = await ConnectFirstAsync(address, endPoints, upstream.ConnectTimeout, time, cancellation).ConfigureAwait(false);
        var connection = new NodeControlConnection(address, socket, upstream.ConnectTimeout, time);
        try
        {
            await connection.AuthenticateAsync(upstream, cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends one command and awaits its reply. An error reply is returned, not thrown.</summary>
    /// <exception cref="NodeControlException">There is no reply to be had.</exception>
    public async Task<ReplyNode> AskAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        if (!_usable) throw new NodeControlException($"{_address}: the connection has failed before.");
        _usable = false;
        ReplyNode reply = await GuardAsync(
            _address,
            async token =>
            {
                await _stream.WriteAsync(Encode(arguments), token).ConfigureAwait(false);
                return await _replies.ReadAsync(token).ConfigureAwait(false);
            },
            _timeout,
            _time,
            cancellation).ConfigureAwait(false);
        _usable = true;
        return reply;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task AuthenticateAsync(UpstreamSnapshot upstream, CancellationToken cancellation)
    {
        if (upstream.Password is null) return;
        string[] auth = upstream.Username is null ? ["AUTH", upstream.Password] : ["AUTH", upstream.Username, upstream.Password];
        ReplyNode reply = await AskAsync(auth, cancellation).ConfigureAwait(false);
        if (reply.IsError) throw new NodeControlException($"{_address}: AUTH refused: {reply.Text}");
    }

    private static async Task<Socket> ConnectFirstAsync(
        NodeAddress address, IReadOnlyList<IPEndPoint> endPoints, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        NodeControlException? last = null;
        foreach (IPEndPoint endPoint in endPoints)
        {
            var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                return await GuardAsync(
                    address,
                    async token =>
                    {
                        await socket.ConnectAsync(endPoint, token).ConfigureAwait(false);
                        return socket;
                    },
                    timeout,
                    time,
                    cancellation).ConfigureAwait(false);
            }
            catch (NodeControlException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last ?? new NodeControlException($"{address}: no address to connect to.");
    }

    // One place where time runs out and where the many ways a connection can fail become one.
    private static async Task<T> GuardAsync<T>(
        NodeAddress address, Func<CancellationToken, Task<T>> step, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await step(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new NodeControlException(string.Create(CultureInfo.InvariantCulture, $"{address}: no answer within {timeout.TotalMilliseconds:0} ms."));
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidDataException)
        {
            throw new NodeControlException($"{address}: {e.Message}", e);
        }
    }

    private static byte[] Encode(IReadOnlyList<string> arguments)
    {
        using var request = new MemoryStream();
        request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{arguments.Count}\r\n")));
        foreach (string argument in arguments)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(argument);
            request.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${bytes.Length}\r\n")));
            request.Write(bytes);
            request.Write("\r\n"u8);
        }

        return request.ToArray();
    }
}
