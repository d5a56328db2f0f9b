using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using RespProxy.Configuration;
using RespProxy.Downstream;

namespace RespProxy.Testing.Proxy;

/// <summary>
/// The data plane in this process, between a test and its nodes: one listener per tenant that needs no password ("open"), and one
/// ("shared") where clients authenticate as <c>TENANT</c> with the password <c>TENANT-secret</c>. Without placement markers: nodes
/// see only what clients ask for.
/// </summary>
public sealed class RunningProxy : IAsyncDisposable
{
    private readonly RecordingLoggerFactory _logs;

    private RunningProxy(ProxyServer server, ProxySnapshot configuration, RecordingLoggerFactory logs)
    {
        Server = server;
        Configuration = configuration;
        _logs = logs;
    }

    public ProxyServer Server { get; }

    public ProxySnapshot Configuration { get; }

    /// <summary>What was logged at Information and above.</summary>
    public IReadOnlyCollection<string> Log => [.. _logs.Lines];

    /// <summary>Port of the listener where clients must authenticate.</summary>
    public int SharedPort => ((IPEndPoint)Server.EndPoints[^1]).Port;

    public static Task<RunningProxy> StartAsync(UpstreamMode mode, params (string Host, int Port)[] seeds) =>
        StartAsync(mode, seeds, configuration => configuration);

    public static async Task<RunningProxy> StartAsync(
        UpstreamMode mode, (string Host, int Port)[] seeds, Func<ProxySnapshot, ProxySnapshot> adjust, bool waitUntilReady = true, TimeProvider? time = null)
    {
        ProxySnapshot configuration = adjust(Describe(mode, seeds));
        var logs = new RecordingLoggerFactory();
        var proxy = new RunningProxy(ProxyServer.Start(configuration, logs, time ?? TimeProvider.System), configuration, logs);
        if (waitUntilReady) await proxy.Server.WaitUntilReadyAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return proxy;
    }

    /// <summary>Port of a tenant's own listener.</summary>
    public int PortOf(string tenant)
    {
        int index = Configuration.Listeners.ToList().FindIndex(listener => listener.Tenant == tenant);
        return ((IPEndPoint)Server.EndPoints[index]).Port;
    }

    /// <summary>A connection to a tenant's own listener.</summary>
    public Task<RespClient> ConnectAsync(string tenant = "app1") => RespClient.ConnectAsync("127.0.0.1", PortOf(tenant));

    public static string PasswordOf(string tenant) => tenant + "-secret";

    public static TenantSnapshot Tenant(string name) => new()
    {
        Name = name,
        Upstream = "cluster1",
        Namespace = "cluster1@" + name,
        PasswordHashes = [[.. SHA256.HashData(Encoding.UTF8.GetBytes(PasswordOf(name)))]],
    };

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _logs.Dispose();
    }

    private static ProxySnapshot Describe(UpstreamMode mode, (string Host, int Port)[] seeds) => new()
    {
        Transport = Enum.Parse<TransportKind>(Environment.GetEnvironmentVariable("RESPPROXY_TEST_TRANSPORT") ?? "Auto", ignoreCase: true),
        Loops = int.Parse(Environment.GetEnvironmentVariable("RESPPROXY_TEST_LOOPS") ?? "1", CultureInfo.InvariantCulture),
        Upstreams = [new UpstreamSnapshot { Name = "cluster1", Mode = mode, Seeds = [.. seeds.Select(seed => new NodeAddress(seed.Host, seed.Port))], PlacementMarkers = false }],
        Tenants = [Tenant("app1"), Tenant("app2")],
        Listeners =
        [
            new ListenerSnapshot { Name = "open-app1", Host = "127.0.0.1", Port = 0, Tenant = "app1" },
            new ListenerSnapshot { Name = "open-app2", Host = "127.0.0.1", Port = 0, Tenant = "app2" },
            new ListenerSnapshot { Name = "shared", Host = "127.0.0.1", Port = 0 },
        ],
    };
}
