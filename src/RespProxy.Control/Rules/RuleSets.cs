using Microsoft.Extensions.Logging;
using RespProxy.Configuration;

namespace RespProxy.Control.Rules;

/// <summary>
/// The rule sets of a running proxy: one in force, and a linear history of those before. Every change of the tenants goes through here, one at a time, whether
/// it comes from the configuration file, a caller or a fleet; the latest word wins. A rule set is loaded with all else of the configuration file as it was when that
/// was last accepted, so that a half-edited file hinders no change of rules. What has an error is refused whole. Any thread.
/// </summary>
public sealed partial class RuleSets
{
    /// <summary>More errors than anyone reads at once; a rule set can have a million.</summary>
    private const int MaxErrors = 100;

    private readonly Lock _lock = new();
    private readonly Func<ConfigurationInput> _read;
    private readonly bool _isFleet;
    private readonly RuleStore? _store;
    private readonly int _keep;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<RuleVersion> _history;
    private Func<ProxySnapshot, IReadOnlyList<string>>? _apply;
    private ConfigurationInput _input;
    private string _fileTenants;
    private volatile RulesReading _reading;

    /// <param name="start">What the proxy starts with.</param>
    /// <param name="read">Reads the configuration from where it came from at the start.</param>
    /// <param name="time">For when a version was put.</param>
    /// <param name="logger">Each version that comes into force, and every error of one that does not.</param>
    public RuleSets(RuleStart start, Func<ConfigurationInput> read, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(start);
        (_read, _time, _logger) = (read, time, logger);
        (_input, _fileTenants, _store) = (start.Input, start.FileTenants, start.Store);
        (_isFleet, _keep) = (start.Snapshot.Rules.Redis is not null, start.Snapshot.Rules.Keep);
        _history = [.. start.History];
        _reading = new RulesReading(start.InForce, time.GetUtcNow(), start.Errors.Count == 0 ? 0 : 1, start.StoreFailures, start.Errors);
    }

    /// <summary>What is in force, and what was wrong with the last attempt.</summary>
    public RulesReading Reading => _reading;

    /// <summary>What was in force, oldest first, up to what is; as far as it is kept.</summary>
    public IReadOnlyList<RuleVersion> History
    {
        get
        {
            lock (_lock) return [.. _history];
        }
    }

    /// <summary>Changes can come from now on.</summary>
    /// <param name="apply">Puts a configuration in force, or says why not.</param>
    public void Attach(Func<ProxySnapshot, IReadOnlyList<string>> apply)
    {
        lock (_lock) _apply = apply;
    }

    /// <summary>A kept version; null: there is none such.</summary>
    public RuleVersion? Find(long number)
    {
        lock (_lock) return _history.FindLast(version => version.Number == number);
    }

    /// <summary>What would be wrong with a rule set; empty: it could come into force. Changes nothing.</summary>
    public IReadOnlyList<string> Check(RuleVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        lock (_lock) return Load(version, out _);
    }

    /// <summary>The configuration that a rule set would make, or its errors. Changes nothing.</summary>
    public ConfigurationResult Load(string text)
    {
        lock (_lock) return _input.Load(new RuleSetText(text, "rule set"));
    }

    /// <summary>The same, and a rule set that has errors counts as refused.</summary>
    public IReadOnlyList<string> CheckOffered(RuleVersion version)
    {
        lock (_lock)
        {
            IReadOnlyList<string> errors = Load(version, out _);
            return errors.Count == 0 ? errors : Refuse(version.Origin, errors).Errors;
        }
    }

    /// <summary>Puts a rule set in force as the next version of this proxy's own history.</summary>
    /// <param name="version">Its number does not count.</param>
    /// <param name="expected">The version that the author knows as the one in force; null: whatever is.</param>
    public RuleOutcome Put(RuleVersion version, long? expected)
    {
        ArgumentNullException.ThrowIfNull(version);
        lock (_lock)
        {
            RuleVersion now = _reading.InForce;
            if (expected is not null && expected != now.Number) return new RuleOutcome(RuleOutcomeKind.Conflict, now, [ConflictText(now)]);
            if (version.Checksum == now.Checksum) return new RuleOutcome(RuleOutcomeKind.Unchanged, now, []);
            return PutInForce(version, NextNumber());
        }
    }

    /// <summary>Puts a fleet's version in force, under its own number.</summary>
    public RuleOutcome Follow(RuleVersion version)
    {
        ArgumentNullException.ThrowIfNull(version);
        lock (_lock) return PutInForce(version, version.Number);
    }

    /// <summary>Tells of a fleet's rule set that could not even be read.</summary>
    public RuleOutcome RefuseUnread(string error)
    {
        lock (_lock) return Refuse(RuleOrigin.Redis, [error]);
    }

    /// <summary>
    /// Reads the configuration file again. Where its tenants have changed they are the latest word, but for a proxy whose fleet has a rule set. Otherwise the version in
    /// force stays, with what the files of its secrets hold now.
    /// </summary>
    /// <returns>Empty: done. Otherwise nothing has changed.</returns>
    public IReadOnlyList<string> ReloadFile()
    {
        lock (_lock)
        {
            ConfigurationInput input = _read();
            ConfigurationResult file = input.Load();
            if (file.Snapshot is null) return ErrorsOf(file);
            RuleVersion now = _reading.InForce;
            bool isNew = file.OwnTenants != _fileTenants;
            bool isForFile = isNew && !(_isFleet && now.Number > 0);
            ConfigurationResult next = isForFile || now.Origin == RuleOrigin.File && !isNew ? file : input.Load(TextOf(now));
            IReadOnlyList<string> errors = next.Snapshot is null ? ErrorsOf(next) : _apply!(next.Snapshot);
            if (errors.Count > 0) return errors;
            (_input, _fileTenants) = (input, file.OwnTenants!);
            if (isForFile) Accept(OfFile(file.OwnTenants!, _isFleet ? 0 : NextNumber(), _time.GetUtcNow()));
            else if (isNew) LogFileOverruled(now);
            return [];
        }
    }

    /// <summary>The tenants of the configuration file as a version.</summary>
    internal static RuleVersion OfFile(string tenants, long number, DateTimeOffset at) => new(number, tenants) { At = at, Origin = RuleOrigin.File };

    internal static RuleSetText TextOf(RuleVersion version) => new(version.Text, version.Number > 0 ? $"rule set {version.Number}" : "rule set");

    internal static IReadOnlyList<string> ErrorsOf(ConfigurationResult result) => Bounded([.. result.Errors.Select(error => error.ToString())]);

    internal static string ConflictText(RuleVersion now) => $"{now} is in force; look at it and try again with that number";

    private static IReadOnlyList<string> Bounded(IReadOnlyList<string> errors) =>
        errors.Count <= MaxErrors ? errors : [.. errors.Take(MaxErrors), $"and {errors.Count - MaxErrors} errors more"];

    private RuleOutcome PutInForce(RuleVersion version, long number)
    {
        IReadOnlyList<string> errors = Load(version, out ProxySnapshot? snapshot);
        if (snapshot is not null) errors = Apply(snapshot);
        if (errors.Count > 0) return Refuse(version.Origin, errors);
        RuleVersion next = version.Number == number ? version : version.Numbered(number);
        Accept(next);
        return new RuleOutcome(RuleOutcomeKind.Applied, next, []);
    }

    /// <summary>Whatever goes wrong with a rule set, the proxy goes on with the one it has.</summary>
    private IReadOnlyList<string> Load(RuleVersion version, out ProxySnapshot? snapshot)
    {
        snapshot = null;
        try
        {
            ConfigurationResult result = _input.Load(TextOf(version));
            snapshot = result.Snapshot;
            return ErrorsOf(result);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return [exception.ToString()];
        }
    }

    private IReadOnlyList<string> Apply(ProxySnapshot snapshot)
    {
        try
        {
            return _apply!(snapshot);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return [exception.ToString()];
        }
    }

    private RuleOutcome Refuse(RuleOrigin origin, IReadOnlyList<string> errors)
    {
        foreach (string error in errors) LogError(error);
        LogRefused(origin, errors.Count, _reading.InForce);
        _reading = _reading with { Failures = _reading.Failures + 1, Errors = errors };
        return new RuleOutcome(RuleOutcomeKind.Refused, _reading.InForce, errors);
    }

    private void Accept(RuleVersion next)
    {
        // Where a fleet's Redis has lost the latest versions, the numbers after the new one will be given again, to others.
        _history.RemoveAll(version => version.Number >= next.Number);
        _history.Add(next);
        if (_history.Count > _keep) _history.RemoveRange(0, _history.Count - _keep);
        bool isStored = Store(next);
        _reading = _reading with
        {
            InForce = next,
            AppliedAt = _time.GetUtcNow(),
            StoreFailures = _reading.StoreFailures + (isStored ? 0 : 1),
            Errors = [],
        };
        LogInForce(next, next.Origin, next.Checksum, next.Comment);
    }

    private bool Store(RuleVersion next)
    {
        try
        {
            if (next.Number > 0) _store?.Write(next, RuleVersion.ChecksumOf(System.Text.Encoding.UTF8.GetBytes(_fileTenants)));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotStored(next, exception.Message);
            return false;
        }
    }

    private long NextNumber() => Math.Max(_reading.InForce.Number, _store?.HighestNumber ?? 0) + 1;

    [LoggerMessage(6111, LogLevel.Information, "Rules: {Version} is in force; from {Origin}, checksum {Checksum}. {Comment}")]
    private partial void LogInForce(RuleVersion version, RuleOrigin origin, string checksum, string comment);

    [LoggerMessage(6112, LogLevel.Error, "Rules: a rule set from {Origin} has {Errors} error(s) and is refused whole; {Version} stays in force")]
    private partial void LogRefused(RuleOrigin origin, int errors, RuleVersion version);

    [LoggerMessage(6113, LogLevel.Error, "Rules: {Error}")]
    private partial void LogError(string error);

    [LoggerMessage(6114, LogLevel.Error, "Rules: {Version} is in force, but could not be written to disk: {Reason}")]
    private partial void LogNotStored(RuleVersion version, string reason);

    [LoggerMessage(6115, LogLevel.Warning, "Rules: the tenants of the configuration file have changed, which changes nothing: the fleet's {Version} is in force")]
    private partial void LogFileOverruled(RuleVersion version);
}
