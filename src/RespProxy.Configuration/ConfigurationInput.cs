using RespProxy.Configuration.Loading;

namespace RespProxy.Configuration;

/// <summary>
/// What a configuration is loaded from, read once: text, environment, command line. Loads of it differ in the rule set that takes the place of the tenants, and in what the files
/// hold that secrets name. Immutable; any thread.
/// </summary>
public sealed class ConfigurationInput
{
    /// <summary>A configuration with thousands of tenants is some hundred KiB; more is the wrong file.</summary>
    private const int MaxFileLength = 16 * 1024 * 1024;

    private readonly string _text;
    private readonly string _source;
    private readonly string _directory;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly IReadOnlyList<ConfigurationOverride> _overrides;

    /// <summary>Why the text could not be read; null: it could.</summary>
    private readonly string? _unreadable;

    private ConfigurationInput(
        string text, string source, string directory, IReadOnlyDictionary<string, string> environment, IEnumerable<ConfigurationOverride> overrides, string? unreadable)
    {
        (_text, _source, _directory, _environment, _overrides, _unreadable) = (text, source, directory, environment, [.. overrides], unreadable);
    }

    /// <summary>Reads a file; see <see cref="ConfigurationLoader.LoadFile"/>. One that cannot be read is an error of each load.</summary>
    public static ConfigurationInput OfFile(string path, IReadOnlyDictionary<string, string> environment, IEnumerable<ConfigurationOverride> overrides)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaxFileLength)
                return new ConfigurationInput("", path, "", environment, overrides, $"is larger than {Values.FormatSize(MaxFileLength)}: not a configuration");
            string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
            return new ConfigurationInput(File.ReadAllText(path), path, directory, environment, overrides, unreadable: null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = exception switch
            {
                FileNotFoundException or DirectoryNotFoundException => "the file does not exist",
                _ when Directory.Exists(path) => "is a directory, not a file",
                _ => $"cannot be read: {exception.Message}",
            };
            return new ConfigurationInput("", path, "", environment, overrides, reason);
        }
    }

    /// <summary>Takes a text; see <see cref="ConfigurationLoader.LoadText"/>.</summary>
    public static ConfigurationInput OfText(
        string yaml,
        IReadOnlyDictionary<string, string> environment,
        IEnumerable<ConfigurationOverride> overrides,
        string source = "configuration",
        string directory = "")
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(overrides);
        return new ConfigurationInput(yaml, source, directory, environment, overrides, unreadable: null);
    }

    /// <summary>The configuration, or every error at once.</summary>
    /// <param name="rules">Takes the place of the tenants in the text; overrides are laid over either. Null: the text's own.</param>
    public ConfigurationResult Load(RuleSetText? rules = null)
    {
        if (_unreadable is not null) return new ConfigurationResult(null, [new ConfigurationError("", _source, 0, 0, _unreadable)]);
        var errors = new ErrorList();
        ProxySnapshot? snapshot = null;
        string? ownTenants = null;
        if (YamlTree.Parse(_text, _source, errors) is { } tree)
        {
            if (rules is null) ownTenants = RuleSetWriter.Write(tree);
            else RuleSetTree.Lay(tree, rules, errors);
            snapshot = Read(tree, errors);
        }

        return errors.Count == 0
            ? new ConfigurationResult(snapshot, []) { OwnTenants = ownTenants }
            : new ConfigurationResult(null, [.. errors.InFileOrder()]);
    }

    private ProxySnapshot Read(MapNode tree, ErrorList errors)
    {
        var layer = new OverrideLayer(tree, errors);
        layer.ApplyEnvironment(_environment);
        foreach (ConfigurationOverride given in _overrides)
            layer.Apply(given);

        new SchemaCheck(errors).Check(tree, Schema.Root, "");
        var secrets = new SecretReader(_environment, _directory, errors);
        return new SnapshotReader(new Section(tree, "", errors), secrets, errors).Read();
    }
}
