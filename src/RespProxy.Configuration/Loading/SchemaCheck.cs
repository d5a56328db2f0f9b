namespace RespProxy.Configuration.Loading;

/// <summary>Compares what was written with <see cref="Schema"/>: unknown keys, keys given twice, a list where a value belongs.</summary>
internal sealed class SchemaCheck(ErrorList errors)
{
    public void Check(ConfigNode node, Schema schema, string path)
    {
        switch (schema.Kind)
        {
            case SchemaKind.Scalar:
                CheckScalar(node, path);
                break;
            case SchemaKind.Secret:
                CheckSecret(node, schema, path);
                break;
            case SchemaKind.Map when node is MapNode map:
                CheckMap(map, schema, path);
                break;
            case SchemaKind.List when node is ListNode list:
                for (int i = 0; i < list.Items.Count; i++)
                    Check(list.Items[i], schema.Item!, $"{path}[{i}]");
                break;
            default:
                // A section whose keys are all commented out is an empty section; an element of a list must be something.
                if (node is not ScalarNode { IsNull: true } || path.EndsWith(']'))
                    errors.Add(path, node.Origin, Expected(schema, node));
                break;
        }
    }

    private void CheckScalar(ConfigNode node, string path)
    {
        if (node is not ScalarNode scalar)
            errors.Add(path, node.Origin, $"expected a single value, found {node.Kind}");
        else if (scalar.IsNull)
            errors.Add(path, node.Origin, "has no value; give it one, or remove the key to use the default");
    }

    /// <summary>Repeats nothing that was written: <c>password: {hunter2}</c> is a map whose key is the password.</summary>
    private void CheckSecret(ConfigNode node, Schema schema, string path)
    {
        string allowed = string.Join(", ", schema.Keys.Select(key => $"{{{key.Name}: {(key.Name == "sha256" ? "HEX" : key.Name == "env" ? "NAME" : "PATH")}}}"));
        bool valid = node switch
        {
            ScalarNode scalar => !scalar.IsNull,
            MapNode { Entries: [var only] } => schema.Find(only.Key) is not null && only.Value is ScalarNode { IsNull: false },
            _ => false,
        };
        if (!valid)
            errors.Add(path, node.Origin, $"expected a quoted text or one of {allowed}");
    }

    private void CheckMap(MapNode map, Schema schema, string path)
    {
        var seen = new Dictionary<string, Origin>(StringComparer.Ordinal);
        foreach (MapEntry entry in map.Entries)
        {
            string keyPath = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            if (schema.Find(entry.Key) is not { } child)
                errors.Add(path, entry.KeyOrigin, UnknownKey(entry.Key, schema));
            else if (!seen.TryAdd(entry.Key, entry.KeyOrigin))
                errors.Add(keyPath, entry.KeyOrigin, $"given twice; the first is in line {seen[entry.Key].Line}; remove one");
            else
                Check(entry.Value, child, keyPath);
        }
    }

    public static string UnknownKey(string key, Schema schema) =>
        $"unknown key {Suggestion.Quote(key)}; {Suggestion.For(key, [.. schema.Keys.Select(candidate => candidate.Name)])}";

    private static string Expected(Schema schema, ConfigNode found) => schema.Kind == SchemaKind.List
        ? $"expected a list (one '- ' per element), found {found.Kind}"
        : $"expected a section with the keys {string.Join(", ", schema.Keys.Select(key => key.Name))}, found {found.Kind}";
}
