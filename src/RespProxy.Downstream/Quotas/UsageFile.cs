using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Tenancy.Quotas;

namespace RespProxy.Downstream.Quotas;

/// <summary>
/// A file that tells the tenants' usage (<see cref="UsageText"/>). Its time and length are looked at in each period, and it is read when they
/// have changed: that works on every file system, mounted configuration maps included. A file that is wrong or gone changes nothing:
/// the last good numbers hold, and it is said once. Its reads are on a timer's thread, one after the other.
/// </summary>
internal sealed partial class UsageFile : IDisposable
{
    /// <summary>Thousands of tenants are some hundred KiB; more is the wrong file.</summary>
    private const int MaxLength = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly UsageIntake _intake;
    private readonly ILogger _logger;
    private readonly Lock _looking = new();
    private readonly ITimer _timer;
    private (DateTime Written, long Length) _seen;

    /// <summary>Of the last good file, numbers of tenants that had no quota then: a reload may give them one.</summary>
    private IReadOnlyDictionary<string, long> _untaken = new Dictionary<string, long>();

    /// <summary>What was last said to be wrong; null: nothing is.</summary>
    private string? _fault;

    public UsageFile(string path, TimeSpan period, UsageIntake intake, TimeProvider time, ILogger logger)
    {
        _path = path;
        _intake = intake;
        _logger = logger;
        _timer = time.CreateTimer(_ => Look(), null, TimeSpan.Zero, period);
    }

    /// <summary>Null without a file to watch.</summary>
    public static UsageFile? For(UsageSnapshot snapshot, UsageIntake intake, TimeProvider time, ILogger logger) =>
        snapshot.File is null ? null : new UsageFile(snapshot.File, snapshot.Period, intake, time, logger);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        // A look that takes longer than the period is not joined by another.
        if (!_looking.TryEnter()) return;
        try
        {
            Tell(ReadIfChanged());
            Report(_untaken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell(exception is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : exception.Message);
        }
        finally
        {
            _looking.Exit();
        }
    }

    /// <summary>What is wrong; null: nothing is.</summary>
    private string? ReadIfChanged()
    {
        var file = new FileInfo(_path);
        if (!file.Exists) throw new FileNotFoundException();
        if ((file.LastWriteTimeUtc, file.Length) == _seen) return _fault;
        if (file.Length > MaxLength) return $"it is larger than {MaxLength} bytes";
        (DateTime, long) seen = (file.LastWriteTimeUtc, file.Length);
        IReadOnlyDictionary<string, long>? usage = UsageText.Parse(File.ReadAllText(_path), out string? fault);
        _seen = seen;
        if (usage is null) return fault;
        Report(usage);
        return null;
    }

    private void Report(IReadOnlyDictionary<string, long> usage)
    {
        if (usage.Count > 0) _untaken = usage.Where(each => _intake.Report(each.Key, each.Value) != UsageOutcome.Taken).ToDictionary();
    }

    private void Tell(string? fault)
    {
        if (fault == _fault) return;
        if (fault is null) LogGood(_logger, _path);
        else LogBad(_logger, _path, fault);
        _fault = fault;
        // A file that comes back as it was is read all the same.
        if (fault is not null) _seen = default;
    }

    [LoggerMessage(3311, LogLevel.Error, "Usage file {File} is not taken, the last usage holds: {Reason}")]
    private static partial void LogBad(ILogger logger, string file, string reason);

    [LoggerMessage(3312, LogLevel.Information, "Usage file {File} is good again")]
    private static partial void LogGood(ILogger logger, string file);
}
