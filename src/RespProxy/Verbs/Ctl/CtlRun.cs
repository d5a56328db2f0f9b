using System.CommandLine;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Shows an answer to a person.</summary>
internal delegate void CtlView(JsonElement answer, TextWriter output);

/// <summary>One call of the API.</summary>
/// <param name="Method">GET, ...</param>
/// <param name="Path">With its query.</param>
/// <param name="Body">Null: none.</param>
internal sealed record CtlCall(HttpMethod Method, string Path, string? Body = null);

/// <summary>A command of <c>respproxy ctl</c> from its options to its exit code.</summary>
internal static class CtlRun
{
    public static Task<int> RunAsync(ParseResult parsed, CtlCall call, CtlView view, CancellationToken cancellation, TimeSpan? watch = null) =>
        RunAsync(parsed, () => call, view, cancellation, watch);

    /// <summary>Calls, and shows what is answered; again and again where that is asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="prepare">What to call; may find that a file cannot be read.</param>
    /// <param name="view">How to show it, unless as JSON.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="watch">Time between two looks where <c>--watch</c> says nothing; null: one look.</param>
    public static async Task<int> RunAsync(ParseResult parsed, Func<CtlCall> prepare, CtlView view, CancellationToken cancellation, TimeSpan? watch = null)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        try
        {
            CtlCall call = prepare();
            TimeSpan? period = CtlOptions.PeriodOf(parsed) ?? watch;
            if (period is not null && call.Method != HttpMethod.Get) throw new CtlException("--watch is for what only looks", ExitCode.BadConfiguration);
            using var client = new CtlClient(CtlOptions.TargetOf(parsed));
            bool isJson = parsed.GetValue(CtlOptions.Json);
            if (period is null) Show(await client.CallAsync(call.Method, call.Path, call.Body, cancellation).ConfigureAwait(false), view, isJson, output);
            else await WatchAsync(client, call, view, isJson, period.Value, output, cancellation).ConfigureAwait(false);
            return ExitCode.Ok;
        }
        catch (CtlException exception)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"respproxy: {exception.Message}").ConfigureAwait(false);
            return exception.ExitCode;
        }
        catch (IOException)
        {
            // Whoever read our output has heard enough: respproxy ctl connections | head.
            return ExitCode.Ok;
        }
    }

    /// <summary>On a terminal each look takes the place of the one before, else they follow each other.</summary>
    private static async Task WatchAsync(CtlClient client, CtlCall call, CtlView view, bool isJson, TimeSpan period, TextWriter output, CancellationToken cancellation)
    {
        bool isTerminal = !isJson && !Console.IsOutputRedirected;
        using var timer = new PeriodicTimer(period);
        do
        {
            CtlAnswer answer = await client.CallAsync(call.Method, call.Path, call.Body, cancellation).ConfigureAwait(false);
            using var text = new StringWriter();
            Show(answer, view, isJson, text);
            // Written at once, home first and what is left of the last look cleared after: no flicker.
            string shown = isTerminal ? $"\u001b[H{text.ToString().Replace("\n", "\u001b[K\n", StringComparison.Ordinal)}\u001b[J" : text.ToString();
            await output.WriteAsync(shown).ConfigureAwait(false);
            if (!isTerminal && !isJson) await output.WriteLineAsync().ConfigureAwait(false);
            await output.FlushAsync(cancellation).ConfigureAwait(false);
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private static void Show(CtlAnswer answer, CtlView view, bool isJson, TextWriter output)
    {
        if (isJson || answer.Json is not { } json) output.WriteLine(answer.Text.TrimEnd());
        else view(json, output);
    }
}
