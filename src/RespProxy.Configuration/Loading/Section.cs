using System.Globalization;

namespace RespProxy.Configuration.Loading;

/// <summary>
/// Typed reads from one map. A value that does not fit is reported and answered by the fallback, so that reading goes on;
/// a value of the wrong kind was reported by <see cref="SchemaCheck"/> and is answered by the fallback in silence.
/// </summary>
internal sealed class Section(MapNode map, string path, ErrorList errors)
{
    public string Path => path;

    public bool Has(string key) => map.Find(key) is not null;

    public ConfigNode? Node(string key) => map.Find(key);

    /// <summary>Reports at the key's value, or at the section where the key is not there.</summary>
    public void Error(string key, string text) =>
        errors.Add(PathOf(key), map.Find(key)?.Origin ?? map.Origin, text);

    /// <summary>Reports at an element of <see cref="Items"/>.</summary>
    public void ErrorAt(ConfigNode node, string elementPath, string text) => errors.Add(elementPath, node.Origin, text);

    public string PathOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    public string? Text(string key) => map.Find(key) is ScalarNode { IsNull: false } scalar ? scalar.Text : null;

    public string? RequiredText(string key, string hint)
    {
        if (!Has(key))
            Error(key, $"is missing; {hint}");
        return Text(key);
    }

    public int Integer(string key, int fallback, int min, int max)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= min && value <= max)
            return value;
        Error(key, $"{Suggestion.Quote(text)} is not a whole number from {min} to {max}");
        return fallback;
    }

    public long Size(string key, long fallback, long min, long max)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (!Values.TryParseSize(text, out long value))
            Error(key, $"{Suggestion.Quote(text)} is not a size; write bytes or a number with kb, mb, gb, KiB, MiB or GiB, as 512mb");
        else if (value < min || value > max)
            Error(key, $"{Suggestion.Quote(text)} is out of range; from {Values.FormatSize(min)} to {Values.FormatSize(max)}");
        else
            return value;
        return fallback;
    }

    /// <summary>With at most two decimals.</summary>
    public decimal Number(string key, decimal fallback, decimal min, decimal max)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            && value.Scale <= 2 && value >= min && value <= max)
            return value;
        Error(key, string.Create(CultureInfo.InvariantCulture, $"{Suggestion.Quote(text)} is not a number from {min} to {max}, with two decimals at most"));
        return fallback;
    }

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan min, TimeSpan max)
    {
        if (Text(key) is not { } text)
            return fallback;
        if (!Values.TryParseDuration(text, out TimeSpan value))
            Error(key, $"{Suggestion.Quote(text)} is not a duration; write a whole number with ms, s, m or h, as 250ms");
        else if (value < min || value > max)
            Error(key, $"{Suggestion.Quote(text)} is out of range; from {Values.FormatDuration(min)} to {Values.FormatDuration(max)}");
        else
            return value;
        return fallback;
    }

    public bool Flag(string key, bool fallback) => Choice(key, fallback, ("true", true), ("false", false));

    public T Choice<T>(string key, T fallback, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        if (Text(key) is not { } text)
            return fallback;
        var names = new List<string>();
        foreach ((string name, T value) in choices)
        {
            if (string.Equals(name, text, StringComparison.OrdinalIgnoreCase))
                return value;
            names.Add(name);
        }

        string guess = Suggestion.Nearest(text, names) is { } nearest ? $"; did you mean '{nearest}'?" : "";
        Error(key, $"{Suggestion.Quote(text)} is not allowed here; allowed: {string.Join(", ", names)}{guess}");
        return fallback;
    }

    public Section Child(string key) =>
        new(map.Find(key) as MapNode ?? new MapNode(map.Find(key)?.Origin ?? map.Origin), PathOf(key), errors);

    /// <summary>The list's elements that are sections.</summary>
    public IReadOnlyList<Section> Children(string key) =>
        [.. Items(key).Where(item => item.Node is MapNode).Select(item => new Section((MapNode)item.Node, item.Path, errors))];

    public IEnumerable<(ConfigNode Node, string Path)> Items(string key) =>
        map.Find(key) is ListNode list ? list.Items.Select((item, i) => (item, $"{PathOf(key)}[{i}]")) : [];
}
