using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Control.Alerts;

internal enum AlertDelivery
{
    Taken,

    /// <summary>The receiver does not want it, and would not want it the next time: not sent again.</summary>
    Refused,

    /// <summary>Not reached, or not now.</summary>
    Failed,
}

/// <summary>What became of one request to a receiver.</summary>
/// <param name="Delivery">Whether to try again.</param>
/// <param name="Reason">For the log; neither address nor headers.</param>
internal readonly record struct AlertOutcome(AlertDelivery Delivery, string Reason);

/// <summary>Sends alerts of one rule and level in one request.</summary>
internal delegate Task<AlertOutcome> AlertSend(IReadOnlyList<AlertNotice> notices, CancellationToken cancellation);

/// <summary>
/// Sees to it that one receiver knows of the alerts of its levels, whatever happens to the others. What is to be said waits in an outbox that holds the newest of each
/// alert: a receiver that comes back after an hour is told how things stand, not how they went. Failures are tried again, later and later.
/// Any thread; sends one request at a time.
/// </summary>
internal sealed partial class AlertReceiver : IAsyncDisposable
{
    /// <summary>Alerts that wait at the most; what is more is offered again when it goes on.</summary>
    public const int MostWaiting = 1000;

    /// <summary>Alerts in one request: some hundred kilobytes at the most.</summary>
    private const int MostAtOnce = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(1);

    private readonly AlertReceiverSnapshot _snapshot;
    private readonly TimeSpan _repeat;
    private readonly AlertSend _send;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();

    /// <summary>In the order of their first offer.</summary>
    private readonly OrderedDictionary<AlertKey, AlertNotice> _outbox = [];

    /// <summary>When each alert that goes on was last put into the outbox.</summary>
    private readonly Dictionary<AlertKey, TimeSpan> _offered = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private int _failures;
    private long _sent;
    private long _failed;
    private long _dropped;

    /// <param name="snapshot">Who it is, and which levels.</param>
    /// <param name="repeat">How often it is told of what goes on.</param>
    /// <param name="send">Carries a request out.</param>
    /// <param name="time">Of the pauses.</param>
    /// <param name="logger">Told when the receiver fails first, and when it is back.</param>
    public AlertReceiver(AlertReceiverSnapshot snapshot, TimeSpan repeat, AlertSend send, TimeProvider time, ILogger logger)
    {
        _snapshot = snapshot;
        _repeat = repeat;
        _send = send;
        _time = time;
        _logger = logger;
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    public string Name => _snapshot.Name;

    /// <summary>Alerts that the receiver has taken: fired, repeated and ended ones.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Requests that failed.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Alerts that it refused, or for which the outbox had no room.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes how things stand. Returns at once.</summary>
    /// <param name="firing">All alerts that go on.</param>
    /// <param name="changes">Those that fired or ended just now.</param>
    /// <param name="clock">When that is.</param>
    public void Update(IReadOnlyList<AlertNotice> firing, IReadOnlyList<AlertNotice> changes, TimeSpan clock)
    {
        lock (_lock)
        {
            foreach (AlertNotice ended in changes)
            {
                if (ended.IsResolved && _offered.Remove(ended.Key)) Offer(ended);
            }

            foreach (AlertNotice notice in firing)
            {
                if (!_snapshot.Levels.Contains(notice.Key.Level)) continue;
                bool isDue = !_offered.TryGetValue(notice.Key, out TimeSpan offered) || clock - offered >= _repeat;
                if (isDue && Offer(notice)) _offered[notice.Key] = clock;
            }

            if (_outbox.Count > 0 && _wake.CurrentCount == 0) _wake.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _wake.Dispose();
    }

    private bool Offer(AlertNotice notice)
    {
        bool hasRoom = _outbox.Count < MostWaiting || _outbox.ContainsKey(notice.Key);
        if (hasRoom) _outbox[notice.Key] = notice;
        else Interlocked.Increment(ref _dropped);
        return hasRoom;
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _wake.WaitAsync(cancellation).ConfigureAwait(false);
            while (TakeGroup() is { Count: > 0 } group)
            {
                AlertOutcome outcome = await SendAsync(group, cancellation).ConfigureAwait(false);
                Note(outcome, group);
                if (outcome.Delivery == AlertDelivery.Failed) await Task.Delay(Pause(), _time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task<AlertOutcome> SendAsync(IReadOnlyList<AlertNotice> group, CancellationToken cancellation)
    {
        try
        {
            return await _send(group, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException && !cancellation.IsCancellationRequested)
        {
            return new AlertOutcome(AlertDelivery.Failed, exception.GetType().Name);
        }
    }

    /// <summary>The first in the outbox, and what is of the same rule and level. They stay there until they are taken.</summary>
    private IReadOnlyList<AlertNotice> TakeGroup()
    {
        lock (_lock)
        {
            if (_outbox.Count == 0) return [];
            AlertKey first = _outbox.GetAt(0).Key;
            return [.. _outbox.Values.Where(notice => (notice.Key.Kind, notice.Key.Level) == (first.Kind, first.Level)).Take(MostAtOnce)];
        }
    }

    private void Note(AlertOutcome outcome, IReadOnlyList<AlertNotice> group)
    {
        if (outcome.Delivery == AlertDelivery.Failed)
        {
            Interlocked.Increment(ref _failed);
            if (_failures++ == 0) LogFailing(_logger, Name, outcome.Reason);
            return;
        }

        lock (_lock)
        {
            // One that has changed meanwhile stays.
            foreach (AlertNotice notice in group)
            {
                if (_outbox.TryGetValue(notice.Key, out AlertNotice? waiting) && ReferenceEquals(waiting, notice)) _outbox.Remove(notice.Key);
            }
        }

        if (_failures > 0) LogBack(_logger, Name, _failures);
        _failures = 0;
        if (outcome.Delivery == AlertDelivery.Taken)
        {
            Interlocked.Add(ref _sent, group.Count);
            return;
        }

        Interlocked.Increment(ref _failed);
        Interlocked.Add(ref _dropped, group.Count);
        LogRefused(_logger, Name, group.Count, AlertText.NameOf(group[0].Key.Kind), outcome.Reason);
    }

    private TimeSpan Pause()
    {
        TimeSpan pause = FirstPause * (1 << Math.Min(_failures - 1, 10));
        return pause < LongestPause ? pause : LongestPause;
    }

    [LoggerMessage(6411, LogLevel.Error, "Alert receiver {Receiver} does not take alerts, they are sent again until it does: {Reason}")]
    private static partial void LogFailing(ILogger logger, string receiver, string reason);

    [LoggerMessage(6412, LogLevel.Information, "Alert receiver {Receiver} takes alerts again, after {Failures} failed request(s)")]
    private static partial void LogBack(ILogger logger, string receiver, int failures);

    [LoggerMessage(6413, LogLevel.Error, "Alert receiver {Receiver} refuses {Alerts} alert(s) {Alert}, they are not sent again: {Reason}")]
    private static partial void LogRefused(ILogger logger, string receiver, int alerts, string alert, string reason);
}
