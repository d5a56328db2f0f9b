using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Hosting;
using RespProxy.LocalCluster;
using RespProxy.Upstream.Topology;

namespace RespProxy.Verbs;

/// <summary><c>respproxy dev</c>: a cluster of real redis-server processes (unless an upstream is given), two demo tenants, the proxy.</summary>
internal static class DevSession
{
    private const string UpstreamName = "cluster1";

    /// <summary>How many ports after the wanted one are tried.</summary>
    private const int PortsTried = 100;

    private static readonly string[] DemoTenants = ["app1", "app2"];

    public static async Task<int> RunAsync(DevOptions options, CancellationToken cancellation)
    {
        try
        {
            if (options.Upstream is not null) return await RunBeforeAsync(options.Upstream, options, cancellation).ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"starting {options.Nodes} primaries{(options.Replicas ? " and as many replicas" : "")} of a throwaway Redis Cluster ...").ConfigureAwait(false);
            var cluster = await LocalRedisCluster.StartAsync(
                new LocalClusterOptions { Primaries = options.Nodes, Replicas = options.Replicas ? options.Nodes : 0 }, cancellation).ConfigureAwait(false);
            await using (cluster.ConfigureAwait(false))
            {
                NodeAddress[] nodes = [.. cluster.Nodes.Select(node => new NodeAddress(node.Host, node.Port))];
                return await RunProxyAsync(UpstreamMode.Cluster, nodes, options, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (LocalClusterException exception)
        {
            await Console.Error.WriteLineAsync("respproxy: " + exception.Message).ConfigureAwait(false);
            return ExitCode.Failure;
        }
    }

    /// <summary>Puts the proxy before an existing Redis, of which it asks whether it is a cluster.</summary>
    private static async Task<int> RunBeforeAsync(string upstream, DevOptions options, CancellationToken cancellation)
    {
        if (!TryParseAddress(upstream, out NodeAddress address))
        {
            await Console.Error.WriteLineAsync($"respproxy: --upstream wants HOST:PORT, got '{upstream}'").ConfigureAwait(false);
            return ExitCode.BadConfiguration;
        }

        try
        {
            bool isCluster = await IsClusterAsync(address, cancellation).ConfigureAwait(false);
            return await RunProxyAsync(isCluster ? UpstreamMode.Cluster : UpstreamMode.Standalone, [address], options, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NodeControlException or SocketException)
        {
            await Console.Error.WriteLineAsync($"respproxy: no Redis answers at {upstream}: {exception.Message}").ConfigureAwait(false);
            return ExitCode.Failure;
        }
    }

    private static async Task<bool> IsClusterAsync(NodeAddress address, CancellationToken cancellation)
    {
        var resolver = new NodeResolver(TimeProvider.System);
        UpstreamSnapshot asking = Upstream(UpstreamMode.Standalone, [address]);
        IReadOnlyList<IPEndPoint> endPoints = await resolver.ResolveAllAsync(address, cancellation).ConfigureAwait(false);
        NodeControlConnection connection = await NodeControlConnection.ConnectAsync(address, endPoints, asking, TimeProvider.System, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            ReplyNode reply = await connection.AskAsync(["INFO", "cluster"], cancellation).ConfigureAwait(false);
            return reply.Text.Contains("cluster_enabled:1", StringComparison.Ordinal);
        }
    }

    private static async Task<int> RunProxyAsync(UpstreamMode mode, NodeAddress[] nodes, DevOptions options, CancellationToken cancellation)
    {
        int port = options.PortIsGiven ? options.Port : FirstFreePort(options.Port);
        if (port != options.Port) await Console.Out.WriteLineAsync($"port {options.Port} is taken, using {port}").ConfigureAwait(false);
        ProxySnapshot snapshot = Describe(mode, nodes, port);
        return await ProxyHost.RunAsync(snapshot, started: server => _ = AnnounceAsync(server, port, nodes, cancellation), cancellation: cancellation).ConfigureAwait(false);
    }

    /// <summary>Prints what to try once a client would be served.</summary>
    private static async Task AnnounceAsync(ProxyServer server, int port, NodeAddress[] nodes, CancellationToken cancellation)
    {
        await server.WaitUntilReadyAsync(cancellation).ConfigureAwait(false);
        foreach (string tenant in DemoTenants)
            await Console.Out.WriteLineAsync($"redis-cli -h 127.0.0.1 -p {port} --user {tenant} --pass {PasswordOf(tenant)}").ConfigureAwait(false);
        await Console.Out.WriteLineAsync("upstream: " + string.Join(' ', nodes)).ConfigureAwait(false);
        await Console.Out.WriteLineAsync("ready").ConfigureAwait(false);
    }

    private static ProxySnapshot Describe(UpstreamMode mode, NodeAddress[] nodes, int port) => new()
    {
        Upstreams = [Upstream(mode, mode == UpstreamMode.Standalone ? nodes[..1] : nodes)],
        Tenants = [.. DemoTenants.Select(Tenant)],
        Listeners = [new ListenerSnapshot { Name = "dev", Host = "127.0.0.1", Port = port }],
        Admin = new AdminSnapshot { Port = FirstFreePort(new AdminSnapshot().Port) },
        Log = new LogSnapshot { Level = "Warning" },
    };

    private static UpstreamSnapshot Upstream(UpstreamMode mode, NodeAddress[] seeds) => new() { Name = UpstreamName, Mode = mode, Seeds = [.. seeds] };

    private static TenantSnapshot Tenant(string name) => new()
    {
        Name = name,
        Upstream = UpstreamName,
        Namespace = $"{UpstreamName}@{name}",
        PasswordHashes = [[.. SHA256.HashData(Encoding.UTF8.GetBytes(PasswordOf(name)))]],
    };

    /// <summary>Known to all: the demo listens on loopback only and its data is thrown away.</summary>
    private static string PasswordOf(string tenant) => tenant + "-demo";

    private static int FirstFreePort(int wanted)
    {
        for (int port = wanted; port < wanted + PortsTried; port++)
        {
            if (IsFree(port)) return port;
        }

        return wanted;
    }

    private static bool IsFree(int port)
    {
        // Any address: a server on 0.0.0.0 would not stop a bind to 127.0.0.1, and would be shadowed by it.
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool TryParseAddress(string text, out NodeAddress address)
    {
        int colon = text.LastIndexOf(':');
        address = colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), out ushort port) && port > 0 ? new NodeAddress(text[..colon].Trim('[', ']'), port) : default;
        return address.Host is not null;
    }
}
