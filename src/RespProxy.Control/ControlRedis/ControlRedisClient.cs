using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.ControlRedis;

/// <summary>
/// Commands to a control Redis, over one connection that comes back by itself. A standalone Redis (or the primary of one that is replicated): no cluster, no
/// TLS. What waits at the same time goes out in one piece. Everything is bounded: what waits, what a reply may cost, how long it may take; while the
/// server is away commands fail at once. Any thread; never blocks, and runs on none of its callers'.
/// </summary>
public sealed class ControlRedisClient : IAsyncDisposable
{
    /// <summary>Commands that wait for their turn. More means that the server does not keep up: they fail.</summary>
    public const int MaxWaiting = 1024;

    /// <summary>Commands that go out in one piece.</summary>
    private const int MaxBatch = 64;

    private readonly Channel<PendingCommand> _waiting = Channel.CreateBounded<PendingCommand>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly ControlRedisLink _link;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly Task _work;

    /// <summary>Begins to connect.</summary>
    public ControlRedisClient(ControlRedisSnapshot server, TimeProvider time, ILogger logger, string purpose = "commands")
    {
        ArgumentNullException.ThrowIfNull(server);
        _time = time;
        _timeout = server.Timeout;
        _link = new ControlRedisLink(purpose, server, new NodeResolver(time), time, logger);
        _work = Task.Run(() => _link.RunAsync(ServeAsync, FailWaiting, _stopping.Token));
    }

    /// <summary>A connection stands, as far as is known: an idle one that breaks silently is noticed within twenty seconds.</summary>
    public bool IsConnected => _link.IsConnected;

    /// <summary>Why there is no connection; null: there is one, or the first attempt is under way.</summary>
    public string? Away => _link.Away;

    /// <summary>Runs one command. An error reply is returned, not thrown.</summary>
    /// <exception cref="ControlRedisException">There is no reply to be had; the command may have been run.</exception>
    public async Task<ReplyNode> AskAsync(IReadOnlyList<ControlArgument> arguments, CancellationToken cancellation = default)
    {
        if (_link.Away is { } reason) throw new ControlRedisException($"the control Redis is away: {reason}");
        var command = new PendingCommand(ControlArgument.Encode(arguments));
        if (!_waiting.Writer.TryWrite(command)) throw new ControlRedisException($"the control Redis does not keep up: {MaxWaiting} commands wait for it");
        try
        {
            return await command.Reply.Task.WaitAsync(_timeout, _time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ControlRedisException(FormattableString.Invariant($"the control Redis has not answered within {_timeout.TotalMilliseconds:0} ms"));
        }
        finally
        {
            // What nobody waits for any more need not be sent.
            command.Reply.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Runs a script: by its digest, and where the server does not know that, whole. An error reply is returned, not thrown.</summary>
    /// <exception cref="ControlRedisException">There is no reply to be had; the script may have been run.</exception>
    public async Task<ReplyNode> RunAsync(
        ControlScript script, IReadOnlyList<ControlArgument> keys, IReadOnlyList<ControlArgument> arguments, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(script);
        ArgumentNullException.ThrowIfNull(keys);
        ReplyNode reply = await AskAsync(["EVALSHA", script.Digest, keys.Count, .. keys, .. arguments], cancellation).ConfigureAwait(false);
        return reply.IsError && reply.Text.StartsWith("NOSCRIPT", StringComparison.Ordinal)
            ? await AskAsync(["EVAL", script.Source, keys.Count, .. keys, .. arguments], cancellation).ConfigureAwait(false)
            : reply;
    }

    /// <summary>What waits fails.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Returns when the server has closed the idle connection: nothing is lost then, and what waits goes over the next one.</summary>
    private async Task ServeAsync(NodeControlConnection connection, CancellationToken cancellation)
    {
        while (true)
        {
            bool isIdle = !await IsWaitingAsync(cancellation).ConfigureAwait(false);
            if (connection.HasUnaskedInput) return;
            if (isIdle)
            {
                await connection.AskAsync(["PING"], cancellation).ConfigureAwait(false);
                continue;
            }

            if (await RunBatchAsync(connection, TakeBatch(), cancellation).ConfigureAwait(false)) continue;
            _link.Skip();
            return;
        }
    }

    /// <summary>False: nothing came within the time after which a sign of life is due.</summary>
    private async Task<bool> IsWaitingAsync(CancellationToken cancellation)
    {
        using var idle = new CancellationTokenSource(ControlRedisLink.KeepAlive, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellation);
        try
        {
            return await _waiting.Reader.WaitToReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private List<PendingCommand> TakeBatch()
    {
        var batch = new List<PendingCommand>();
        while (batch.Count < MaxBatch && _waiting.Reader.TryRead(out PendingCommand? command))
        {
            if (!command.Reply.Task.IsCompleted) batch.Add(command);
        }

        return batch;
    }

    /// <summary>False: the server cannot be written to, as a replica cannot.</summary>
    private async Task<bool> RunBatchAsync(NodeControlConnection connection, List<PendingCommand> batch, CancellationToken cancellation)
    {
        bool isGood = true;
        try
        {
            long begun = _time.GetTimestamp();
            await connection.SendAsync(RequestsOf(batch), cancellation).ConfigureAwait(false);
            foreach (PendingCommand command in batch)
            {
                // One bound for the whole batch: a server that trickles its replies does not get it anew for each.
                TimeSpan left = _timeout - _time.GetElapsedTime(begun);
                ReplyNode reply = await connection.ReceiveAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancellation).ConfigureAwait(false);
                isGood &= !(reply.IsError && reply.Text.StartsWith("READONLY", StringComparison.Ordinal));
                command.Reply.TrySetResult(reply);
            }
        }
        catch (Exception exception)
        {
            foreach (PendingCommand command in batch) command.Fail(exception.Message);
            throw;
        }

        return isGood;
    }

    private static ReadOnlyMemory<byte> RequestsOf(List<PendingCommand> batch)
    {
        if (batch is [var only]) return only.Request;
        using var requests = new MemoryStream();
        foreach (PendingCommand command in batch) requests.Write(command.Request);
        return requests.ToArray();
    }

    private void FailWaiting(string reason)
    {
        while (_waiting.Reader.TryRead(out PendingCommand? command)) command.Fail(reason);
    }

    private sealed class PendingCommand(byte[] request)
    {
        public byte[] Request { get; } = request;

        public TaskCompletionSource<ReplyNode> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Fail(string reason) => Reply.TrySetException(new ControlRedisException($"the control Redis is away: {reason}"));
    }
}
