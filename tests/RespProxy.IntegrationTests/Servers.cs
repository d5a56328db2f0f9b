using System.Collections.Concurrent;
using RespProxy.LocalCluster;
using RespProxy.Testing;

[assembly: AssemblyFixture(typeof(RespProxy.IntegrationTests.Servers))]

namespace RespProxy.IntegrationTests;

/// <summary>
/// The servers that all tests share: one standalone Redis and one cluster of three primaries and three replicas. A test
/// that kills, moves or fills starts its own.
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    /// <summary>An ACL user of the shared servers, beside the default user, who needs no password.</summary>
    public const string Username = "round";
    public const string Password = "a secret";

    private readonly ConcurrentDictionary<string, Lazy<Task<IProxyUnderTest>>> _targets = [];
    private LocalRedis? _standalone;
    private LocalRedisCluster? _cluster;

    public LocalRedis Standalone => _standalone!;

    public LocalRedisCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync()
    {
        Task<LocalRedisCluster> cluster = LocalRedisCluster.StartAsync(new LocalClusterOptions());
        _standalone = await LocalRedis.StartAsync(new LocalRedisOptions());
        _cluster = await cluster;
        foreach (LocalRedis server in _cluster.Nodes.Select(node => node.Server).Append(_standalone))
            (await server.CommandAsync("ACL", "SETUSER", Username, "on", $">{Password}", "~*", "&*", "+@all")).OrThrow();
    }

    /// <summary>Where clients of a target connect; the target is started first if it doesn't run yet.</summary>
    public async Task<ClientEndpoint> EndpointAsync(string target)
    {
        IProxyUnderTest started = await _targets
            .GetOrAdd(target, name => new Lazy<Task<IProxyUnderTest>>(() => Targets.StartAsync(name, this))).Value;
        return started.Endpoint;
    }

    /// <summary>A raw client of a target, authenticated if the target wants it.</summary>
    public async Task<RespClient> ConnectAsync(string target)
    {
        ClientEndpoint endpoint = await EndpointAsync(target);
        RespClient client = await RespClient.ConnectAsync(endpoint.Host, endpoint.Port);
        if (endpoint.Password is not null)
            (await client.CommandAsync("AUTH", endpoint.Username ?? "default", endpoint.Password)).OrThrow();
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<IProxyUnderTest>> target in _targets.Values)
            await (await target.Value).DisposeAsync();
        if (_standalone is not null)
            await _standalone.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}
