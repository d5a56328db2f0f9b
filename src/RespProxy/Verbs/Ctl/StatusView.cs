using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>The proxy on one page.</summary>
internal static class StatusView
{
    public static void Write(JsonElement status, TextWriter output)
    {
        JsonElement configuration = status.Of("configuration") ?? default;
        Line("version", status.Cell("version"));
        Line("status", $"{status.Cell("status")} ({status.Cell("reason")})");
        Line("up", status.Seconds("uptimeSeconds"));
        Line("configuration", $"version {configuration.Cell("version")}, in force since {configuration.Time("appliedAt")}, {configuration.Cell("failures")} refused");
        foreach (JsonElement error in configuration.List("errors")) Line("  refused", TextTable.Printable(JsonReading.Plain(error)));
        if (status.Of("rules") is { } rules) WriteRules(rules);
        Line("connections", $"{status.Count("connections")} ({status.Count("connectionsAccepted")} accepted, {status.Count("connectionsRejected")} turned away)");
        Line("commands", $"{status.Count("commandsPerSecond")} per second, {status.Count("commands")} in all");
        Line("memory", status.Bytes("residentBytes"));
        if (status.Number("isolationFaults") > 0) Line("ISOLATION", $"{status.Count("isolationFaults")} replies withheld as they named another tenant's keys: report this");
        output.WriteLine();
        WriteUpstreams(status, output);

        void WriteRules(JsonElement rules)
        {
            Line("rules", TextTable.Printable($"version {rules.Cell("version")} by {rules.Cell("author")}, {rules.Time("at")}"));
            foreach (JsonElement error in rules.List("errors")) Line("  refused", TextTable.Printable(JsonReading.Plain(error)));
            if (rules.Of("fleet") is { } fleet) Line("  fleet", fleet.Flag("connected") ? "connected" : $"NOT CONNECTED, last heard {fleet.Ago("staleSeconds")}");
        }

        void Line(string name, string value) => output.WriteLine($"{name,-14}{value}");
    }

    private static void WriteUpstreams(JsonElement status, TextWriter output)
    {
        TextTable table = new TextTable("UPSTREAM", "TOPOLOGY SEEN", "MOVED", "ASK", "RETRIED", "FAILED", "LOST", "LEASED").RightAlign(1, 2, 3, 4, 5, 6, 7);
        foreach (JsonElement upstream in status.List("upstreams"))
        {
            table.Add(
                upstream.Cell("name"), upstream.Ago("topologyAgeSeconds"), upstream.Count("moved"), upstream.Count("asked"), upstream.Count("retried"),
                upstream.Count("failed"), upstream.Count("connectionsLost"), upstream.Count("leased"));
        }

        table.Write(output);
    }
}
