using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Control.ControlRedis;

namespace RespProxy.Control.Rules;

/// <summary>
/// The rules of one proxy, from before its start to its end: chooses what it starts with, follows the fleet if there is one, and takes changes from callers, for this proxy or
/// for its fleet. Any thread.
/// </summary>
public sealed class LiveRules : IAsyncDisposable
{
    private readonly TimeProvider _time;

    private LiveRules(RuleSets sets, FleetFollower? fleet, ProxySnapshot snapshot, TimeProvider time)
    {
        (Sets, Fleet, Snapshot, _time) = (sets, fleet, snapshot, time);
    }

    public RuleSets Sets { get; }

    /// <summary>Null: the proxy's rules are its own.</summary>
    public FleetFollower? Fleet { get; }

    /// <summary>What to start the proxy with.</summary>
    public ProxySnapshot Snapshot { get; }

    /// <summary>Chooses what the proxy starts with. Asks the control Redis, if there is one, which may take as long as its timeout.</summary>
    /// <param name="input">The configuration.</param>
    /// <param name="file">It loaded, without errors.</param>
    /// <param name="read">Reads the configuration from where it came from, again.</param>
    /// <param name="time">For timeouts and periods, and for when a version was put.</param>
    /// <param name="logs">See <see cref="RuleSets"/>.</param>
    public static async Task<LiveRules> BeginAsync(
        ConfigurationInput input, ConfigurationResult file, Func<ConfigurationInput> read, TimeProvider time, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(time);
        ILogger logger = logs.CreateLogger("RespProxy.Rules");
        RulesSnapshot rules = file.Snapshot!.Rules;
        ControlRedisClient? redis = rules.Redis is null ? null : new ControlRedisClient(rules.Redis, time, logger, "rules");
        RuleVersion? ofFleet = redis is null ? null : await FleetFollower.AskAsync(rules, redis, logger, CancellationToken.None).ConfigureAwait(false);
        RuleStart start = RuleStart.Choose(input, file, ofFleet, time.GetUtcNow(), logger);
        var sets = new RuleSets(start, read, time, logger);
        return new LiveRules(sets, redis is null ? null : new FleetFollower(rules, sets, redis, ofFleet, time, logger), start.Snapshot, time);
    }

    /// <summary>The proxy has started: changes can come.</summary>
    /// <param name="apply">Puts a configuration in force, or says why not.</param>
    public void Attach(Func<ProxySnapshot, IReadOnlyList<string>> apply)
    {
        Sets.Attach(apply);
        Fleet?.Start();
    }

    /// <summary>Puts a rule set in force, here and where there is a fleet there.</summary>
    /// <param name="text">YAML as UTF-8; kept.</param>
    /// <param name="author">Who and why.</param>
    /// <param name="expected">The version that the author knows as the one in force; null: whatever is.</param>
    /// <param name="cancellation">Gives up; it may be in force all the same.</param>
    /// <exception cref="ArgumentException">The text is no UTF-8.</exception>
    public Task<RuleOutcome> PutAsync(byte[] text, RuleAuthor author, long? expected, CancellationToken cancellation) =>
        PutAsync(NewVersion(text, author, Fleet is null ? RuleOrigin.Api : RuleOrigin.Redis), expected, cancellation);

    /// <summary>Puts an earlier version in force again, as a new one.</summary>
    /// <param name="number">The earlier one's.</param>
    /// <param name="author">Who and why.</param>
    /// <param name="expected">The version that the author knows as the one in force; null: whatever is.</param>
    /// <param name="cancellation">Gives up; it may be in force all the same.</param>
    public async Task<RuleOutcome> RollBackAsync(long number, RuleAuthor author, long? expected, CancellationToken cancellation)
    {
        try
        {
            if (await FindAsync(number, cancellation).ConfigureAwait(false) is not { } earlier)
                return new RuleOutcome(RuleOutcomeKind.NotFound, Sets.Reading.InForce, [FormattableString.Invariant($"version {number} is not kept; GET /api/v1/rules/history tells which are")]);
            RuleAuthor named = author with { Comment = author.Comment is { Length: > 0 } given ? given : FormattableString.Invariant($"back to version {number}") };
            return await PutAsync(NewVersion(earlier.Utf8.ToArray(), named, RuleOrigin.Rollback), expected, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ControlRedisException or FormatException)
        {
            return new RuleOutcome(RuleOutcomeKind.Away, Sets.Reading.InForce, [exception.Message]);
        }
    }

    /// <summary>A kept version: of the fleet, where there is one. Null: it is not kept.</summary>
    /// <exception cref="ControlRedisException">The control Redis does not answer.</exception>
    /// <exception cref="FormatException">It holds something else than rule sets.</exception>
    public async Task<RuleVersion?> FindAsync(long number, CancellationToken cancellation) =>
        Sets.Reading.InForce is var now && now.Number == number || Fleet is null ? Sets.Find(number) : await Fleet.FindAsync(number, cancellation).ConfigureAwait(false);

    /// <summary>What would be wrong with a rule set; empty: it could come into force.</summary>
    /// <exception cref="ArgumentException">The text is no UTF-8.</exception>
    public IReadOnlyList<string> Check(byte[] text) => Sets.Check(NewVersion(text, default, RuleOrigin.Api));

    public ValueTask DisposeAsync() => Fleet?.DisposeAsync() ?? ValueTask.CompletedTask;

    private RuleVersion NewVersion(byte[] text, RuleAuthor author, RuleOrigin origin) =>
        new(0, text) { Author = author.Author ?? "", Comment = author.Comment ?? "", At = _time.GetUtcNow(), Origin = origin };

    private async Task<RuleOutcome> PutAsync(RuleVersion version, long? expected, CancellationToken cancellation) =>
        Fleet is null ? Sets.Put(version, expected) : await Fleet.PutAsync(version, expected, cancellation).ConfigureAwait(false);
}
