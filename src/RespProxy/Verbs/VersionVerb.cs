using System.CommandLine;

namespace RespProxy.Verbs;

internal static class VersionVerb
{
    public static Command Build()
    {
        var command = new Command("version", "Print the version.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(BuildVersion.Text));
        return command;
    }
}
