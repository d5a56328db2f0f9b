namespace RespProxy.Configuration;

/// <summary>
/// Text to a validated <see cref="ProxySnapshot"/>, or every error at once. The command line beats the environment, which beats
/// the file. Steps: parse, lay the overrides over, compare with the schema, read values, check what concerns several elements.
/// Thread-safe; reads the files that secrets name, and nothing else.
/// </summary>
public static class ConfigurationLoader
{
    /// <summary>Loads a file; paths of secrets are relative to its directory.</summary>
    /// <param name="path">The file. One that cannot be read is an error in the result.</param>
    /// <param name="environment">For overrides (<c>RESPPROXY_LOOPS</c>, <c>RESPPROXY_UPSTREAMS__0__PASSWORD</c>) and secrets (<c>{env: NAME}</c>).</param>
    /// <param name="overrides">From the command line, in order; the last wins.</param>
    public static ConfigurationResult LoadFile(string path, IReadOnlyDictionary<string, string> environment, IEnumerable<ConfigurationOverride> overrides) =>
        ConfigurationInput.OfFile(path, environment, overrides).Load();

    /// <summary>Loads text; <paramref name="source"/> names it in errors, paths of secrets are relative to <paramref name="directory"/> (default: the current one).</summary>
    public static ConfigurationResult LoadText(
        string yaml,
        IReadOnlyDictionary<string, string> environment,
        IEnumerable<ConfigurationOverride> overrides,
        string source = "configuration",
        string directory = "") => ConfigurationInput.OfText(yaml, environment, overrides, source, directory).Load();

    /// <summary>The current process's environment, as the loader takes it.</summary>
    public static IReadOnlyDictionary<string, string> CurrentEnvironment()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        return variables;
    }
}
