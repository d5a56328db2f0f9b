using System.Globalization;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>The upstreams, or one of them with its nodes.</summary>
internal static class ClusterViews
{
    /// <summary>Ranges of slots that a line shows.</summary>
    private const int ShownRanges = 4;

    public static void Write(JsonElement answer, TextWriter output)
    {
        bool isOne = answer.Of("nodes") is not null;
        TextTable table = new TextTable("UPSTREAM", "MODE", "READY", "SLOTS", "PRIMARIES", "REPLICAS", "UNREACHABLE", "CONNECTIONS", "IN FLIGHT", "TOPOLOGY SEEN").RightAlign(3, 4, 5, 6, 7, 8, 9);
        foreach (JsonElement cluster in isOne ? [answer] : answer.List("clusters"))
        {
            table.Add(
                cluster.Cell("name"), cluster.Cell("mode"), cluster.Cell("ready"), cluster.Cell("coveredSlots"), cluster.Cell("primaries"), cluster.Cell("replicas"),
                cluster.Cell("unreachable"), cluster.Count("connections"), cluster.Count("inFlight"), cluster.Ago("topologyAgeSeconds"));
        }

        table.Write(output);
        if (isOne) WriteNodes(answer.List("nodes"), output);
    }

    private static void WriteNodes(IReadOnlyList<JsonElement> nodes, TextWriter output)
    {
        TextTable table = new TextTable("NODE", "ROLE", "REACHABLE", "CONNECTIONS", "LEASED", "IN FLIGHT", "SLOTS, OR PRIMARY").RightAlign(3, 4, 5);
        foreach (JsonElement node in nodes)
        {
            table.Add(
                node.Cell("address"), node.Cell("role"), node.Cell("reachable"), node.Count("connections"), node.Count("leased"), node.Count("inFlight"),
                node.Text("primary") is { } primary ? $"of {primary}" : SlotsOf(node.List("slots")));
        }

        output.WriteLine();
        table.Write(output);
    }

    private static string SlotsOf(IReadOnlyList<JsonElement> ranges)
    {
        if (ranges.Count == 0) return JsonReading.None;
        string shown = string.Join(' ', ranges.Take(ShownRanges).Select(range => string.Join('-', range.EnumerateArray().Select(end => end.GetRawText()).Distinct())));
        return ranges.Count <= ShownRanges ? shown : string.Create(CultureInfo.InvariantCulture, $"{shown} and {ranges.Count - ShownRanges} more ranges");
    }
}
