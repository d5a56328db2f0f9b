using RespProxy.Configuration.Loading;

namespace RespProxy.Configuration;

/// <summary>
/// Text to a validated <see cref="ProxySnapshot"/>, or every error at once. The command line beats the environment, which beats
/// the file. Steps: parse, lay the overrides over, compare with the schema, read values, check what concerns several elements.
/// Thread-safe; reads the files that secrets name, and nothing else.
/// </summary>
public static class ConfigurationLoader
{
    /// <summary>A configuration with thousands of tenants is some hundred KiB; more is the wrong file.</summary>
    private const int MaxFileLength = 16 * 1024 * 1024;

    /// <summary>Loads a file; paths of secrets are relative to its directory.</summary>
    /// <param name="path">The file. One that cannot be read is an error in the result.</param>
    /// <param name="environment">For overrides (<c>RESPPROXY_LOOPS</c>, <c>RESPPROXY_UPSTREAMS__0__PASSWORD</c>) and secrets (<c>{env: NAME}</c>).</param>
    /// <param name="overrides">From the command line, in order; the last wins.</param>
    public static ConfigurationResult LoadFile(string path, IReadOnlyDictionary<string, string> environment, IEnumerable<ConfigurationOverride> overrides)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string text;
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaxFileLength)
                return Failed(path, $"is larger than {Values.FormatSize(MaxFileLength)}: not a configuration");
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Failed(path, exception switch
            {
                FileNotFoundException or DirectoryNotFoundException => "the file does not exist",
                _ when Directory.Exists(path) => "is a directory, not a file",
                _ => $"cannot be read: {exception.Message}",
            });
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return LoadText(text, environment, overrides, path, directory);
    }

    /// <summary>Loads text; <paramref name="source"/> names it in errors, paths of secrets are relative to <paramref name="directory"/> (default: the current one).</summary>
    public static ConfigurationResult LoadText(
        string yaml,
        IReadOnlyDictionary<string, string> environment,
        IEnumerable<ConfigurationOverride> overrides,
        string source = "configuration",
        string directory = "")
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(overrides);
        var errors = new ErrorList();
        ProxySnapshot? snapshot = null;
        if (YamlTree.Parse(yaml, source, errors) is { } tree)
        {
            var layer = new OverrideLayer(tree, errors);
            layer.ApplyEnvironment(environment);
            foreach (ConfigurationOverride given in overrides)
                layer.Apply(given);

            new SchemaCheck(errors).Check(tree, Schema.Root, "");
            var secrets = new SecretReader(environment, directory, errors);
            snapshot = new SnapshotReader(new Section(tree, "", errors), secrets, errors).Read();
        }

        return errors.Count == 0
            ? new ConfigurationResult(snapshot, [])
            : new ConfigurationResult(null, [.. errors.InFileOrder()]);
    }

    /// <summary>The current process's environment, as the loader takes it.</summary>
    public static IReadOnlyDictionary<string, string> CurrentEnvironment()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        return variables;
    }

    private static ConfigurationResult Failed(string path, string text) =>
        new(null, [new ConfigurationError("", path, 0, 0, text)]);
}
