using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Upstream.Connections;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.ControlRedis;

/// <summary>
/// One connection to a control Redis that is made again whenever it is lost, after a pause that doubles, with jitter, up to <see cref="ReconnectBackoff.Longest"/>;
/// with each attempt all addresses are tried in turn. Says in the log when it is lost and when it is back, not more often than every
/// <see cref="LogPause"/>. One runner.
/// </summary>
/// <param name="purpose">For the log: what the connection is for.</param>
/// <param name="server">Where, and as whom.</param>
/// <param name="resolver">For the names of hosts.</param>
/// <param name="time">For the timeouts and pauses.</param>
/// <param name="logger">See above.</param>
internal sealed partial class ControlRedisLink(string purpose, ControlRedisSnapshot server, NodeResolver resolver, TimeProvider time, ILogger logger)
{
    /// <summary>An idle connection is asked for a sign of life so often.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(10);

    /// <summary>Longest reply: a rule set of the longest kind and what goes with it.</summary>
    public const int MaxReplyBytes = 8 * 1024 * 1024;

    /// <summary>Most elements of a reply; what the proxy asks for has some dozens.</summary>
    public const int MaxReplyElements = 10_000;

    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(10);

    private readonly NodeControlOptions _options = new()
    {
        Username = server.Username,
        Password = server.Password,
        Timeout = server.Timeout,
        MaxReplyBytes = MaxReplyBytes,
        MaxReplyElements = MaxReplyElements,
    };

    private int _first;
    private bool _toldLost;
    private long? _toldAt;
    private volatile string? _away;
    private volatile bool _isConnected;

    /// <summary>A connection stands, as far as is known. Any thread.</summary>
    public bool IsConnected => _isConnected;

    /// <summary>Why there is none; null: there is one, or the first attempt is under way. Any thread.</summary>
    public string? Away => _away;

    /// <summary>Tries another address at the next attempt: this one does not do what it should.</summary>
    public void Skip() => _first++;

    /// <summary>Connects and serves until the cancellation, again and again. Never throws.</summary>
    /// <param name="serve">Uses a connection as long as it is good; what it throws, or its return, ends the connection.</param>
    /// <param name="lost">Told of each connection that broke, and of each attempt that failed, behind <see cref="Away"/>.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(Func<NodeControlConnection, CancellationToken, Task> serve, Action<string> lost, CancellationToken cancellation)
    {
        int failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            long begun = time.GetTimestamp();
            try
            {
                await ServeOnceAsync(serve, cancellation).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                _isConnected = false;
                _away = exception is NodeControlException or ControlRedisException ? exception.Message : exception.ToString();
                if (cancellation.IsCancellationRequested) break;
                lost(_away);
                TellLost(_away);
            }

            // Of a server that takes connections and drops them it is kept away like from one that takes none.
            failures = time.GetElapsedTime(begun) > ReconnectBackoff.Longest + server.Timeout ? 0 : failures + 1;
            TimeSpan pause = ReconnectBackoff.Next(failures, Random.Shared.NextDouble());
            await Task.Delay(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _away = "the proxy is stopping";
        lost(_away);
    }

    private async Task ServeOnceAsync(Func<NodeControlConnection, CancellationToken, Task> serve, CancellationToken cancellation)
    {
        NodeControlConnection connection = await ConnectAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            _isConnected = true;
            _away = null;
            TellConnected(connection.Address);
            await serve(connection, cancellation).ConfigureAwait(false);
            _isConnected = false;
        }
    }

    private async Task<NodeControlConnection> ConnectAsync(CancellationToken cancellation)
    {
        var reasons = new List<string>();
        for (int i = 0; i < server.Addresses.Length; i++)
        {
            int index = (int)((uint)(_first + i) % (uint)server.Addresses.Length);
            try
            {
                NodeControlConnection connection = await ConnectAsync(server.Addresses[index], cancellation).ConfigureAwait(false);
                _first = index;
                return connection;
            }
            catch (Exception exception) when (exception is NodeControlException or SocketException or TimeoutException)
            {
                reasons.Add(exception is NodeControlException ? exception.Message : $"{server.Addresses[index]}: {exception.Message}");
            }
        }

        throw new ControlRedisException(string.Join("; ", reasons));
    }

    /// <summary>A connection that has shown that it answers.</summary>
    private async Task<NodeControlConnection> ConnectAsync(NodeAddress address, CancellationToken cancellation)
    {
        IReadOnlyList<System.Net.IPEndPoint> endPoints =
            await resolver.ResolveAllAsync(address, cancellation).AsTask().WaitAsync(server.Timeout, time, cancellation).ConfigureAwait(false);
        NodeControlConnection connection = await NodeControlConnection.ConnectAsync(address, endPoints, _options, time, cancellation).ConfigureAwait(false);
        try
        {
            ReplyNode reply = await connection.AskAsync(["PING"], cancellation).ConfigureAwait(false);
            return reply.IsError ? throw new NodeControlException($"{address}: {reply.Text}") : connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void TellLost(string reason)
    {
        if (_toldLost || (_toldAt is { } at && time.GetElapsedTime(at) < LogPause)) return;
        LogLost(purpose, reason);
        (_toldLost, _toldAt) = (true, time.GetTimestamp());
    }

    private void TellConnected(NodeAddress address)
    {
        if (!_toldLost && _toldAt is not null) return;
        LogConnected(purpose, address);
        (_toldLost, _toldAt) = (false, time.GetTimestamp());
    }

    [LoggerMessage(6101, LogLevel.Information, "Control Redis, connection for {Purpose}: connected to {Address}")]
    private partial void LogConnected(string purpose, NodeAddress address);

    [LoggerMessage(6102, LogLevel.Warning, "Control Redis, connection for {Purpose}: not connected, trying again until it is: {Reason}")]
    private partial void LogLost(string purpose, string reason);
}
