using System.CommandLine;
using RespProxy.Configuration;
using RespProxy.Hosting;

namespace RespProxy.Verbs;

/// <summary><c>respproxy run</c>: the proxy, until a signal.</summary>
internal static class RunVerb
{
    /// <summary>Names the configuration when --config does not.</summary>
    public const string ConfigVariable = "RESPPROXY_CONFIG";

    private static readonly Option<string?> Config = new("--config", "-c")
    {
        Description = $"Configuration file (YAML). Default: {ConfigVariable}, else none: environment and options only.",
        HelpName = "FILE",
    };

    private static readonly Argument<string?> File = new("file")
    {
        Description = "Configuration file (YAML); the same as --config.",
        HelpName = "FILE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string[]> Set = new("--set")
    {
        Description = "Override one value, as log.level=Debug or upstreams.main.seeds=10.0.0.1:6379. May be given again.",
        HelpName = "PATH=VALUE",
    };

    private static readonly Option<string?> Transport = new("--transport")
    {
        Description = "auto, epoll or sockets: how connections are carried.",
        HelpName = "KIND",
    };

    private static readonly Option<string?> Loops = new("--loops")
    {
        Description = "Event loops, one thread each, 1 to 64.",
        HelpName = "N",
    };

    private static readonly Option<string[]> Listen = new("--listen")
    {
        Description = "Listen here: the first replaces the first listener's address, the second the second's; more are added.",
        HelpName = "ADDRESS",
        AllowMultipleArgumentsPerToken = true,
    };

    public static Command Build()
    {
        var command = new Command("run", "Run the proxy (the default verb). SIGTERM or SIGINT drains, a second one ends at once.") { File, Config, Set, Transport, Loops, Listen };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if (ReadOverrides(parsed) is not { } overrides)
            return ExitCode.BadConfiguration;
        string? file = parsed.GetValue(Config) ?? parsed.GetValue(File) ?? Environment.GetEnvironmentVariable(ConfigVariable);
        ConfigurationInput input = Read(file, overrides);
        ConfigurationResult result = input.Load();
        if (result.Snapshot is null)
            return ConfigurationReport.Errors(result);
        var source = new ConfigurationSource(string.IsNullOrEmpty(file) ? null : file, input, result, () => Read(file, overrides));
        return await ProxyHost.RunAsync(result.Snapshot, source, cancellation: cancellation).ConfigureAwait(false);
    }

    private static ConfigurationInput Read(string? file, List<ConfigurationOverride> overrides)
    {
        IReadOnlyDictionary<string, string> environment = ConfigurationLoader.CurrentEnvironment();
        return string.IsNullOrEmpty(file)
            ? ConfigurationInput.OfText("", environment, overrides, "no configuration file (give one with --config FILE)")
            : ConfigurationInput.OfFile(file, environment, overrides);
    }

    /// <summary>The options as overrides, --set last; null after reporting a --set that is not PATH=VALUE.</summary>
    private static List<ConfigurationOverride>? ReadOverrides(ParseResult parsed)
    {
        var overrides = new List<ConfigurationOverride>();
        if (parsed.GetValue(Transport) is { } transport)
            overrides.Add(new ConfigurationOverride("transport", transport, "--transport"));
        if (parsed.GetValue(Loops) is { } loops)
            overrides.Add(new ConfigurationOverride("loops", loops, "--loops"));
        string[] listen = parsed.GetValue(Listen) ?? [];
        for (int i = 0; i < listen.Length; i++)
            overrides.Add(new ConfigurationOverride($"listeners.{i}.bind", listen[i], "--listen"));

        foreach (string assignment in parsed.GetValue(Set) ?? [])
        {
            if (ConfigurationOverride.Parse(assignment) is not { } given)
            {
                // Not repeated: it may be a secret.
                Console.Error.WriteLine("respproxy: --set needs PATH=VALUE, as --set log.level=Debug");
                return null;
            }

            overrides.Add(given);
        }

        return overrides;
    }
}
