using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Answers of a line, and those whose form is not known here.</summary>
internal static class PlainView
{
    public static void Closed(JsonElement answer, TextWriter output) => output.WriteLine($"{answer.Cell("closed")} connection(s) closed");

    public static void Drained(JsonElement answer, TextWriter output) =>
        output.WriteLine($"{answer.Cell("status")}: {answer.Cell("connections")} connection(s) have {answer.Cell("timeoutSeconds")} s to finish");

    public static void LogLevel(JsonElement answer, TextWriter output) => output.WriteLine(answer.Cell("level"));

    /// <summary>A line for each value, a table for each list of objects.</summary>
    public static void Any(JsonElement answer, TextWriter output)
    {
        if (answer.ValueKind == JsonValueKind.Array) WriteList([.. answer.EnumerateArray()], output);
        else if (answer.ValueKind == JsonValueKind.Object) WriteObject(answer, output);
        else output.WriteLine(TextTable.Printable(JsonReading.Plain(answer)));
    }

    private static void WriteObject(JsonElement answer, TextWriter output)
    {
        foreach (JsonProperty property in answer.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Array))
            output.WriteLine($"{property.Name,-14} {TextTable.Printable(JsonReading.Plain(property.Value))}");
        foreach (JsonProperty property in answer.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Array))
        {
            output.WriteLine();
            output.WriteLine($"{property.Name}:");
            WriteList([.. property.Value.EnumerateArray()], output);
        }
    }

    private static void WriteList(JsonElement[] items, TextWriter output)
    {
        if (items.Length == 0)
        {
            output.WriteLine("(none)");
            return;
        }

        if (items.Any(item => item.ValueKind != JsonValueKind.Object))
        {
            foreach (JsonElement item in items) output.WriteLine($"  {TextTable.Printable(JsonReading.Plain(item))}");
            return;
        }

        string[] names = [.. items.SelectMany(item => item.EnumerateObject().Select(property => property.Name)).Distinct(StringComparer.Ordinal)];
        var table = new TextTable([.. names.Select(name => name.ToUpperInvariant())]);
        foreach (JsonElement item in items) table.Add([.. names.Select(name => item.Cell(name))]);
        table.Write(output);
    }
}
