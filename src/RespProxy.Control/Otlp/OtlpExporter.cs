using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.Metrics;

namespace RespProxy.Control.Otlp;

/// <summary>
/// Sends all metrics to an OTLP receiver, every interval. Sums and histograms are cumulative: an export that is lost is made good by the next one, so that nothing is ever kept to be sent
/// later. docs/decisions/otlp.md says why this is not the SDK's.
///
/// <para>Bounded: one request is in memory at a time, 1 MiB and a point; what does not get through within an interval is dropped and counted. Nothing waits for it.</para>
/// </summary>
public sealed partial class OtlpExporter : IDisposable
{
    /// <summary>Bytes from which a request is sent; receivers take 4 MiB and more (gRPC's default bound, which many have for HTTP too).</summary>
    private const int FullRequest = 1024 * 1024;

    /// <summary>How long the last export, when the proxy stops, may take.</summary>
    private static readonly TimeSpan LastExportTime = TimeSpan.FromSeconds(2);

    private readonly OtlpSnapshot _configuration;
    private readonly Func<IEnumerable<MetricFamily>> _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OtlpClient _client;
    private readonly IOtlpEncoder _encoder;
    private long _accepted;
    private long _rejected;
    private long _dropped;
    private long _retried;
    private long _rejectedPoints;
    private long _lastSuccess;
    private bool _isFailing;

    /// <param name="configuration">With an endpoint.</param>
    /// <param name="version">Of the program.</param>
    /// <param name="metrics">Asked at each export.</param>
    /// <param name="time">What intervals and pauses go by.</param>
    /// <param name="logger">When exports begin to fail, and when they get through again.</param>
    public OtlpExporter(OtlpSnapshot configuration, string version, Func<IEnumerable<MetricFamily>> metrics, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(configuration.Endpoint);
        _configuration = configuration;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _client = new OtlpClient(configuration, time);
        var resource = OtlpResource.Of(configuration, version);
        _encoder = configuration.Protocol == OtlpProtocol.HttpJson ? new JsonEncoder(resource) : new ProtobufEncoder(resource);
    }

    /// <summary>What the exporter tells of itself. Any thread.</summary>
    public IEnumerable<MetricFamily> Metrics
    {
        get
        {
            MetricFamily requests = MetricFamily.Counter("respproxy_otlp_requests_total", "Requests to the OTLP receiver by what became of them; retried ones are told again when they end.");
            foreach ((string outcome, long count) in ((string, long)[])[("accepted", Volatile.Read(ref _accepted)), ("rejected", Volatile.Read(ref _rejected)), ("dropped", Volatile.Read(ref _dropped)), ("retried", Volatile.Read(ref _retried))])
                requests.Add(count, new MetricLabel("outcome", outcome));
            yield return requests;
            yield return MetricFamily.Counter("respproxy_otlp_rejected_points_total", "Points that the OTLP receiver did not take, of requests that it accepted.").Add(Volatile.Read(ref _rejectedPoints));
            MetricFamily last = MetricFamily.Gauge("respproxy_otlp_last_export_timestamp_seconds", "When the OTLP receiver has last accepted all metrics, in seconds since 1970; absent before.");
            long at = Volatile.Read(ref _lastSuccess);
            yield return at == 0 ? last : last.Add(at / 1000.0);
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        (_encoder as IDisposable)?.Dispose();
    }

    /// <summary>Exports until <paramref name="cancellation"/>, and once more then. Throws nothing.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        LogStarted(_configuration.Endpoint!, _configuration.Interval);
        using var timer = new PeriodicTimer(_configuration.Interval, _time);
        while (await TickAsync(timer, cancellation).ConfigureAwait(false))
            await ExportAsync(_configuration.Interval, cancellation).ConfigureAwait(false);
        await ExportAsync(LastExportTime, CancellationToken.None).ConfigureAwait(false);
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>One export of all metrics, within the time.</summary>
    private async Task ExportAsync(TimeSpan within, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(within, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        try
        {
            string? fault = await SendAllAsync(either.Token).ConfigureAwait(false);
            if (fault is null) Volatile.Write(ref _lastSuccess, _time.GetUtcNow().ToUnixTimeMilliseconds());
            // The proxy stops, and the last export follows at once.
            if (fault is null || !cancellation.IsCancellationRequested) Tell(fault);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _dropped++;
            Tell(exception.ToString());
        }
    }

    /// <summary>Null, or why a request was not accepted; those behind it are not sent.</summary>
    private async Task<string?> SendAllAsync(CancellationToken cancellation)
    {
        var times = OtlpTimes.Between(ProcessMetrics.StartedAt, _time.GetUtcNow());
        _encoder.BeginRequest();
        int empty = _encoder.Length;
        foreach (MetricFamily family in _metrics())
        {
            bool isBegun = false;
            foreach (MetricSample sample in family.Samples)
            {
                if (!isBegun) _encoder.BeginMetric(family);
                isBegun = true;
                _encoder.AddPoint(family, sample, times);
                if (_encoder.Length < FullRequest) continue;
                _encoder.EndMetric();
                isBegun = false;
                if (await SendAsync(cancellation).ConfigureAwait(false) is { } fault) return fault;
                _encoder.BeginRequest();
            }

            if (isBegun) _encoder.EndMetric();
        }

        return _encoder.Length == empty ? null : await SendAsync(cancellation).ConfigureAwait(false);
    }

    private async Task<string?> SendAsync(CancellationToken cancellation)
    {
        OtlpAnswer answer = await _client.SendAsync(_encoder, _encoder.EndRequest(), cancellation).ConfigureAwait(false);
        Volatile.Write(ref _retried, _retried + Math.Max(0, answer.Tries - 1));
        switch (answer.Outcome)
        {
            case OtlpOutcome.Accepted:
                Volatile.Write(ref _accepted, _accepted + 1);
                Volatile.Write(ref _rejectedPoints, _rejectedPoints + answer.RejectedPoints);
                return null;
            case OtlpOutcome.Rejected:
                Volatile.Write(ref _rejected, _rejected + 1);
                return answer.Reason;
            default:
                Volatile.Write(ref _dropped, _dropped + 1);
                return answer.Reason;
        }
    }

    /// <summary>Once when it begins to fail, once when it is well again: a receiver that is away for a night does not fill the log.</summary>
    private void Tell(string? fault)
    {
        if (fault is not null && !_isFailing) LogFailing(_configuration.Endpoint!, fault);
        if (fault is null && _isFailing) LogRecovered(_configuration.Endpoint!);
        _isFailing = fault is not null;
    }

    [LoggerMessage(6301, LogLevel.Information, "Metrics are sent to {Endpoint} every {Interval}")]
    private partial void LogStarted(Uri endpoint, TimeSpan interval);

    [LoggerMessage(6302, LogLevel.Warning, "Metrics do not get through to {Endpoint}: {Reason}")]
    private partial void LogFailing(Uri endpoint, string reason);

    [LoggerMessage(6303, LogLevel.Information, "Metrics get through to {Endpoint} again")]
    private partial void LogRecovered(Uri endpoint);
}
