using System.Globalization;
using System.Text.Json;

namespace RespProxy.Control.Rules;

/// <summary>Versions as JSON: on disk, in a fleet's Redis, in answers.</summary>
internal static class RuleJson
{
    /// <summary>Who, when, how, why: the members, without the braces around them.</summary>
    public static void WriteOrigin(Utf8JsonWriter json, RuleVersion version)
    {
        json.WriteString("author", version.Author);
        json.WriteString("at", version.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        json.WriteString("source", NameOf(version.Origin));
        json.WriteString("comment", version.Comment);
    }

    /// <summary>What <see cref="WriteOrigin"/> wrote, with a text.</summary>
    /// <exception cref="FormatException">It did not.</exception>
    /// <exception cref="ArgumentException">The text is no UTF-8.</exception>
    /// <exception cref="KeyNotFoundException">A member is missing.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind.</exception>
    public static RuleVersion ReadOrigin(JsonElement json, long number, byte[] utf8) => new(number, utf8)
    {
        Author = TextOf(json, "author"),
        At = DateTimeOffset.Parse(TextOf(json, "at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        Origin = OriginOf(TextOf(json, "source")),
        Comment = TextOf(json, "comment"),
    };

    public static string NameOf(RuleOrigin origin) => origin switch
    {
        RuleOrigin.File => "file",
        RuleOrigin.Api => "api",
        RuleOrigin.Redis => "redis",
        _ => "rollback",
    };

    private static RuleOrigin OriginOf(string name) => name switch
    {
        "file" => RuleOrigin.File,
        "api" => RuleOrigin.Api,
        "redis" => RuleOrigin.Redis,
        "rollback" => RuleOrigin.Rollback,
        _ => throw new FormatException("its source is none of file, api, redis and rollback"),
    };

    private static string TextOf(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"its {name} is not a text");
}
