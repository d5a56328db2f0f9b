using System.CommandLine;
using RespProxy.Verbs;

namespace RespProxy;

/// <summary>Reads the command line and hands over to a verb. Composition happens in <see cref="Hosting.ProxyHost"/>.</summary>
internal static class Program
{
    private static readonly string[] NotForRun = ["--help", "-h", "-?", "/?", "--version"];

    public static async Task<int> Main(string[] arguments)
    {
        string[] given = WithDefaultVerb(arguments);
        ParseResult parsed = CommandLine.Build(given).Parse(given);
        if (parsed.Errors.Count > 0)
            return ReportUsage(parsed);

        // Signals belong to the run: it drains, where the library would cut the verb off after two seconds.
        var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        try
        {
            return await parsed.InvokeAsync(invocation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await Console.Error.WriteLineAsync($"respproxy: unexpected failure: {exception}").ConfigureAwait(false);
            return ExitCode.Failure;
        }
    }

    /// <summary><c>respproxy --config FILE</c> is <c>respproxy run --config FILE</c>; nothing at all asks for help unless the environment configures.</summary>
    internal static string[] WithDefaultVerb(string[] arguments)
    {
        if (arguments.Length == 0)
            return Environment.GetEnvironmentVariable(RunVerb.ConfigVariable) is null ? ["--help"] : ["run"];
        bool option = arguments[0].StartsWith('-') && !NotForRun.Contains(arguments[0], StringComparer.Ordinal);
        return option ? ["run", .. arguments] : arguments;
    }

    private static int ReportUsage(ParseResult parsed)
    {
        foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
            Console.Error.WriteLine($"respproxy: {error.Message}");
        string verb = parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ";
        Console.Error.WriteLine($"Try: respproxy {verb}--help");
        return ExitCode.BadConfiguration;
    }
}
