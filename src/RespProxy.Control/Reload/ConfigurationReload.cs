using Microsoft.Extensions.Logging;

namespace RespProxy.Control.Reload;

/// <summary>
/// Loads the configuration again and puts it in force, or refuses it whole and leaves the one that is. Any thread, one reload at a time.
/// </summary>
/// <param name="apply">Reads the configuration from where it came from at the start, and puts it in force, or says why not.</param>
/// <param name="time">For the reading.</param>
/// <param name="logger">Every error of a refused configuration, and every version that came into force.</param>
public sealed partial class ConfigurationReload(Func<IReadOnlyList<string>> apply, TimeProvider time, ILogger logger)
{
    private readonly Lock _lock = new();
    private volatile ReloadReading _reading = new(1, time.GetUtcNow(), 0, []);

    /// <summary>What is in force, and what was wrong with the last attempt.</summary>
    public ReloadReading Reading => _reading;

    /// <summary>False: refused; <see cref="Reading"/> says why.</summary>
    /// <param name="trigger">For the log: who asked.</param>
    public bool Reload(string trigger)
    {
        lock (_lock)
        {
            IReadOnlyList<string> errors = TryApply();
            if (errors.Count > 0)
            {
                foreach (string error in errors) LogError(error);
                LogRefused(trigger, errors.Count, _reading.Version);
                _reading = _reading with { Failures = _reading.Failures + 1, Errors = errors };
                return false;
            }

            _reading = _reading with { Version = _reading.Version + 1, AppliedAt = time.GetUtcNow(), Errors = [] };
            LogApplied(trigger, _reading.Version);
            return true;
        }
    }

    /// <summary>Whatever goes wrong with a new configuration, the proxy goes on with the one it has.</summary>
    private IReadOnlyList<string> TryApply()
    {
        try
        {
            return apply();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return [exception.ToString()];
        }
    }

    [LoggerMessage(2101, LogLevel.Information, "{Trigger}: configuration version {Version} is in force")]
    private partial void LogApplied(string trigger, long version);

    [LoggerMessage(2102, LogLevel.Error, "{Trigger}: the new configuration has {Errors} error(s) and is refused whole; version {Version} stays in force")]
    private partial void LogRefused(string trigger, int errors, long version);

    [LoggerMessage(2103, LogLevel.Error, "{Error}")]
    private partial void LogError(string error);
}

/// <summary>How the configuration of a running proxy stands.</summary>
/// <param name="Version">1 at the start, one more with each that came into force.</param>
/// <param name="AppliedAt">When that was.</param>
/// <param name="Failures">Configurations refused since the start.</param>
/// <param name="Errors">Why the last one was refused; empty when it was not.</param>
public sealed record ReloadReading(long Version, DateTimeOffset AppliedAt, long Failures, IReadOnlyList<string> Errors);
