using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>Where a client connects, and as whom (null: it doesn't authenticate).</summary>
public sealed record ClientEndpoint(string Host, int Port, string? Username = null, string? Password = null);

/// <summary>Something that talks to clients as a plain Redis does: the proxy, or a Redis itself.</summary>
public interface IProxyUnderTest : IAsyncDisposable
{
    ClientEndpoint Endpoint { get; }
}

/// <summary>
/// What the tests of clients and of the oracle run against. Each is started on first use and shared by the run.
/// </summary>
public static class Targets
{
    private static readonly (string Name, Func<Servers, Task<IProxyUnderTest>> StartAsync)[] All =
    [
        ("direct", servers => Direct(new(servers.Standalone.Host, servers.Standalone.Port))),
        ("direct, with AUTH", servers => Direct(new(servers.Standalone.Host, servers.Standalone.Port, Servers.Username, Servers.Password))),
        ("proxy to standalone", servers => Proxy(UpstreamMode.Standalone, [servers.Standalone])),
        ("proxy to cluster", servers => Proxy(UpstreamMode.Cluster, [.. servers.Cluster.Nodes.Select(node => node.Server)])),
        ("proxy to cluster, with AUTH", servers => Proxy(UpstreamMode.Cluster, [.. servers.Cluster.Nodes.Select(node => node.Server)], withAuth: true)),
    ];

    public static IEnumerable<string> AllNames => All.Select(target => target.Name);

    /// <summary>For <c>[MemberData]</c>.</summary>
    public static TheoryData<string> Names => [.. AllNames];

    public static Task<IProxyUnderTest> StartAsync(string name, Servers servers) =>
        All.Single(target => target.Name == name).StartAsync(servers);

    private static Task<IProxyUnderTest> Direct(ClientEndpoint endpoint) =>
        Task.FromResult<IProxyUnderTest>(new DirectUnderTest(endpoint));

    private static async Task<IProxyUnderTest> Proxy(UpstreamMode mode, LocalRedis[] nodes, bool withAuth = false)
    {
        RunningProxy proxy = await RunningProxy.StartAsync(mode, [.. nodes.Select(node => (node.Host, node.Port))]);
        return new ProxyUnderTest(proxy, withAuth
            ? new ClientEndpoint("127.0.0.1", proxy.SharedPort, "app2", RunningProxy.PasswordOf("app2"))
            : new ClientEndpoint("127.0.0.1", proxy.PortOf("app1")));
    }

    private sealed class ProxyUnderTest(RunningProxy proxy, ClientEndpoint endpoint) : IProxyUnderTest
    {
        public ClientEndpoint Endpoint => endpoint;

        public ValueTask DisposeAsync() => proxy.DisposeAsync();
    }

    /// <summary>No proxy: proves that a test holds against a plain Redis.</summary>
    private sealed class DirectUnderTest(ClientEndpoint endpoint) : IProxyUnderTest
    {
        public ClientEndpoint Endpoint => endpoint;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
