using System.Globalization;
using System.Text.RegularExpressions;

namespace RespProxy.Configuration.Loading;

/// <summary>
/// Lays overrides over the tree. Keys and names match without regard to case and to <c>_ - .</c>, so that the environment's
/// <c>DRAINTIMEOUT</c> and <c>DRAIN_TIMEOUT</c> are both <c>drainTimeout</c>. An index one past the end appends.
/// </summary>
internal sealed partial class OverrideLayer(MapNode root, ErrorList errors)
{
    public const string EnvironmentPrefix = "RESPPROXY_";

    /// <summary>Names the file; read by the executable, not an override.</summary>
    private const string FileVariable = "RESPPROXY_CONFIG";

    /// <summary>Begins the names that the command-line client of the admin API reads, which may run beside the proxy.</summary>
    private const string ClientPrefix = "RESPPROXY_CTL_";

    /// <summary>Applies every variable with the prefix; those the file reads as secrets and those Kubernetes injects are not overrides.</summary>
    public void ApplyEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        CollectSecretVariables(root, secrets);
        IEnumerable<string> names = environment.Keys
            .Where(name => name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal) && name != FileVariable && !name.StartsWith(ClientPrefix, StringComparison.Ordinal))
            .Where(name => !secrets.Contains(name) && !KubernetesServiceVariable().IsMatch(name))
            .OrderBy(name => Number().Replace(name, number => number.Value.PadLeft(10, '0')), StringComparer.Ordinal);
        foreach (string name in names)
            Apply(name[EnvironmentPrefix.Length..].Split("__"), environment[name], $"environment {name}");
    }

    public void Apply(ConfigurationOverride given) => Apply(given.Path.Split('.'), given.Value, given.Origin);

    private void Apply(string[] segments, string value, string originName)
    {
        var origin = new Origin(originName, 0, 0);
        var scalar = new ScalarNode(value, isNull: false, origin);
        ApplyToMap(root, Schema.Root, segments, "", scalar);
    }

    private void ApplyToMap(MapNode map, Schema schema, ReadOnlySpan<string> segments, string path, ScalarNode value)
    {
        string wanted = Plain(segments[0]);
        SchemaKey key = schema.Keys.FirstOrDefault(candidate => Plain(candidate.Name) == wanted);
        if (key.Schema is null)
        {
            errors.Add(path, value.Origin, SchemaCheck.UnknownKey(segments[0], schema));
            return;
        }

        string keyPath = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
        ReadOnlySpan<string> rest = segments[1..];
        if (rest.IsEmpty)
        {
            if (Leaf(key.Schema, value) is { } leaf)
                map.Replace(key.Name, leaf);
            else
                errors.Add(keyPath, value.Origin, Incomplete(key.Schema));
            return;
        }

        Descend(map, key, rest, keyPath, value);
    }

    private void Descend(MapNode map, SchemaKey key, ReadOnlySpan<string> rest, string path, ScalarNode value)
    {
        if (key.Schema.Kind == SchemaKind.Scalar)
        {
            errors.Add(path, value.Origin, "is a single value; nothing can follow its name");
            return;
        }

        ConfigNode? child = map.Find(key.Name);
        if (child is null or ScalarNode { IsNull: true } || key.Schema.Kind == SchemaKind.Secret)
        {
            child = key.Schema.Kind == SchemaKind.List ? new ListNode(value.Origin) : new MapNode(value.Origin);
            map.Replace(key.Name, child);
        }

        // A child of the wrong kind stays: the check of the file reports it.
        if (child is MapNode section)
            ApplyToMap(section, key.Schema, rest, path, value);
        else if (child is ListNode list && key.Schema.Kind == SchemaKind.List)
            ApplyToList(list, key.Schema.Item!, rest, path, value);
    }

    private void ApplyToList(ListNode list, Schema item, ReadOnlySpan<string> segments, string path, ScalarNode value)
    {
        int index = FindElement(list, segments[0]);
        if (index < 0 || index > list.Items.Count)
        {
            errors.Add(path, value.Origin, NoElement(list, segments[0]));
            return;
        }

        string elementPath = $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";
        ReadOnlySpan<string> rest = segments[1..];
        if (rest.IsEmpty)
        {
            if (item.Kind == SchemaKind.Map)
                errors.Add(elementPath, value.Origin, Incomplete(item));
            else
                SetElement(list, index, value);
            return;
        }

        if (index == list.Items.Count || item.Kind == SchemaKind.Secret)
            SetElement(list, index, new MapNode(value.Origin));
        if (list.Items[index] is MapNode section)
            ApplyToMap(section, item, rest, elementPath, value);
    }

    private static void SetElement(ListNode list, int index, ConfigNode node)
    {
        if (index == list.Items.Count)
            list.Items.Add(node);
        else
            list.Items[index] = node;
    }

    /// <summary>By index, else by the element's <c>name</c>; -1 when there is none such.</summary>
    private static int FindElement(ListNode list, string segment)
    {
        if (int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return index;
        string wanted = Plain(segment);
        return list.Items.FindIndex(item => item is MapNode map && map.Find("name") is ScalarNode name && Plain(name.Text) == wanted);
    }

    private static string NoElement(ListNode list, string segment)
    {
        IEnumerable<string> names = list.Items.OfType<MapNode>().Select(map => (map.Find("name") as ScalarNode)?.Text ?? "").Where(name => name.Length > 0);
        string known = string.Join(", ", names.Select(Suggestion.Quote));
        return $"no element {Suggestion.Quote(segment)}; use an index from 0 to {list.Items.Count}{(known.Length > 0 ? $" or a name: {known}" : "")}";
    }

    /// <summary>The node a value becomes: itself, or the elements of a list of single values, separated by commas.</summary>
    private static ConfigNode? Leaf(Schema schema, ScalarNode value)
    {
        if (schema.Kind is SchemaKind.Scalar or SchemaKind.Secret)
            return value;
        if (schema.Item is not { Kind: SchemaKind.Scalar })
            return null;
        var list = new ListNode(value.Origin);
        foreach (string part in value.Text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            list.Items.Add(new ScalarNode(part, isNull: false, value.Origin));
        return list;
    }

    private static string Incomplete(Schema schema) => schema.Kind == SchemaKind.List
        ? "is a list; name an element by its index or name"
        : $"is a section; name one of its keys: {string.Join(", ", schema.Keys.Select(key => key.Name))}";

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal).ToLowerInvariant();

    private static void CollectSecretVariables(ConfigNode node, HashSet<string> names)
    {
        switch (node)
        {
            case MapNode { Entries: [{ Key: "env", Value: ScalarNode variable }] }:
                names.Add(variable.Text);
                break;
            case MapNode map:
                map.Entries.ForEach(entry => CollectSecretVariables(entry.Value, names));
                break;
            case ListNode list:
                list.Items.ForEach(item => CollectSecretVariables(item, names));
                break;
        }
    }

    /// <summary>A Service named respproxy or respproxy-admin makes Kubernetes set these in every pod of its namespace.</summary>
    [GeneratedRegex("_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|[A-Z0-9]_PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?$")]
    private static partial Regex KubernetesServiceVariable();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
