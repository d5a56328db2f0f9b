using System.Text.Json;

namespace RespProxy.Verbs.Ctl;

/// <summary>What rules would have done to recent requests, beside what those in force do.</summary>
internal static class DryRunView
{
    public static void Write(JsonElement answer, TextWriter output)
    {
        output.WriteLine($"requests of the last {answer.Seconds("seconds")}, by the rules in force and by those given");
        output.WriteLine();
        TextTable table = new TextTable("TENANT", "CHANGE", "REQUESTS", "DENIED", "THROTTLED", "DELAYED", "SHADOWED", "COVERED").RightAlign(2, 3, 4, 5, 6, 7);
        foreach (JsonElement tenant in answer.List("tenants"))
        {
            table.Add(
                tenant.Cell("tenant"), tenant.Cell("change"), tenant.Count("requests"), Change(tenant, "denied"), Change(tenant, "throttled"), Change(tenant, "delayed"),
                Change(tenant, "shadowed"), tenant.Seconds("secondsCovered"));
        }

        table.Write(output);
        WriteRules(answer.List("tenants"), output);
    }

    /// <summary>Those of the new rules that would have done something.</summary>
    private static void WriteRules(IReadOnlyList<JsonElement> tenants, TextWriter output)
    {
        TextTable table = new TextTable("TENANT", "RULE", "ACTION", "REQUESTS", "SUCH AS").RightAlign(3);
        bool isAny = false;
        foreach (JsonElement tenant in tenants)
        {
            JsonElement next = tenant.Of("next") ?? default;
            foreach (JsonElement rule in next.List("deny").Concat(next.List("rates")).Where(rule => rule.Of("hits")?.Number("requests") > 0))
            {
                isAny = true;
                table.Add(tenant.Cell("tenant"), rule.Text("name") ?? rule.Words("commands"), rule.Cell("action"), (rule.Of("hits") ?? default).Count("requests"), rule.Words("examples"));
            }
        }

        if (!isAny) return;
        output.WriteLine();
        table.Write(output);
    }

    /// <summary><c>0 -> 120</c>; one number where nothing changes.</summary>
    private static string Change(JsonElement tenant, string name)
    {
        string now = CountOf(tenant, "now", name), next = CountOf(tenant, "next", name);
        return now == next ? now : $"{now} -> {next}";
    }

    private static string CountOf(JsonElement tenant, string when, string name) => ((tenant.Of(when) ?? default).Of(name) ?? default).Count("requests");
}
