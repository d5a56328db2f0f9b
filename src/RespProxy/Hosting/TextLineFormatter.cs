using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace RespProxy.Hosting;

/// <summary>One event, one line: <c>2026-11-22T10:00:00.000Z info Lifecycle[1001] starting RespProxy</c>. An exception follows on the lines after.</summary>
internal sealed class TextLineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "respproxy-text";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        textWriter.Write(DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.Write(logEntry.Category.AsSpan(logEntry.Category.LastIndexOf('.') + 1));
        textWriter.Write('[');
        textWriter.Write(logEntry.EventId.Id);
        textWriter.Write("] ");
        WriteOneLine(textWriter, logEntry.Formatter(logEntry.State, logEntry.Exception));
        textWriter.Write('\n');
        if (logEntry.Exception is { } exception)
            textWriter.Write($"{exception}\n");
    }

    /// <summary>Texts that come from outside (a client's name, an upstream's error) must not be able to forge a line.</summary>
    private static void WriteOneLine(TextWriter writer, string text)
    {
        foreach (char c in text)
        {
            if (char.IsControl(c))
                writer.Write($"\\u{(int)c:x4}");
            else
                writer.Write(c);
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => " trace ",
        LogLevel.Debug => " debug ",
        LogLevel.Information => " info ",
        LogLevel.Warning => " warning ",
        LogLevel.Error => " error ",
        _ => " critical ",
    };
}
