using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using RespProxy.Configuration;
using RespProxy.Control.Admin;

namespace RespProxy.Hosting;

/// <summary>Logs go to standard error, through the console logger's queue: a slow terminal or a full pipe does not stop a loop.</summary>
internal static class LogSetup
{
    public static ILoggerFactory Create(LogSnapshot configuration, LogThreshold threshold) => LoggerFactory.Create(builder =>
    {
        // The threshold alone decides, each time anew: it can be moved while the proxy runs.
        builder.SetMinimumLevel(LogLevel.Trace);
        builder.AddFilter(threshold.Passes);
        // The HTTP server's and the host's own chatter; this program logs what matters of it.
        builder.AddFilter("Microsoft", LogLevel.Warning);
        // Repeats, with a stack, the failure to start that this program tells in one line.
        builder.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.Services.AddSingleton<ConsoleFormatter, TextLineFormatter>();
        builder.AddConsole(options =>
        {
            options.LogToStandardErrorThreshold = LogLevel.Trace;
            options.FormatterName = configuration.Format == LogFormat.Json ? ConsoleFormatterNames.Json : TextLineFormatter.FormatterName;
            options.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
        });
        builder.Services.Configure<JsonConsoleFormatterOptions>(options =>
        {
            options.UseUtcTimestamp = true;
            options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
        });
    });
}
