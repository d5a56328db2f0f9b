using System.Globalization;
using System.Text.Json;

namespace RespProxy.Tenancy.Quotas;

/// <summary>
/// What tenants use, as a file tells it: either a JSON object of bytes by tenant, <c>{"shop": 12345}</c>, or a line for each,
/// <c>shop 12345</c>, where what follows a <c>#</c> does not count. All or nothing: one wrong element makes the text wrong.
/// </summary>
public static class UsageText
{
    /// <summary>Reads a text.</summary>
    /// <param name="text">The file's contents.</param>
    /// <param name="fault">What is wrong and where; null when nothing is.</param>
    /// <returns>Bytes by tenant; null when something is wrong.</returns>
    public static IReadOnlyDictionary<string, long>? Parse(string text, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        var usage = new Dictionary<string, long>(StringComparer.Ordinal);
        fault = text.AsSpan().TrimStart().StartsWith('{') ? ReadObject(text, usage) : ReadLines(text, usage);
        return fault is null ? usage : null;
    }

    /// <summary>A number of bytes as sources write it: decimal digits alone.</summary>
    public static bool TryParseBytes(ReadOnlySpan<char> text, out long bytes) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes);

    private static string? ReadObject(string text, Dictionary<string, long> usage)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            foreach (JsonProperty tenant in document.RootElement.EnumerateObject())
            {
                if (tenant.Value.ValueKind != JsonValueKind.Number || !tenant.Value.TryGetInt64(out long bytes) || bytes < 0)
                    return $"the usage of '{tenant.Name}' is not a number of bytes";
                if (!usage.TryAdd(tenant.Name, bytes)) return $"'{tenant.Name}' is there twice";
            }

            return null;
        }
        catch (JsonException exception)
        {
            return $"line {(exception.LineNumber ?? 0) + 1} is not JSON";
        }
    }

    private static string? ReadLines(string text, Dictionary<string, long> usage)
    {
        // Whoever reads while it is written sees a number cut short as another number.
        if (text.Length == 0 || text[^1] != '\n') return "its last line has no end: it may be cut off";
        int number = 0;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            int comment = line.IndexOf('#');
            string[] words = (comment < 0 ? line : line[..comment]).ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0) continue;
            if (words.Length != 2 || !TryParseBytes(words[1], out long bytes)) return $"line {number} is not a tenant and a number of bytes";
            if (!usage.TryAdd(words[0], bytes)) return $"line {number}: '{words[0]}' is there twice";
        }

        return null;
    }
}
