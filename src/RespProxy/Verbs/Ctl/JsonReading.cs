using System.Globalization;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Looks into answers that may be of an older or newer proxy: what is not there is a dash, never a failure.</summary>
internal static class JsonReading
{
    public const string None = "-";

    public static JsonElement? Of(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Null where there is no such text.</summary>
    public static string? Text(this JsonElement json, string name) => json.Of(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static double? Number(this JsonElement json, string name) => json.Of(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;

    public static bool Flag(this JsonElement json, string name) => json.Of(name) is { ValueKind: JsonValueKind.True };

    public static IReadOnlyList<JsonElement> List(this JsonElement json, string name) => json.Of(name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];

    /// <summary>A text, a number or a flag, as a cell shows it.</summary>
    public static string Cell(this JsonElement json, string name) => json.Of(name) is { } value && Plain(value) is { Length: > 0 } text ? text : None;

    /// <summary>A list of texts in one cell.</summary>
    public static string Words(this JsonElement json, string name) => json.List(name) is { Count: > 0 } words ? string.Join(' ', words.Select(Plain)) : None;

    /// <summary>A time of the API in UTC, to the second.</summary>
    public static string Time(this JsonElement json, string name) =>
        json.Of(name) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out DateTimeOffset time)
            ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : None;

    /// <summary>With thousands set apart: 1,234,567.</summary>
    public static string Count(this JsonElement json, string name) => json.Number(name) is { } number ? number.ToString("#,0.#", CultureInfo.InvariantCulture) : None;

    public static string Bytes(this JsonElement json, string name) => json.Number(name) is { } bytes ? Units.Bytes(bytes) : None;

    public static string Seconds(this JsonElement json, string name) => json.Number(name) is { } seconds ? Units.Seconds(seconds) : None;

    /// <summary>How long ago; <see cref="None"/> where nobody has said.</summary>
    public static string Ago(this JsonElement json, string name) => json.Number(name) is { } seconds ? $"{Units.Seconds(seconds)} ago" : None;

    /// <summary>A percentile of a latency, <c>addedMicroseconds.p99</c>.</summary>
    public static string Latency(this JsonElement json, string name, string percentile) =>
        json.Of(name) is { } latency && latency.Number(percentile) is { } microseconds ? Units.Microseconds(microseconds) : None;

    public static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Null => None,
        _ => value.GetRawText(),
    };
}

/// <summary>Numbers as people read them.</summary>
internal static class Units
{
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; Math.Abs(bytes) >= 1024 && unit < Sizes.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {Sizes[unit]}");
    }

    public static string Microseconds(double microseconds) => microseconds switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{microseconds:0} us"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1_000:0.#} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1_000_000:0.#} s"),
    };

    public static string Seconds(double seconds)
    {
        var time = TimeSpan.FromSeconds(seconds);
        return time switch
        {
            { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
            { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
            { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
            { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d {time.Hours} h"),
        };
    }
}
