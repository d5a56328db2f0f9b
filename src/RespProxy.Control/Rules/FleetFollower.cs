using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.ControlRedis;

namespace RespProxy.Control.Rules;

/// <summary>How a proxy stands with the Redis that holds its fleet's rule set.</summary>
/// <param name="IsConnected">Both connections stand: a rule set put now is in force here at once.</param>
/// <param name="Stale">Since the version here was last compared with the fleet's; null: never.</param>
public readonly record struct FleetReading(bool IsConnected, TimeSpan? Stale);

/// <summary>
/// Keeps a proxy's rules those of its fleet: a publication makes it compare its version with the one in the control Redis, and so does each time that the subscription stands again, and
/// half a minute gone by; so nothing depends on a publication that may be missed. A version that cannot be applied here is refused once, and looked at again only when
/// there is another. Any thread.
/// </summary>
public sealed partial class FleetFollower : IAsyncDisposable
{
    /// <summary>Between comparisons that nothing has asked for.</summary>
    public static readonly TimeSpan ComparePeriod = TimeSpan.FromSeconds(30);

    /// <summary>After a comparison that failed, or a rule set that was refused: to refuse one takes work.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>Between comparisons at the least: publications may come without end.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly SemaphoreSlim _comparing = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly RulesSnapshot _rules;
    private readonly RuleSets _sets;
    private readonly ControlRedisClient _redis;
    private readonly FleetRules _fleet;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ControlRedisSubscription? _subscription;
    private Task _work = Task.CompletedTask;
    private FleetHead _refused;
    private long _seen;
    private string? _toldFault;
    private bool _toldEmpty;
    private long _comparedAt = long.MinValue;

    /// <param name="rules">Where the fleet's rule sets are.</param>
    /// <param name="sets">This proxy's, which follow.</param>
    /// <param name="redis">Disposed with this.</param>
    /// <param name="start">What the fleet was found to have when the proxy started, if it was asked.</param>
    /// <param name="time">For the periods.</param>
    /// <param name="logger">For what cannot be read.</param>
    internal FleetFollower(RulesSnapshot rules, RuleSets sets, ControlRedisClient redis, RuleVersion? start, TimeProvider time, ILogger logger)
    {
        (_rules, _sets, _redis, _time, _logger) = (rules, sets, redis, time, logger);
        _fleet = new FleetRules(redis, rules.Key, rules.Keep);
        RuleVersion now = sets.Reading.InForce;
        _seen = Math.Max(now.Number, start?.Number ?? 0);
        if (start is not null && !IsInForce(start.Number, start.Checksum)) _refused = new FleetHead(start.Number, start.Checksum);
    }

    public FleetReading Reading
    {
        get
        {
            long at = Interlocked.Read(ref _comparedAt);
            return new FleetReading(_redis.IsConnected && _subscription is { IsConnected: true }, at == long.MinValue ? null : _time.GetElapsedTime(at));
        }
    }

    /// <summary>Begins to follow.</summary>
    public void Start()
    {
        _subscription = new ControlRedisSubscription(_rules.Redis!, _rules.Key, Wake, _ => Wake(), _time, _logger);
        _work = Task.Run(RunAsync);
    }

    /// <summary>Puts a rule set in force for the fleet, and here.</summary>
    /// <param name="version">Its number does not count.</param>
    /// <param name="expected">The version that the author knows as the one in force; null: the one that was last seen here.</param>
    /// <param name="cancellation">Gives up; it may be in force all the same.</param>
    public async Task<RuleOutcome> PutAsync(RuleVersion version, long? expected, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(version);
        IReadOnlyList<string> errors = _sets.CheckOffered(version);
        if (errors.Count > 0) return new RuleOutcome(RuleOutcomeKind.Refused, _sets.Reading.InForce, errors);
        try
        {
            long seen = Interlocked.Read(ref _seen);
            if (IsInForce(expected ?? seen, version.Checksum)) return new RuleOutcome(RuleOutcomeKind.Unchanged, _sets.Reading.InForce, []);
            FleetPut put = await _fleet.PutAsync(version, expected ?? seen, seen, cancellation).ConfigureAwait(false);
            await CompareAsync(cancellation).ConfigureAwait(false);
            if (put.IsDone) return new RuleOutcome(RuleOutcomeKind.Applied, version.Numbered(put.Number), []);
            return new RuleOutcome(RuleOutcomeKind.Conflict, _sets.Reading.InForce, [$"{put.InForce} is in force; look at it and try again with that number"]);
        }
        catch (Exception exception) when (exception is ControlRedisException or FormatException)
        {
            return new RuleOutcome(RuleOutcomeKind.Away, _sets.Reading.InForce, [exception.Message]);
        }
    }

    /// <summary>A kept version of the fleet; null: it is not kept.</summary>
    /// <exception cref="ControlRedisException">The control Redis does not answer.</exception>
    /// <exception cref="FormatException">It holds something else than rule sets.</exception>
    public Task<RuleVersion?> FindAsync(long number, CancellationToken cancellation) => _fleet.ReadAsync(number, cancellation);

    /// <summary>The fleet's kept versions without their texts, oldest first.</summary>
    /// <inheritdoc cref="FindAsync"/>
    internal Task<IReadOnlyList<FleetEntry>> ReadHistoryAsync(CancellationToken cancellation) => _fleet.ReadHistoryAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_subscription is not null) await _subscription.DisposeAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        await _redis.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _wake.Dispose();
        _comparing.Dispose();
    }

    /// <summary>What the fleet has in force; null: nothing, or it is not to be had, which is told.</summary>
    internal static async Task<RuleVersion?> AskAsync(RulesSnapshot rules, ControlRedisClient redis, ILogger logger, CancellationToken cancellation)
    {
        var fleet = new FleetRules(redis, rules.Key, rules.Keep);
        try
        {
            FleetHead head = await fleet.ReadHeadAsync(cancellation).ConfigureAwait(false);
            return head.Number == 0 ? null : await fleet.ReadInForceAsync(head, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ControlRedisException or FormatException)
        {
            LogNotRead(logger, exception.Message);
            return null;
        }
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0) _wake.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // Somebody else has just woken it, or it is the end.
        }
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                bool isGood = await CompareAsync(_stopping.Token).ConfigureAwait(false);
                await Task.Delay(_refused == default ? LeastPause : RetryPause, _time, _stopping.Token).ConfigureAwait(false);
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                await Task.WhenAny(_wake.WaitAsync(wait.Token), Task.Delay(isGood ? ComparePeriod : RetryPause, _time, wait.Token)).ConfigureAwait(false);
                await wait.CancelAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Tell(exception.ToString());
                await Task.Delay(RetryPause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>False: the fleet's version could not be read.</summary>
    private async Task<bool> CompareAsync(CancellationToken cancellation)
    {
        await _comparing.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            FleetHead head = await _fleet.ReadHeadAsync(cancellation).ConfigureAwait(false);
            await FollowAsync(head, cancellation).ConfigureAwait(false);
            Interlocked.Exchange(ref _comparedAt, _time.GetTimestamp());
            _toldFault = null;
            return true;
        }
        catch (Exception exception) when (exception is ControlRedisException or FormatException)
        {
            // A connection that is lost says so itself.
            if (exception is FormatException) Tell(exception.Message);
            return false;
        }
        finally
        {
            _comparing.Release();
        }
    }

    private async Task FollowAsync(FleetHead head, CancellationToken cancellation)
    {
        if (IsEmpty(head)) return;
        Interlocked.Exchange(ref _seen, head.Number);
        if (IsInForce(head.Number, head.Checksum) || head == _refused) return;
        long before = _sets.Reading.InForce.Number;
        if (head.Number < before) LogGoneBack(_logger, before, head.Number);
        RuleOutcome outcome = await TakeAsync(head, cancellation).ConfigureAwait(false);
        _refused = outcome.IsGood ? default : head;
    }

    private async Task<RuleOutcome> TakeAsync(FleetHead head, CancellationToken cancellation)
    {
        try
        {
            return _sets.Follow(await _fleet.ReadInForceAsync(head, cancellation).ConfigureAwait(false));
        }
        catch (FormatException exception)
        {
            return _sets.RefuseUnread(exception.Message);
        }
    }

    /// <summary>A Redis that has lost its data takes nothing out of force: the next rule set that is put goes on from there.</summary>
    private bool IsEmpty(FleetHead head)
    {
        if (head.Number > 0)
        {
            _toldEmpty = false;
            return false;
        }

        if (_sets.Reading.InForce is { Number: > 0 } now && !_toldEmpty)
        {
            LogEmpty(_logger, now);
            _toldEmpty = true;
        }

        return true;
    }

    private bool IsInForce(long number, string checksum) => _sets.Reading.InForce is var now && now.Number == number && now.Checksum == checksum;

    private void Tell(string fault)
    {
        if (fault == _toldFault) return;
        LogNotRead(_logger, fault);
        _toldFault = fault;
    }

    [LoggerMessage(6141, LogLevel.Warning, "Rules: the fleet's rule set cannot be read: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);

    [LoggerMessage(6142, LogLevel.Warning, "Rules: the control Redis has no rule set any more; {Version} stays in force here. Put it again")]
    private static partial void LogEmpty(ILogger logger, RuleVersion version);

    [LoggerMessage(6143, LogLevel.Warning, "Rules: the control Redis has gone back from version {Before} to {Now}, which is followed")]
    private static partial void LogGoneBack(ILogger logger, long before, long now);
}
