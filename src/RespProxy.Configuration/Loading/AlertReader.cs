using System.Collections.Immutable;
using System.Globalization;

namespace RespProxy.Configuration.Loading;

/// <summary>Reads <c>alerts</c> and <c>nodeMemory</c>.</summary>
internal static class AlertReader
{
    /// <summary>Headers that the request itself decides.</summary>
    private static readonly string[] OwnHeaders = ["Host", "Transfer-Encoding", "Connection"];

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100), Hour = TimeSpan.FromHours(1), Week = TimeSpan.FromDays(7);

    /// <summary>Null where the section is not there, or empty: off.</summary>
    public static AlertsSnapshot? Read(Section root, SecretReader secrets)
    {
        if (root.Node("alerts") is not MapNode) return null;
        Section section = root.Child("alerts");
        var defaults = new AlertsSnapshot();
        IReadOnlyList<Section> receivers = section.Children("receivers");
        var read = new AlertsSnapshot
        {
            Interval = section.Duration("interval", defaults.Interval, Tick, Hour),
            Window = section.Duration("window", defaults.Window, Tick, Hour),
            ResolveAfter = section.Duration("resolveAfter", defaults.ResolveAfter, TimeSpan.Zero, Hour),
            Repeat = section.Duration("repeat", defaults.Repeat, TimeSpan.FromSeconds(1), Week),
            Source = ReadSource(section),
            Runbook = section.Text("runbook") ?? defaults.Runbook,
            Receivers = [.. receivers.Select(receiver => ReadReceiver(receiver, secrets))],
            Rules = ReadRules(section),
        };
        CheckNames(receivers);
        return read;
    }

    /// <summary>Null where the section is not there, or empty.</summary>
    public static NodeMemorySnapshot? ReadNodeMemory(Section root)
    {
        if (root.Node("nodeMemory") is not MapNode) return null;
        return new NodeMemorySnapshot { Period = root.Child("nodeMemory").Duration("period", new NodeMemorySnapshot().Period, Tick, Hour) };
    }

    private static string? ReadSource(Section section)
    {
        string? source = section.Text("source");
        if (source is not null && !NamespaceRules.IsName(source))
            section.Error("source", $"{Suggestion.Quote(source)} may hold letters, digits, '.', '_' and '-' only");
        return source;
    }

    private static AlertReceiverSnapshot ReadReceiver(Section section, SecretReader secrets)
    {
        string name = section.RequiredText("name", "write one, as name: chat") ?? "";
        if (section.Text("name") is not null && !NamespaceRules.IsName(name))
            section.Error("name", $"{Suggestion.Quote(name)} may hold letters, digits, '.', '_' and '-' only");
        var defaults = new AlertReceiverSnapshot { Name = name, Url = new Uri("http://localhost/") };
        return defaults with
        {
            Type = section.Choice("type", defaults.Type, ("webhook", AlertReceiverType.Webhook), ("alertmanager", AlertReceiverType.Alertmanager)),
            Url = ReadUrl(section, secrets) ?? defaults.Url,
            Headers = [.. section.Children("headers").Select(header => ReadHeader(header, secrets))],
            Levels = section.Has("levels") ? ReadLevels(section) : defaults.Levels,
            Timeout = section.Duration("timeout", defaults.Timeout, Tick, TimeSpan.FromMinutes(1)),
        };
    }

    /// <summary>Not repeated in errors: it may hold a secret.</summary>
    private static Uri? ReadUrl(Section section, SecretReader secrets)
    {
        if (section.Node("url") is not { } node)
        {
            section.Error("url", "is missing; write where alerts are sent, as http://alertmanager:9093");
            return null;
        }

        if (secrets.ReadText(node, section.PathOf("url")) is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0) return url;
        section.Error("url", "is not an http or https address without user and password; those go into headers");
        return null;
    }

    private static (string Name, string Value) ReadHeader(Section section, SecretReader secrets)
    {
        string name = section.RequiredText("name", "write one, as name: Authorization") ?? "";
        if (section.Text("name") is not null && (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            section.Error("name", $"{Suggestion.Quote(name)} is not the name of a header");
        else if (OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) || name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
            section.Error("name", $"{Suggestion.Quote(name)} is set by the request itself");
        if (section.Node("value") is not { } node)
        {
            section.Error("value", "is missing; write the header's text, {env: NAME} or {file: PATH}");
            return (name, "");
        }

        string value = secrets.ReadText(node, section.PathOf("value")) ?? "";
        if (value.Any(c => c is < ' ' or > '~')) section.Error("value", "must be one line of printable ASCII characters");
        return (name, value);
    }

    private static ImmutableArray<int> ReadLevels(Section section)
    {
        var levels = new SortedSet<int>();
        foreach ((ConfigNode node, string path) in section.Items("levels"))
        {
            if (node is not ScalarNode { IsNull: false } scalar) continue;
            if (int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int level) && AlertRules.Levels.Contains(level)) levels.Add(level);
            else section.ErrorAt(node, path, $"{Suggestion.Quote(scalar.Text)} is not a level; allowed: {string.Join(", ", AlertRules.Levels)}");
        }

        if (section.Node("levels") is ListNode { Items.Count: 0 } or ScalarNode { IsNull: true })
            section.Error("levels", "needs at least one element; without the key all levels are meant");
        return [.. levels];
    }

    private static void CheckNames(IReadOnlyList<Section> receivers)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Section receiver in receivers)
        {
            if (receiver.Text("name") is { } name && !first.TryAdd(name, receiver.Path))
                receiver.Error("name", $"{Suggestion.Quote(name)} is the name of {first[name]} too; names must be unique");
        }
    }

    private static ImmutableArray<AlertRuleSnapshot> ReadRules(Section section)
    {
        var rules = AlertRules.Defaults.ToDictionary(rule => rule.Kind);
        var written = new HashSet<AlertKind>();
        foreach (Section rule in section.Children("rules"))
        {
            if (!rule.Has("name")) rule.Error("name", "is missing; write which rule is meant, as name: NodeMemory");
            if (rule.Text("name") is not { } name) continue;
            if (!Enum.GetNames<AlertKind>().Contains(name, StringComparer.Ordinal))
            {
                rule.Error("name", $"there is no rule {Suggestion.Quote(name)}; {Suggestion.For(name, Enum.GetNames<AlertKind>())}");
                continue;
            }

            AlertKind kind = Enum.Parse<AlertKind>(name);
            if (!written.Add(kind)) rule.Error("name", $"{Suggestion.Quote(name)} is written twice; remove one");
            else if (rule.Flag("enabled", fallback: true)) rules[kind] = ReadRule(rule, rules[kind]);
            else rules.Remove(kind);
        }

        return [.. rules.Values.OrderBy(rule => rule.Kind)];
    }

    private static AlertRuleSnapshot ReadRule(Section section, AlertRuleSnapshot defaults)
    {
        AlertUnit unit = AlertRules.UnitOf(defaults.Kind);
        if (section.Has("thresholds") && unit == AlertUnit.Fact) section.Error("thresholds", "has no meaning here: this is so, or it is not");
        return defaults with
        {
            For = section.Duration("for", defaults.For, TimeSpan.Zero, Hour),
            Thresholds = unit == AlertUnit.Fact ? defaults.Thresholds : ReadThresholds(section.Child("thresholds"), unit, defaults.Thresholds),
        };
    }

    /// <summary>Those that are not written stay as they are.</summary>
    private static ImmutableArray<AlertThreshold> ReadThresholds(Section section, AlertUnit unit, ImmutableArray<AlertThreshold> defaults)
    {
        // Below ten percent the slack of five would leave next to nothing to fall to.
        (decimal min, decimal max) = unit switch
        {
            AlertUnit.PercentOfLimit => (10m, 100m),
            AlertUnit.PercentOfCommands => (0.01m, 100m),
            AlertUnit.Slots => (1m, 16384m),
            _ => (0.01m, 1_000_000_000m),
        };
        foreach (int level in AlertRules.Levels.Where(level => defaults.All(each => each.Level != level)))
        {
            string key = level.ToString(CultureInfo.InvariantCulture);
            if (section.Has(key)) section.Error(key, $"the rule has no such level; it has {string.Join(", ", defaults.Select(each => each.Level))}");
        }

        ImmutableArray<AlertThreshold> read =
            [.. defaults.Select(each => each with { Value = section.Number(each.Level.ToString(CultureInfo.InvariantCulture), each.Value, min, max) })];
        for (int i = 1; i < read.Length; i++)
        {
            if (read[i].Value <= read[i - 1].Value)
                section.Error(read[i].Level.ToString(CultureInfo.InvariantCulture), $"must be more than that of level {read[i - 1].Level}");
        }

        return read;
    }
}
