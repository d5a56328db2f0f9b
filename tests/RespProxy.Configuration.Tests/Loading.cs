using System.Collections.Immutable;

namespace RespProxy.Configuration.Tests;

/// <summary>Short ways to load a configuration in a test.</summary>
internal static class Loading
{
    /// <summary>The least that is valid.</summary>
    public const string Minimal = """
        upstreams:
          - name: main
            seeds: ["127.0.0.1:7000"]
        listeners:
          - bind: 127.0.0.1:6379
            tenant: shop
        tenants:
          - name: shop
        """;

    public static ConfigurationResult Load(string yaml, Dictionary<string, string>? environment = null, params string[] sets) =>
        ConfigurationLoader.LoadText(yaml, environment ?? [], sets.Select(set => ConfigurationOverride.Parse(set)!), "test.yaml");

    public static ConfigurationInput Input(string yaml, Dictionary<string, string>? environment = null, params string[] sets) =>
        ConfigurationInput.OfText(yaml, environment ?? [], sets.Select(set => ConfigurationOverride.Parse(set)!), "test.yaml");

    public static ProxySnapshot Valid(string yaml, Dictionary<string, string>? environment = null, params string[] sets)
    {
        ConfigurationResult result = Load(yaml, environment, sets);
        Assert.Empty(result.Errors.Select(error => error.ToString()));
        return result.Snapshot!;
    }

    public static ImmutableArray<string> Errors(string yaml, Dictionary<string, string>? environment = null, params string[] sets)
    {
        ConfigurationResult result = Load(yaml, environment, sets);
        Assert.Null(result.Snapshot);
        return [.. result.Errors.Select(error => error.ToString())];
    }

    /// <summary>The minimal configuration with lines before it.</summary>
    public static string With(string lines) => lines + "\n" + Minimal;
}
