using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RespProxy.Hosting;

namespace RespProxy.Tests;

public class TextLineFormatterTests
{
    private static string Format(string text, Exception? exception = null)
    {
        using var writer = new StringWriter();
        var entry = new LogEntry<string>(LogLevel.Warning, "RespProxy.Hosting.Lifecycle", new EventId(1001), text, exception, (state, _) => state);
        new TextLineFormatter().Write(entry, null, writer);
        return writer.ToString();
    }

    [Fact]
    public void An_event_is_one_line_with_time_level_short_category_and_id() =>
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning Lifecycle\[1001\] text\n$", Format("text"));

    [Fact]
    public void A_text_cannot_forge_a_line() => Assert.EndsWith("] a\\u000d\\u000ab\\u001b[31m\n", Format("a\r\nb\u001b[31m"), StringComparison.Ordinal);

    [Fact]
    public void An_exception_follows_its_line() =>
        Assert.EndsWith("] text\nSystem.InvalidOperationException: why\n", Format("text", new InvalidOperationException("why")), StringComparison.Ordinal);
}
