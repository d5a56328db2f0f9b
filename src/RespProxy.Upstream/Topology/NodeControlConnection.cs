using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;

namespace RespProxy.Upstream.Topology;

/// <summary>
/// A plain RESP2 connection for control commands, off the loops: one request, one reply (<see cref="AskAsync"/>), or, for pipelines and
/// subscriptions, one sender beside one receiver. After a <see cref="NodeControlException"/> or a cancellation a reply may be owed: dispose it and
/// connect anew.
/// </summary>
public sealed class NodeControlConnection : IAsyncDisposable
{
    private readonly NodeAddress _address;
    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly ReplyNodeReader _replies;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private bool _usable = true;

    private NodeControlConnection(NodeAddress address, Socket socket, NodeControlOptions options, TimeProvider time)
    {
        _address = address;
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _replies = new ReplyNodeReader(_stream, options.MaxReplyBytes, options.MaxReplyElements);
        _timeout = options.Timeout;
        _time = time;
    }

    public NodeAddress Address => _address;

    /// <summary>True while no reply is owed: the server has closed the connection, or sends what nobody asked for.</summary>
    public bool HasUnaskedInput => _replies.HasMore || _socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Connects and authenticates with the upstream's credentials.</summary>
    /// <inheritdoc cref="ConnectAsync(NodeAddress, IReadOnlyList{IPEndPoint}, NodeControlOptions, TimeProvider, CancellationToken)"/>
    public static Task<NodeControlConnection> ConnectAsync(
        NodeAddress address,
        IReadOnlyList<IPEndPoint> endPoints,
        UpstreamSnapshot upstream,
        TimeProvider time,
        CancellationToken cancellation) => ConnectAsync(address, endPoints, NodeControlOptions.Of(upstream), time, cancellation);

    /// <summary>Connects and authenticates. The end points are tried in order.</summary>
    /// <exception cref="NodeControlException">No end point took the connection, or the credentials were refused.</exception>
    public static async Task<NodeControlConnection> ConnectAsync(
        NodeAddress address,
        IReadOnlyList<IPEndPoint> endPoints,
        NodeControlOptions options,
        TimeProvider time,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        Socket socket = await ConnectFirstAsync(address, endPoints, options.Timeout, time, cancellation).ConfigureAwait(false);
        var connection = new NodeControlConnection(address, socket, options, time);
        try
        {
            await connection.AuthenticateAsync(options, cancellation).ConfigureAwait(false);
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
        byte[] request = ControlArgument.Encode([.. arguments.Select(ControlArgument.FromString)]);
        return await StepAsync(
            async token =>
            {
                await _stream.WriteAsync(request, token).ConfigureAwait(false);
                return await _replies.ReadAsync(token).ConfigureAwait(false);
            },
            _timeout,
            cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends one or more requests, encoded, and awaits no reply.</summary>
    /// <exception cref="NodeControlException">They could not be sent.</exception>
    public Task SendAsync(ReadOnlyMemory<byte> requests, CancellationToken cancellation) => GuardAsync(
        _address,
        async token =>
        {
            await _stream.WriteAsync(requests, token).ConfigureAwait(false);
            return true;
        },
        _timeout,
        _time,
        cancellation);

    /// <summary>Awaits the next reply, or what a server sends to a subscriber. An error reply is returned, not thrown.</summary>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="NodeControlException">There is no reply to be had.</exception>
    public Task<ReplyNode> ReceiveAsync(TimeSpan patience, CancellationToken cancellation) => StepAsync(_replies.ReadAsync, patience, cancellation);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<ReplyNode> StepAsync(Func<CancellationToken, Task<ReplyNode>> step, TimeSpan patience, CancellationToken cancellation)
    {
        _usable = false;
        ReplyNode reply = await GuardAsync(_address, step, patience, _time, cancellation).ConfigureAwait(false);
        _usable = true;
        return reply;
    }

    private async Task AuthenticateAsync(NodeControlOptions options, CancellationToken cancellation)
    {
        if (options.Password is null) return;
        string[] auth = options.Username is null ? ["AUTH", options.Password] : ["AUTH", options.Username, options.Password];
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
}
