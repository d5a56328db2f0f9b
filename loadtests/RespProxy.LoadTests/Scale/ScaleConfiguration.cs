using System.Globalization;
using System.Text;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Scale;

/// <summary>The proxies' configurations: one loop, defaults, /metrics off.</summary>
internal static class ScaleConfiguration
{
    /// <summary>The tenant of a listener that knows it.</summary>
    public const string Tenant = "app1";

    /// <summary>More than the most of any load.</summary>
    private const int MaxClients = 12_000;

    /// <param name="upstream">Where the keys are.</param>
    /// <param name="listen">Where clients come.</param>
    /// <param name="tenants">The tenants, each line indented by two.</param>
    /// <param name="isAuthenticated">True: clients say by AUTH whose they are; false: they are <see cref="Tenant"/>'s.</param>
    public static string Of(RedisUpstream upstream, ServerEndpoint listen, string tenants, bool isAuthenticated = false)
    {
        string seeds = string.Join(", ", upstream.Endpoints.Select(node => $"\"127.0.0.1:{node.Port}\""));
        return $$"""
            upstreams: [{name: bench, mode: {{(upstream.IsCluster ? "cluster" : "standalone")}}, seeds: [{{seeds}}]}]
            listeners: [{name: bench, bind: "tcp://127.0.0.1:{{listen.Port}}"{{(isAuthenticated ? "" : $", tenant: {Tenant}")}}}]
            admin: {enabled: false}
            limits: {maxClients: {{MaxClients}}}
            tenants:
            {{tenants}}
            """;
    }

    public static string TenantName(int number) => string.Create(CultureInfo.InvariantCulture, $"tenant{number:00000}");

    /// <summary>So many tenants, whose passwords are their names.</summary>
    public static string Tenants(int count) =>
        string.Join('\n', Enumerable.Range(0, count).Select(TenantName).Select(name => $"  - {{name: {name}, passwords: [{name}]}}"));

    /// <summary>
    /// One tenant with so many rules: denials and rates by halves, each for a key or for a pattern in turn. They are as the load's own keys are but for the last byte,
    /// so that none is met.
    /// </summary>
    public static string Rules(int count)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"  - name: {Tenant}\n");
        int rates = count / 2;
        text.Append(rates == 0 ? "" : "    limits:\n      rates:\n");
        for (int i = 0; i < rates; i++)
            text.Append(CultureInfo.InvariantCulture, $"        - {{name: r{i}, commands: [\"@all\"], {ScopeOf(i)}, rate: 1000}}\n");
        text.Append(count == rates ? "" : "    deny:\n");
        for (int i = rates; i < count; i++)
            text.Append(CultureInfo.InvariantCulture, $"      - {{commands: [GET, SET, HGETALL], {ScopeOf(i)}}}\n");
        return text.ToString();
    }

    private static string ScopeOf(int rule)
    {
        string almost = ScaleCatalog.Keys.Key(rule)[..^1] + (char)('a' + rule % 10);
        return rule % 2 == 0 ? $"keys: [\"{almost}\"]" : $"patterns: [\"{almost}*\"]";
    }
}
