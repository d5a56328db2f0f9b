using System.Globalization;
using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>All tenants, one line each.</summary>
internal static class TenantsView
{
    public static void Write(JsonElement answer, TextWriter output) => Write(answer.List("tenants"), output);

    /// <summary>The busiest first, under a line about all of them.</summary>
    public static void WriteTop(JsonElement answer, TextWriter output)
    {
        JsonElement[] tenants = [.. answer.List("tenants").OrderByDescending(tenant => tenant.Number("commandsPerSecond")).ThenBy(tenant => tenant.Cell("name"), StringComparer.Ordinal)];
        double all = tenants.Sum(tenant => tenant.Number("commandsPerSecond") ?? 0);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss}  {tenants.Length} tenant(s), {all:#,0.#} commands per second"));
        output.WriteLine();
        Write(tenants, output);
    }

    private static void Write(IReadOnlyList<JsonElement> tenants, TextWriter output)
    {
        TextTable table = new TextTable("TENANT", "UPSTREAM", "CLIENTS", "PER SECOND", "COMMANDS", "ERRORS", "DENIED", "THROTTLED", "ADDED P99", "UPSTREAM P99", "QUOTA")
            .RightAlign(2, 3, 4, 5, 6, 7, 8, 9);
        foreach (JsonElement tenant in tenants)
        {
            table.Add(
                tenant.Cell("name"), tenant.Cell("upstream"), tenant.Count("connections"), tenant.Count("commandsPerSecond"), tenant.Count("calls"), tenant.Count("errors"),
                tenant.Count("denied"), tenant.Count("throttled"), tenant.Latency("addedMicroseconds", "p99"), tenant.Latency("upstreamMicroseconds", "p99"), TenantView.QuotaOf(tenant));
        }

        table.Write(output);
    }
}

/// <summary>One tenant: what it uses, what it may use, what it may not run, what it runs.</summary>
internal static class TenantView
{
    public static void Write(JsonElement tenant, TextWriter output)
    {
        JsonElement limits = tenant.Of("limits") ?? default;
        output.WriteLine($"{"tenant",-14}{tenant.Cell("name")} on {tenant.Cell("upstream")}, placement {tenant.Cell("placement")}");
        output.WriteLine($"{"connections",-14}{BoundOf(limits, "connections", tenant.Count("connections"))}");
        output.WriteLine($"{"in flight",-14}{BoundOf(limits, "inFlight", JsonReading.None)}");
        output.WriteLine($"{"quota",-14}{QuotaOf(tenant)}");
        output.WriteLine($"{"commands",-14}{tenant.Count("commandsPerSecond")} per second, {tenant.Count("calls")} in all, {tenant.Count("errors")} errors");
        WriteRates(limits.List("rates"), output);
        WriteRules(tenant.List("rules"), output);
        WriteCommands(tenant.List("commands"), output);
    }

    /// <summary><c>61 % of 4 GiB (level 60)</c>, or a dash.</summary>
    public static string QuotaOf(JsonElement tenant)
    {
        if (tenant.Of("quota") is not { } quota) return JsonReading.None;
        string used = quota.Number("usedPercent") is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{percent:0.#} % of {quota.Bytes("bytes")}") : $"{quota.Bytes("bytes")}, usage not told";
        string level = quota.Number("level") > 0 ? $" (level {quota.Cell("level")})" : "";
        return used + level + (quota.Flag("enforced") ? ", enforced" : "");
    }

    private static string BoundOf(JsonElement limits, string name, string unbounded) =>
        limits.Of(name) is { } bound ? $"{bound.Count("used")} of {bound.Count("max")}" : unbounded;

    private static void WriteRates(IReadOnlyList<JsonElement> rates, TextWriter output)
    {
        if (rates.Count == 0) return;
        TextTable table = new TextTable("RATE", "PER SECOND", "BURST", "LEFT", "EXCEEDED", "ACTION", "UNIT", "COMMANDS", "KEYS").RightAlign(1, 2, 3, 4);
        foreach (JsonElement rate in rates)
        {
            table.Add(
                rate.Cell("name"), rate.Count("rate"), rate.Count("burst"), rate.Count("available"), rate.Count("exceeded"), rate.Cell("action"), rate.Cell("unit"),
                rate.Words("commands"), KeysOf(rate));
        }

        output.WriteLine();
        table.Write(output);
    }

    private static void WriteRules(IReadOnlyList<JsonElement> rules, TextWriter output)
    {
        if (rules.Count == 0) return;
        TextTable table = new TextTable("DENIED COMMANDS", "KEYS", "ACTION", "IN FORCE", "HITS", "EXPIRES", "REASON").RightAlign(4);
        foreach (JsonElement rule in rules)
        {
            table.Add(
                rule.Words("commands"), KeysOf(rule), rule.Cell("action"), rule.Cell("inForce"), rule.Count("hits"), rule.Time("expires"), rule.Cell("reason"));
        }

        output.WriteLine();
        table.Write(output);
    }

    private static void WriteCommands(IReadOnlyList<JsonElement> commands, TextWriter output)
    {
        if (commands.Count == 0) return;
        TextTable table = new TextTable("COMMAND", "CALLS", "ERRORS", "DENIED", "THROTTLED", "ADDED P50", "ADDED P99", "UPSTREAM P50", "UPSTREAM P99", "IN", "OUT")
            .RightAlign(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        foreach (JsonElement command in commands)
        {
            table.Add(
                command.Cell("name"), command.Count("calls"), command.Count("errors"), command.Count("denied"), command.Count("throttled"),
                command.Latency("addedMicroseconds", "p50"), command.Latency("addedMicroseconds", "p99"),
                command.Latency("upstreamMicroseconds", "p50"), command.Latency("upstreamMicroseconds", "p99"), command.Bytes("requestBytes"), command.Bytes("replyBytes"));
        }

        output.WriteLine();
        table.Write(output);
    }

    private static string KeysOf(JsonElement rule)
    {
        string[] names = [.. rule.List("keys").Concat(rule.List("patterns")).Select(JsonReading.Plain)];
        return names.Length == 0 ? "all" : string.Join(' ', names);
    }
}
