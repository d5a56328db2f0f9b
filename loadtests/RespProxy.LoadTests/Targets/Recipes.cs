using System.Globalization;

namespace RespProxy.LoadTests.Targets;

/// <summary>
/// The generated configurations of the proxies: each as close as possible to one worker thread, one
/// connection or pool per upstream node, and no feature that another does not have.
/// </summary>
internal static class Recipes
{
    public const string RespProxyName = "respproxy";

    public static ProxyRecipe Haproxy(string binary) => new("haproxy", binary, "-v", (upstream, directory) =>
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string config = $"""
            global
                nbthread 1
                maxconn 6000
            defaults
                mode tcp
                timeout connect 5s
                timeout client 1h
                timeout server 1h
            frontend clients
                bind 127.0.0.1:{listen.Port}
                default_backend redis
            backend redis
                server redis1 127.0.0.1:{upstream.Endpoints[0].Port}

            """;
        return new ProxyLaunch(["-db", "-f", directory.Write("haproxy.cfg", config)], listen);
    });

    public static ProxyRecipe Nutcracker(string binary) => new("nutcracker", binary, "-V", (upstream, directory) =>
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string config = $"""
            bench:
              listen: 127.0.0.1:{listen.Port}
              redis: true
              hash: fnv1a_64
              distribution: ketama
              preconnect: true
              server_connections: 1
              backlog: 1024
              servers:
                - 127.0.0.1:{upstream.Endpoints[0].Port}:1

            """;
        string statsPort = ServerEndpoint.FreePort().Port.ToString(CultureInfo.InvariantCulture);
        return new ProxyLaunch(
            ["-c", directory.Write("nutcracker.yml", config), "-o", directory.PathOf("nutcracker.log"),
             "-p", directory.PathOf("nutcracker.pid"), "-a", "127.0.0.1", "-s", statsPort],
            listen);
    });

    public static ProxyRecipe Predixy(string binary) => new("predixy", binary, "-v", (upstream, directory) =>
    {
        ServerEndpoint listen = ServerEndpoint.FreePort();
        string servers = string.Join('\n', upstream.Endpoints.Select(node => $"    + 127.0.0.1:{node.Port}"));
        string pool = upstream.IsCluster
            ? $"ClusterServerPool {{\n{servers}\n}}\n"
            : $"StandaloneServerPool {{\nHash crc16\nDistribution modula\nRefreshMethod fixed\nGroup bench {{\n{servers}\n}}\n}}\n";
        string config = $"Name bench\nBind 127.0.0.1:{listen.Port}\nWorkerThreads 1\n{pool}";
        return new ProxyLaunch([directory.Write("predixy.conf", config)], listen);
    });

    /// <summary>RespProxy with <paramref name="loops"/> event loops; more than one is part of the target's name.</summary>
    public static ProxyRecipe RespProxy(string binary, int loops, bool unixSocket)
    {
        string name = loops == 1 ? RespProxyName : $"{RespProxyName}-{loops}loops";
        return new(name, binary, "--version", (upstream, directory) =>
        {
            ServerEndpoint listen = ServerEndpoint.FreePort();
            ServerEndpoint? unix = unixSocket ? new(0, directory.PathOf($"{name}.sock")) : null;
            string seeds = string.Join(", ", upstream.Endpoints.Select(node => $"\"127.0.0.1:{node.Port}\""));
            string unixListener = unix is null ? "" : $"\n  - {{name: local, bind: \"unix://{unix.UnixPath}\", tenant: app1}}";
            string config = $$"""
                loops: {{loops}}
                upstreams: [{name: bench, mode: {{(upstream.IsCluster ? "cluster" : "standalone")}}, seeds: [{{seeds}}]}]
                tenants: [{name: app1, upstream: bench}]
                listeners:
                  - {name: bench, bind: "tcp://127.0.0.1:{{listen.Port}}", tenant: app1}{{unixListener}}
                admin: {enabled: false}

                """;
            return new ProxyLaunch(["run", "--config", directory.Write($"{name}.yaml", config)], listen, unix);
        });
    }
}
