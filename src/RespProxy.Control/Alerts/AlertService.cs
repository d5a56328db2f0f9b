using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;
using RespProxy.Control.Reload;
using RespProxy.Downstream;

namespace RespProxy.Control.Alerts;

/// <summary>
/// Judges all rules at each interval, and brings what fires and ends to the receivers, the log and the metrics. Off the loops; whatever goes wrong here, the data
/// plane does not notice. Any thread.
/// </summary>
public sealed partial class AlertService : IAsyncDisposable
{
    /// <summary>How often an Alertmanager is told of what goes on, as Prometheus does it.</summary>
    private static readonly TimeSpan Resend = TimeSpan.FromMinutes(1);

    /// <summary>Resends that may get lost before an Alertmanager takes an alert for ended, as with Prometheus.</summary>
    private const int LostResends = 4;

    private readonly AlertsSnapshot _alerts;
    private readonly Func<AlertFacts> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly AlertMeasures _measures;
    private readonly AlertStates _states;
    private readonly List<AlertPost> _posts = [];
    private readonly AlertReceiver[] _receivers;
    private readonly CancellationTokenSource _stopping = new();
    private readonly long _started;
    private readonly Task _running;
    private volatile IReadOnlyList<AlertNotice> _firing = [];
    private bool _isFaulted;

    private AlertService(AlertsSnapshot alerts, AlertJson json, Func<AlertFacts> read, TimeProvider time, ILogger logger)
    {
        _alerts = alerts;
        _read = read;
        _time = time;
        _logger = logger;
        _measures = new AlertMeasures(alerts.Window);
        _states = new AlertStates(alerts);
        _started = time.GetTimestamp();
        _receivers = [.. alerts.Receivers.Select(receiver => Connect(receiver, json))];
        _running = Task.Run(() => RunAsync(_stopping.Token));
    }

    /// <summary>Begins to judge.</summary>
    /// <param name="snapshot">The configuration, with <see cref="ProxySnapshot.Alerts"/>.</param>
    /// <param name="server">What is judged.</param>
    /// <param name="configuration">How the configuration stands.</param>
    /// <param name="time">The clock of intervals, windows and pauses.</param>
    /// <param name="logs">What fires and ends is logged, too.</param>
    public static AlertService Start(ProxySnapshot snapshot, ProxyServer server, Func<ReloadReading> configuration, TimeProvider time, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        AlertsSnapshot alerts = snapshot.Alerts ?? throw new ArgumentException("there are no alerts", nameof(snapshot));
        var json = new AlertJson(alerts.Source ?? Environment.MachineName, alerts.Runbook, GeneratorOf(snapshot.Admin));
        AlertFacts Read() => new(server.Status, server.ReadCounters(), server.ReadUsage(), configuration().Errors.Count > 0);
        return Start(alerts, json, Read, time, logs.CreateLogger("RespProxy.Alerts"));
    }

    /// <summary>The same, with facts from anywhere.</summary>
    internal static AlertService Start(AlertsSnapshot alerts, AlertJson json, Func<AlertFacts> read, TimeProvider time, ILogger logger) => new(alerts, json, read, time, logger);

    /// <summary>The families of one scrape.</summary>
    public IEnumerable<MetricFamily> Metrics() => AlertMetrics.From(_alerts, _firing, _receivers);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (AlertReceiver receiver in _receivers) await receiver.DisposeAsync().ConfigureAwait(false);
        foreach (AlertPost post in _posts) post.Dispose();
        _stopping.Dispose();
    }

    private AlertReceiver Connect(AlertReceiverSnapshot receiver, AlertJson json)
    {
        var post = new AlertPost(receiver);
        _posts.Add(post);
        if (receiver.Type == AlertReceiverType.Webhook)
            return new AlertReceiver(receiver, _alerts.Repeat, (notices, cancellation) => post.SendAsync(json.ForWebhook(receiver.Name, notices), cancellation), _time, _logger);
        TimeSpan lasting = LostResends * (_alerts.Interval > Resend ? _alerts.Interval : Resend);
        return new AlertReceiver(
            receiver, Resend, (notices, cancellation) => post.SendAsync(json.ForAlertmanager(notices, _time.GetUtcNow() + lasting), cancellation), _time, _logger);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(_alerts.Interval, _time);
        do
        {
            Judge();
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private void Judge()
    {
        try
        {
            var now = new AlertMoment(_time.GetElapsedTime(_started), _time.GetUtcNow());
            IReadOnlyList<AlertNotice> changes = _states.Judge(_measures.Observe(_read(), now.Clock), now);
            _firing = _states.Firing;
            foreach (AlertNotice change in changes) Tell(change);
            foreach (AlertReceiver receiver in _receivers) receiver.Update(_firing, changes, now.Clock);
            _isFaulted = false;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Once, until it works again: at short intervals it would fill the log.
            if (!_isFaulted) LogFaulted(_logger, exception);
            _isFaulted = true;
        }
    }

    private void Tell(AlertNotice notice)
    {
        string summary = AlertText.Of(notice.Key.Kind).SummaryOf(notice.Key.First, notice.Key.Second, notice.Value, notice.Threshold);
        if (notice.IsResolved) LogEnded(_logger, AlertText.NameOf(notice.Key.Kind), notice.Key.Level, summary);
        else LogFired(_logger, AlertText.NameOf(notice.Key.Kind), notice.Key.Level, summary);
    }

    /// <summary>The admin endpoint's metrics, where there are any to look at.</summary>
    private static Uri? GeneratorOf(AdminSnapshot admin) =>
        admin is { Enabled: true, Port: > 0 } ? new UriBuilder("http", admin.Host, admin.Port, "/metrics").Uri : null;

    [LoggerMessage(6401, LogLevel.Warning, "Alert {Alert} fires at level {Level}: {Summary}")]
    private static partial void LogFired(ILogger logger, string alert, int level, string summary);

    [LoggerMessage(6402, LogLevel.Information, "Alert {Alert} at level {Level} has ended: {Summary}")]
    private static partial void LogEnded(ILogger logger, string alert, int level, string summary);

    [LoggerMessage(6403, LogLevel.Error, "Judging the alerts failed unexpectedly; it is tried again at the next interval")]
    private static partial void LogFaulted(ILogger logger, Exception exception);
}
