using System.Collections.Immutable;

namespace RespProxy.Configuration;

/// <summary>One thing wrong with a configuration. Never holds a secret's value.</summary>
/// <param name="Path">Where in the configuration, as <c>tenants[2].namespace</c>; empty for the file as a whole.</param>
/// <param name="Source">Who said it: a file name, <c>environment RESPPROXY_LOOPS</c>, <c>--set loops</c>.</param>
/// <param name="Line">Line in the file, from 1; 0 where the source has no lines.</param>
/// <param name="Column">Column in the line, from 1; 0 where the source has no lines.</param>
/// <param name="Text">What is wrong and what to do about it.</param>
public sealed record ConfigurationError(string Path, string Source, int Line, int Column, string Text)
{
    /// <summary><c>file:line:column: path: text</c>, the form editors jump to.</summary>
    public override string ToString()
    {
        string location = Line > 0 ? $"{Source}:{Line}:{Column}" : Source;
        return Path.Length > 0 ? $"{location}: {Path}: {Text}" : $"{location}: {Text}";
    }
}

/// <summary>What loading gave: a snapshot, or every error at once.</summary>
/// <param name="Snapshot">Null exactly when there are errors.</param>
/// <param name="Errors">In the order of the file; those of overrides last.</param>
public sealed record ConfigurationResult(ProxySnapshot? Snapshot, ImmutableArray<ConfigurationError> Errors)
{
    /// <summary>The tenants that the configuration file itself has, as a rule set, with hashes in the place of passwords; null when there are errors, or others took their place.</summary>
    public string? OwnTenants { get; init; }
}

/// <summary>A value that beats the file's, as <c>--set</c> and the environment give it.</summary>
/// <param name="Path">Keys and list elements (by index or by name) joined by dots: <c>upstreams.0.password</c>.</param>
/// <param name="Value">The value as text. Never shown in errors when the key is a secret.</param>
/// <param name="Origin">Named in errors: <c>--set loops</c>.</param>
public sealed record ConfigurationOverride(string Path, string Value, string Origin)
{
    /// <summary>Reads <c>path=value</c>; null when there is no <c>=</c> or nothing before it.</summary>
    public static ConfigurationOverride? Parse(string assignment, string option = "--set")
    {
        ArgumentNullException.ThrowIfNull(assignment);
        int equals = assignment.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
            return null;
        string path = assignment[..equals].Trim();
        return new ConfigurationOverride(path, assignment[(equals + 1)..], $"{option} {path}");
    }

    /// <summary>Without the value, which may be a secret.</summary>
    public override string ToString() => Origin;
}
