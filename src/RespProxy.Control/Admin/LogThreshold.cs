using Microsoft.Extensions.Logging;

namespace RespProxy.Control.Admin;

/// <summary>From which level on lines are logged; may be moved at any time, until the process ends. Any thread.</summary>
public sealed class LogThreshold(string level)
{
    private volatile int _level = (int)Enum.Parse<LogLevel>(level);

    public LogLevel Level
    {
        get => (LogLevel)_level;
        set => _level = (int)value;
    }

    /// <summary>The filter of the log: whether a line of that level is logged.</summary>
    public bool Passes(LogLevel lineLevel) => (int)lineLevel >= _level;
}
