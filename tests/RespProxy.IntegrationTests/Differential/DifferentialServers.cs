using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests.Differential;

/// <summary>A Redis, or what looks like one, that scenarios are run on.</summary>
public sealed record Peer(string Name, string Host, int Port, bool IsProxy, bool IsCluster);

/// <summary>
/// A plain Redis that says what is right, and what is compared with it: a second plain Redis (where that differs, the scenario is at
/// fault), and a proxy before a standalone and before a cluster, for a tenant of its own that may flush.
/// </summary>
public sealed class DifferentialServers(Servers servers) : IAsyncLifetime
{
    private const string Tenant = "differential";

    private readonly List<IAsyncDisposable> _running = [];

    public Peer Oracle { get; private set; } = null!;

    public IReadOnlyList<Peer> Targets { get; private set; } = [];

    /// <summary>The commands and subcommands that the oracle has, named as in the command table.</summary>
    public IReadOnlySet<string> KnownToOracle { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Oracle = await PlainAsync("plain");
        Targets =
        [
            await PlainAsync("another plain Redis"),
            await ProxyAsync(UpstreamMode.Standalone, [servers.Standalone]),
            await ProxyAsync(UpstreamMode.Cluster, [.. servers.Cluster.Nodes.Select(node => node.Server)]),
        ];
        KnownToOracle = await KnownAsync(Oracle);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable each in Enumerable.Reverse(_running)) await each.DisposeAsync();
    }

    private async Task<Peer> PlainAsync(string name)
    {
        LocalRedis redis = await LocalRedis.StartAsync(new LocalRedisOptions());
        _running.Add(redis);
        return new Peer(name, redis.Host, redis.Port, IsProxy: false, IsCluster: false);
    }

    private async Task<Peer> ProxyAsync(UpstreamMode mode, LocalRedis[] nodes)
    {
        RunningProxy proxy = await RunningProxy.StartAsync(mode, [.. nodes.Select(node => (node.Host, node.Port))], configuration => configuration with
        {
            Tenants = [.. configuration.Tenants, RunningProxy.Tenant(Tenant) with { AllowFlush = true }],
            Listeners = [new ListenerSnapshot { Name = "open-" + Tenant, Host = "127.0.0.1", Port = 0, Tenant = Tenant }, .. configuration.Listeners],
        });
        _running.Add(proxy);
        bool isCluster = mode == UpstreamMode.Cluster;
        return new Peer(isCluster ? "proxy to cluster" : "proxy to standalone", "127.0.0.1", proxy.PortOf(Tenant), IsProxy: true, isCluster);
    }

    private static async Task<IReadOnlySet<string>> KnownAsync(Peer peer)
    {
        await using RespClient client = await RespClient.ConnectAsync(peer.Host, peer.Port);
        IReadOnlyList<RedisReply> commands = (await client.CommandAsync("COMMAND")).OrThrow().Items;
        return commands.Concat(commands.SelectMany(command => command.Items[9].Items))
            .Select(command => command.Items[0].Text.ToUpperInvariant()).ToHashSet();
    }
}
