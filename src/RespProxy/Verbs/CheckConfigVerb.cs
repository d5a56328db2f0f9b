using System.CommandLine;
using RespProxy.Configuration;

namespace RespProxy.Verbs;

/// <summary><c>respproxy check-config FILE</c>: every error, or a summary; overrides of the environment count, as they would in a run.</summary>
internal static class CheckConfigVerb
{
    private static readonly Argument<string> File = new("FILE") { Description = "Configuration file (YAML)." };

    public static Command Build()
    {
        var command = new Command("check-config", "Check a configuration without starting: exit 0 and a summary, or 2 and every error.") { File };
        command.SetAction(Check);
        return command;
    }

    private static int Check(ParseResult parsed)
    {
        ConfigurationResult result = ConfigurationLoader.LoadFile(parsed.GetValue(File)!, ConfigurationLoader.CurrentEnvironment(), []);
        if (result.Snapshot is null)
            return ConfigurationReport.Errors(result);
        ConfigurationReport.Summary(result.Snapshot, parsed.InvocationConfiguration.Output);
        return ExitCode.Ok;
    }
}
