using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.ControlRedis;
using RespProxy.Tenancy.Accounting;
using RespProxy.Tenancy.Admission;
using RespProxy.Tenancy.Fleet;
using RespProxy.Upstream.Topology;

namespace RespProxy.Control.Fleet;

/// <summary>
/// Keeps the data plane supplied with tokens of the rates that the fleet shares: leases them from the control Redis ahead of need, several rates in one
/// call, gives back what is not used, and puts the local shares in force while the control Redis is silent. One background task; sleeps while
/// no tenant with such a rate asks for anything. The data plane never waits for it.
/// </summary>
public sealed partial class FleetLeases : IAsyncDisposable
{
    /// <summary>Between two looks while there is demand: half of the shortest period, so that no lease comes late by more than that.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(FleetPace.ShortestMilliseconds / 2.0);

    /// <summary>Demand may wake the task so often at most.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(2);

    /// <summary>The first and the longest pause between two attempts while the control Redis is away.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(25), LongestRetry = TimeSpan.FromSeconds(1);

    private readonly FleetRates _rates;
    private readonly FleetSnapshot _configuration;
    private readonly ControlRedisClient _redis;
    private readonly TimeProvider _time;
    private readonly AdmissionClock _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly LatencyHistogram _latency = new();
    private readonly Task _work;
    private long _failures;
    private long _silentSince = -1;
    private TimeSpan _retry = FirstRetry;
    private volatile bool _isAlone;

    /// <summary>Begins to lease.</summary>
    /// <param name="rates">The data plane's.</param>
    /// <param name="configuration">Where to lease.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logs">For the control Redis coming and going.</param>
    public FleetLeases(FleetRates rates, FleetSnapshot configuration, TimeProvider time, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(logs);
        _rates = rates;
        _configuration = configuration;
        _time = time;
        _clock = new AdmissionClock(time);
        _logger = logs.CreateLogger("RespProxy.Fleet");
        // Who waits longer than the fallback allows waits in vain.
        TimeSpan timeout = configuration.Redis.Timeout < configuration.FallbackAfter ? configuration.Redis.Timeout : configuration.FallbackAfter;
        _redis = new ControlRedisClient(configuration.Redis with { Timeout = timeout }, time, _logger, "fleet-wide limits");
        _work = Task.Run(RunAsync);
    }

    /// <summary>Null where no rate may be shared.</summary>
    /// <inheritdoc cref="FleetLeases(FleetRates, FleetSnapshot, TimeProvider, ILoggerFactory)"/>
    public static FleetLeases? For(FleetRates? rates, FleetSnapshot? configuration, TimeProvider time, ILoggerFactory logs) =>
        rates is null || configuration is null ? null : new FleetLeases(rates, configuration, time, logs);

    /// <summary>The control Redis is silent: the local shares are in force.</summary>
    public bool IsAlone => _isAlone;

    /// <summary>Calls for tokens that failed, since the start.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>The rates that are leased for.</summary>
    public IReadOnlyList<FleetLease> Leases => _rates.Leases;

    /// <summary>Of the calls that were answered.</summary>
    public LatencyReading Latency => _latency.Read();

    /// <summary>Stops leasing. The data plane keeps what it has.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        await _redis.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        TimeSpan pause = TimeSpan.Zero;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                // Not less than this between two calls, however often demand calls for it.
                await Task.Delay(ShortestPause, _time, _stopping.Token).ConfigureAwait(false);
                if (pause != TimeSpan.Zero) await _rates.Signal.WaitAsync(pause, _stopping.Token).ConfigureAwait(false);
                pause = await LeaseAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                pause = OnFailed(exception is ControlRedisException ? exception.Message : exception.ToString());
            }
        }
    }

    /// <summary>Asks for what is needed now. The time until the next look.</summary>
    private async Task<TimeSpan> LeaseAsync()
    {
        IReadOnlyList<FleetLease> leases = _rates.Refresh();
        foreach (LeaseAsk[] asks in AsksOf(leases).Chunk(LeaseScript.MaxRates)) await CallAsync(asks).ConfigureAwait(false);
        // Nobody is left to be alone.
        _isAlone &= leases.Count > 0;
        return leases.All(lease => lease.IsIdle) ? Timeout.InfiniteTimeSpan : Tick;
    }

    private List<LeaseAsk> AsksOf(IReadOnlyList<FleetLease> leases)
    {
        long now = _clock.Now;
        var asks = new List<LeaseAsk>();
        foreach (FleetLease lease in leases)
        {
            if (lease.IsAlone) asks.Add(lease.Probe(now));
            else if (lease.TryAsk(now, out LeaseAsk ask)) asks.Add(ask);
        }

        return asks;
    }

    private async Task CallAsync(LeaseAsk[] asks)
    {
        long begun = _time.GetTimestamp();
        if (_silentSince < 0) _silentSince = begun;
        ReplyNode reply = await _redis.RunAsync(LeaseScript.Script, LeaseScript.KeysOf(_configuration.Prefix, asks), LeaseScript.ArgumentsOf(asks), _stopping.Token).ConfigureAwait(false);
        LeaseScript.Distribute(reply, asks, _clock.Now);
        _latency.Add((long)(_time.GetElapsedTime(begun).TotalSeconds * System.Diagnostics.Stopwatch.Frequency), calls: 1);
        (_silentSince, _retry) = (-1, FirstRetry);
        if (!_isAlone) return;
        _isAlone = false;
        LogReturned();
    }

    private TimeSpan OnFailed(string reason)
    {
        Interlocked.Increment(ref _failures);
        if (!_isAlone && (_silentSince < 0 || _time.GetElapsedTime(_silentSince) >= _configuration.FallbackAfter))
        {
            _isAlone = true;
            LogAlone(reason);
        }

        if (_isAlone)
        {
            foreach (FleetLease lease in _rates.Refresh()) lease.GoAlone();
        }

        TimeSpan pause = _retry;
        if (_isAlone) _retry = _retry * 2 < LongestRetry ? _retry * 2 : LongestRetry;
        return pause;
    }

    [LoggerMessage(6501, LogLevel.Warning, "The control Redis is silent: fleet-wide limits go by this proxy's local shares until it is back: {Reason}")]
    private partial void LogAlone(string reason);

    [LoggerMessage(6502, LogLevel.Information, "The control Redis is back: fleet-wide limits hold again")]
    private partial void LogReturned();
}
