using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>A tenant's hot keys, big keys and slow commands.</summary>
internal static class KeyViews
{
    private static readonly string[] Measures = ["reads", "writes", "bytes"];

    public static void WriteHot(JsonElement answer, TextWriter output)
    {
        string counted = answer.Number("sample") is > 1 and var sample ? FormattableString.Invariant($"one request in {sample} is") : "all requests are";
        output.WriteLine($"the last {answer.Seconds("seconds")}; {counted} counted now");
        foreach (string measure in Measures)
        {
            if (answer.Of(measure) is not { } ranking) continue;
            TextTable table = new TextTable(measure.ToUpperInvariant(), "PER SECOND", "AT MOST TOO HIGH BY", "DB", "KEY").RightAlign(0, 1, 2, 3);
            foreach (JsonElement key in ranking.List("keys")) table.Add(key.Count("count"), key.Count("perSecond"), key.Count("error"), key.Cell("database"), key.Cell("key"));
            output.WriteLine();
            table.Write(output);
        }
    }

    public static void WriteBig(JsonElement answer, TextWriter output)
    {
        TextTable table = new TextTable("BYTES", "ELEMENTS", "DB", "SEEN", "BY", "KEY").RightAlign(0, 1, 2);
        foreach (JsonElement key in answer.List("keys"))
            table.Add(key.Bytes("bytes"), key.Count("elements"), key.Cell("database"), key.Time("seenAt"), key.Cell("command"), key.Cell("key"));
        table.Write(output);
    }

    public static void WriteSlow(JsonElement answer, TextWriter output)
    {
        TextTable table = new TextTable("AT", "TOOK", "CLIENT", "NAME", "COMMAND").RightAlign(1);
        foreach (JsonElement entry in answer.List("entries"))
        {
            string took = entry.Number("microseconds") is { } microseconds ? Units.Microseconds(microseconds) : JsonReading.None;
            table.Add(entry.Time("at"), took, entry.Cell("address"), entry.Cell("clientName"), entry.Words("arguments"));
        }

        table.Write(output);
    }
}
