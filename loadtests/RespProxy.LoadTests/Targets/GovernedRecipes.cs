using System.Text;

namespace RespProxy.LoadTests.Targets;

/// <summary>RespProxy with all governance off, and with all on; accounting is always on. The rules are in the way of the load and never met.</summary>
internal static class GovernedRecipes
{
    public const string Off = "all off";

    public const string On = "all on";

    /// <summary>Denials and rates together.</summary>
    public const int Rules = 1_000;

    public static IReadOnlyList<ProxyRecipe> Of(string binary) => [Recipe(binary, Off, "off", _ => ""), Recipe(binary, On, "on", Governance)];

    private static ProxyRecipe Recipe(string binary, string name, string file, Func<string, string> policy) => new(name, binary, "--version", (upstream, directory) =>
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string watch = name == On ? "true" : "false";
        string config = FormattableString.Invariant($$"""
            upstreams: [{name: bench, mode: standalone, seeds: ["127.0.0.1:{{upstream.Endpoints[0].Port}}"]}]
            listeners: [{name: bench, bind: "tcp://127.0.0.1:{{listen.Port}}", tenant: app1}]
            admin: {enabled: false}
            hotKeys: {enabled: {{watch}}}
            bigKeys: {enabled: {{watch}}}
            tenants:
              - name: app1
                upstream: bench
            {{policy("    ")}}
            """);
        return new ProxyLaunch(["run", "--config", directory.Write($"governance-{file}.yaml", config)], listen);
    });

    /// <summary>A rate that every command pays, an enforced quota, and rules for keys and patterns that begin like the load's keys.</summary>
    private static string Governance(string indent)
    {
        StringBuilder text = new();
        text.Append(indent).Append("quota: {peak: 1gb, enforce: true}\n");
        text.Append(indent).Append("limits:\n").Append(indent).Append("  rates:\n");
        text.Append(indent).Append("    - {name: all, rate: 100m}\n");
        for (int i = 1; i < Rules / 2; i++)
            text.Append(indent).Append(FormattableString.Invariant($"    - {{name: r{i}, commands: [\"@all\"], patterns: [\"k64:x{i}:*\"], rate: 1000}}\n"));
        text.Append(indent).Append("deny:\n");
        for (int i = 0; i < Rules / 2; i++)
            text.Append(indent).Append(FormattableString.Invariant($"  - {{commands: [GET, SET, HGETALL], keys: [\"k64:big{i}\"], patterns: [\"k64:closed{i}:*\"]}}\n"));
        return text.ToString();
    }
}
