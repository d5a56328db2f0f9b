using System.Globalization;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>Rule sets and their history.</summary>
internal static class RulesViews
{
    /// <summary>What is known of the version as comments, and then the YAML as it was put, so that it can be put again.</summary>
    public static void WriteRules(JsonElement rules, TextWriter output)
    {
        if (rules.ValueKind != JsonValueKind.Object || rules.Text("yaml") is not { } yaml)
        {
            PlainView.Any(rules, output);
            return;
        }

        foreach (JsonProperty property in rules.EnumerateObject().Where(property => property.Name != "yaml" && IsTold(property.Value)))
            output.WriteLine($"# {property.Name}: {TextTable.Printable(JsonReading.Plain(property.Value))}");
        output.WriteLine(yaml.TrimEnd());
    }

    public static void WriteHistory(JsonElement answer, TextWriter output)
    {
        TextTable table = new TextTable("VERSION", "IN FORCE", "AT", "AUTHOR", "BY", "CHECKSUM", "COMMENT").RightAlign(0);
        foreach (JsonElement version in answer.List("versions"))
        {
            string checksum = version.Cell("checksum");
            table.Add(
                version.Cell("version"), version.Cell("inForce"), version.Time("at"), version.Cell("author"), version.Cell("source"),
                checksum.Length > 12 ? checksum[..12] : checksum, version.Cell("comment"));
        }

        table.Write(output);
    }

    public static void WriteChecked(JsonElement answer, TextWriter output) => output.WriteLine($"would be accepted, checksum {answer.Cell("checksum")}");

    public static void WriteChanged(JsonElement answer, TextWriter output) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"version {answer.Cell("version")} is in force{(answer.Of("changed") is { ValueKind: JsonValueKind.False } ? ", as it was: nothing has changed" : "")}"));

    /// <summary>An empty list says nothing.</summary>
    private static bool IsTold(JsonElement value) => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 0;
}
