namespace RespProxy.Configuration.Loading;

/// <summary>Where a piece of configuration was written. Line 0: not in a file.</summary>
internal readonly record struct Origin(string Source, int Line, int Column);

/// <summary>
/// The configuration as written: YAML with overrides laid over it, not yet checked. Our own three kinds instead of the YAML
/// library's tree, because overrides change it, every piece must know its origin, and duplicate keys must be kept to be reported.
/// </summary>
internal abstract class ConfigNode(Origin origin)
{
    public Origin Origin { get; } = origin;

    /// <summary>For error texts: what a reader of the file would call it.</summary>
    public abstract string Kind { get; }
}

internal sealed class ScalarNode(string text, bool isNull, Origin origin) : ConfigNode(origin)
{
    public string Text { get; } = text;

    /// <summary>Nothing was written after the key, or <c>null</c> or <c>~</c>.</summary>
    public bool IsNull { get; } = isNull;

    public override string Kind => IsNull ? "nothing" : "a single value";
}

internal sealed class ListNode(Origin origin) : ConfigNode(origin)
{
    public List<ConfigNode> Items { get; } = [];

    public override string Kind => "a list";
}

internal sealed class MapNode(Origin origin) : ConfigNode(origin)
{
    /// <summary>In the order written; a key given twice is here twice.</summary>
    public List<MapEntry> Entries { get; } = [];

    public override string Kind => "a section of keys";

    public ConfigNode? Find(string key)
    {
        foreach (MapEntry entry in Entries)
        {
            if (entry.Key == key)
                return entry.Value;
        }

        return null;
    }

    public void Replace(string key, ConfigNode value)
    {
        Entries.RemoveAll(entry => entry.Key == key);
        Entries.Add(new MapEntry(key, value.Origin, value));
    }
}

internal readonly record struct MapEntry(string Key, Origin KeyOrigin, ConfigNode Value);

/// <summary>Collects errors while the loader goes on, so that all are told at once.</summary>
internal sealed class ErrorList
{
    private readonly List<ConfigurationError> _errors = [];

    public int Count => _errors.Count;

    public void Add(string path, Origin origin, string text) =>
        _errors.Add(new ConfigurationError(path, origin.Source, origin.Line, origin.Column, text));

    /// <summary>Errors in the order of the file, those without a line last, in the order found.</summary>
    public IEnumerable<ConfigurationError> InFileOrder() =>
        _errors.OrderBy(error => error.Line == 0 ? int.MaxValue : error.Line).ThenBy(error => error.Column);
}
