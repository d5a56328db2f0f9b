namespace RespProxy.LoadTests.Targets;

/// <summary>RespProxy for a tenant with a near cache, and the same without one.</summary>
internal static class NearCacheRecipes
{
    public const string With = "near cache";

    /// <summary>By the Unix socket of a proxy beside the application, where Redis, which is elsewhere, cannot be.</summary>
    public const string ByUnixSocket = With + "-unix";

    public const string Without = "no near cache";

    public static IReadOnlyList<ProxyRecipe> Of(string binary) => [Recipe(binary, With, "with", "nearCache: {}"), Recipe(binary, Without, "without", "")];

    private static ProxyRecipe Recipe(string binary, string name, string file, string policy) => new(name, binary, "--version", (upstream, directory) =>
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        ServerEndpoint unix = new(0, directory.PathOf($"nearcache-{file}.sock"));
        string config = $$"""
            upstreams: [{name: bench, mode: standalone, seeds: ["127.0.0.1:{{upstream.Endpoints[0].Port}}"]}]
            listeners:
              - {name: bench, bind: "tcp://127.0.0.1:{{listen.Port}}", tenant: app1}
              - {name: local, bind: "unix://{{unix.UnixPath}}", tenant: app1}
            admin: {enabled: false}
            tenants:
              - name: app1
                upstream: bench
                {{policy}}
            """;
        return new ProxyLaunch(["run", "--config", directory.Write($"nearcache-{file}.yaml", config)], listen, unix);
    });
}
