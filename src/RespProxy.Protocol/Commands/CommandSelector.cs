namespace RespProxy.Protocol.Commands;

/// <summary>
/// The commands that a rule names: <c>GET</c>; <c>CLIENT|LIST</c>; <c>CLIENT</c>, which is the container with all its subcommands;
/// <c>@write</c>; <c>@all</c>. In any letter case.
/// </summary>
public static class CommandSelector
{
    /// <summary>Every name of a category, with its <c>@</c>.</summary>
    public static IReadOnlyList<string> Categories { get; } =
        ["@all", .. Enum.GetValues<CommandCategories>().Where(category => category != CommandCategories.None).Select(NameOf)];

    /// <summary>The rows that the selector names; empty when it names none.</summary>
    public static IReadOnlyList<CommandSpec> Find(string selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        string name = selector.ToUpperInvariant();
        if (name == "@ALL") return CommandTable.All;
        if (name.StartsWith('@')) return [.. CommandTable.All.Where(spec => IsIn(spec, name))];
        return [.. CommandTable.All.Where(spec => spec.Name == name || spec.Name.StartsWith(name + "|", StringComparison.Ordinal))];
    }

    /// <summary><c>@sortedset</c>.</summary>
    public static string NameOf(CommandCategories category) => "@" + category.ToString().ToLowerInvariant();

    private static bool IsIn(CommandSpec spec, string upperName)
    {
        foreach (CommandCategories category in Enum.GetValues<CommandCategories>())
        {
            if (category != CommandCategories.None && spec.Categories.HasFlag(category) && NameOf(category).Equals(upperName, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
