namespace RespProxy.Configuration;

/// <summary>Where rule sets come from besides the configuration file, and where they are kept.</summary>
public sealed record RulesSnapshot
{
    /// <summary>An absolute path; what was in force is found there at the next start. Null: nothing is kept.</summary>
    public string? Directory { get; init; }

    /// <summary>Latest versions that can be gone back to.</summary>
    public int Keep { get; init; } = 20;

    /// <summary>Holds the rule set of a whole fleet; null: each proxy has its own.</summary>
    public ControlRedisSnapshot? Redis { get; init; }

    /// <summary>Of the hash in <see cref="Redis"/> that holds the versions, and of the channel that tells of them.</summary>
    public string Key { get; init; } = "respproxy:rules";
}

/// <summary>A text that takes the place of the configuration file's tenants.</summary>
/// <param name="Text">YAML; its only root key is <c>tenants</c>.</param>
/// <param name="Source">Names it in errors.</param>
public sealed record RuleSetText(string Text, string Source)
{
    /// <summary>Characters of the longest rule set; one with thousands of tenants has some hundred thousand.</summary>
    public const int MaxLength = 4 * 1024 * 1024;
}
