using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.ControlRedis;

/// <summary>
/// Hears what is published on one channel of a control Redis, over a connection of its own that comes back by itself. What is published while it is lost is missed: who
/// needs certainty looks at the state itself each time that the subscription stands again. The callbacks run one at a time off the loops, and should return
/// soon; what they throw is logged and breaks nothing.
/// </summary>
public sealed partial class ControlRedisSubscription : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _channel;
    private readonly Action _subscribed;
    private readonly Action<ReadOnlyMemory<byte>> _published;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ControlRedisLink _link;
    private readonly Task _work;
    private volatile bool _isSubscribed;
    private bool _toldFailure;

    /// <summary>Begins to connect.</summary>
    /// <param name="server">A standalone Redis.</param>
    /// <param name="channel">What to hear.</param>
    /// <param name="subscribed">Told each time that the subscription stands.</param>
    /// <param name="published">Told of each publication, as far as they are not missed, in their order.</param>
    /// <param name="time">For timeouts.</param>
    /// <param name="logger">For connections lost and found, and for callbacks that fail.</param>
    public ControlRedisSubscription(
        ControlRedisSnapshot server, string channel, Action subscribed, Action<ReadOnlyMemory<byte>> published, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(server);
        _channel = channel;
        _subscribed = subscribed;
        _published = published;
        _timeout = server.Timeout;
        _time = time;
        _logger = logger;
        _link = new ControlRedisLink($"channel {channel}", server, new NodeResolver(time), time, logger);
        _work = Task.Run(() => _link.RunAsync(ServeAsync, _ => _isSubscribed = false, _stopping.Token));
    }

    /// <summary>The subscription stands, as far as is known: a connection that breaks silently is noticed within half a minute.</summary>
    public bool IsConnected => _isSubscribed && _link.IsConnected;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task ServeAsync(NodeControlConnection connection, CancellationToken cancellation)
    {
        await connection.SendAsync(ControlArgument.Encode(["SUBSCRIBE", _channel]), cancellation).ConfigureAwait(false);
        ReplyNode reply = await connection.ReceiveAsync(_timeout, cancellation).ConfigureAwait(false);
        if (reply.IsError) throw new ControlRedisException($"{connection.Address}: SUBSCRIBE refused: {reply.Text}");
        _isSubscribed = true;
        Call(_subscribed);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task signs = AskForSignsAsync(connection, ended.Token);
        try
        {
            while (true) Take(await connection.ReceiveAsync(ControlRedisLink.KeepAlive * 2 + _timeout, cancellation).ConfigureAwait(false));
        }
        finally
        {
            _isSubscribed = false;
            await ended.CancelAsync().ConfigureAwait(false);
            await signs.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Publications may be rare; a pong tells that they would come.</summary>
    private async Task AskForSignsAsync(NodeControlConnection connection, CancellationToken cancellation)
    {
        byte[] ping = ControlArgument.Encode(["PING"]);
        while (true)
        {
            await Task.Delay(ControlRedisLink.KeepAlive, _time, cancellation).ConfigureAwait(false);
            await connection.SendAsync(ping, cancellation).ConfigureAwait(false);
        }
    }

    private void Take(ReplyNode publication)
    {
        if (publication.Items is [{ Text: "message" }, _, var payload]) Call(() => _published(payload.Bytes));
    }

    private void Call(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Once: it may fail for every publication.
            if (!_toldFailure) LogCallbackFailed(_logger, exception, _channel);
            _toldFailure = true;
        }
    }

    [LoggerMessage(6103, LogLevel.Error, "Control Redis: taking what was published on {Channel} failed; not told again")]
    private static partial void LogCallbackFailed(ILogger logger, Exception exception, string channel);
}
