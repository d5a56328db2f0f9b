using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// A standalone and a cluster of three primaries, shared by the tests of the whole-keyspace commands, and a plain server as the oracle. Every test begins with
/// empty servers. The tenants' names look alike: <c>app1</c>, <c>app10</c> (may flush), <c>app</c>.
/// </summary>
public sealed class KeyspaceScene : IAsyncLifetime
{
    private LocalRedis _standalone = null!;
    private LocalRedisCluster _cluster = null!;

    /// <summary>Knows nothing of tenants.</summary>
    public LocalRedis Oracle { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Oracle = await LocalRedis.StartAsync(new LocalRedisOptions());
        _standalone = await LocalRedis.StartAsync(new LocalRedisOptions());
        _cluster = await LocalRedisCluster.StartAsync(new LocalClusterOptions { Primaries = 3, Replicas = 0 });
    }

    /// <summary>The servers behind the proxy.</summary>
    public IReadOnlyList<LocalRedis> ServersOf(UpstreamMode mode) =>
        mode == UpstreamMode.Standalone ? [_standalone] : [.. _cluster.Nodes.Select(node => node.Server)];

    public Task<RunningProxy> StartAsync(UpstreamMode mode) => StartAsync(mode, tenant => tenant);

    public async Task<RunningProxy> StartAsync(UpstreamMode mode, Func<TenantSnapshot, TenantSnapshot> adjust)
    {
        IReadOnlyList<LocalRedis> servers = ServersOf(mode);
        foreach (LocalRedis server in servers.Append(Oracle)) (await server.CommandAsync("FLUSHALL")).OrThrow();
        return await RunningProxy.StartAsync(mode, [.. servers.Select(server => (server.Host, server.Port))], configuration =>
        {
            configuration = WithTenants(configuration);
            return configuration with { Tenants = [.. configuration.Tenants.Select(adjust)] };
        });
    }

    public static ProxySnapshot WithTenants(ProxySnapshot configuration) => configuration with
    {
        Tenants = [RunningProxy.Tenant("app1"), RunningProxy.Tenant("app10") with { AllowFlush = true }, RunningProxy.Tenant("app")],
        Listeners =
        [
            .. new[] { "app1", "app10", "app" }.Select(tenant => new ListenerSnapshot { Name = "open-" + tenant, Host = "127.0.0.1", Port = 0, Tenant = tenant }),
            new ListenerSnapshot { Name = "shared", Host = "127.0.0.1", Port = 0 },
        ],
    };

    /// <summary>A tenant's connection in the protocol version wanted.</summary>
    public static async Task<RespClient> ConnectAsync(RunningProxy proxy, string tenant, int protocol)
    {
        RespClient client = await proxy.ConnectAsync(tenant);
        (await client.CommandAsync("HELLO", protocol.ToString(CultureInfo.InvariantCulture))).OrThrow();
        return client;
    }

    /// <summary>Everything the servers hold, as they name it.</summary>
    public async Task<string[]> RawKeysAsync(UpstreamMode mode)
    {
        var keys = new List<string>();
        foreach (LocalRedis server in ServersOf(mode)) keys.AddRange(Texts(await server.CommandAsync("KEYS", "*")));
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>Sets many keys, in one go.</summary>
    public static async Task FillAsync(RespClient client, IReadOnlyCollection<string> keys)
    {
        await client.SendAsync(keys.SelectMany(key => Wire.Request("SET", key, "v")).ToArray());
        Assert.All(await client.ReadRepliesAsync(keys.Count), reply => Assert.Equal("+OK\r\n", reply.Wire));
    }

    /// <summary>All pages from cursor 0 to cursor 0; <paramref name="between"/> runs after each.</summary>
    public static async Task<List<string>> ScanAsync(RespClient client, string[] options, Func<string, Task>? between = null)
    {
        var keys = new List<string>();
        string cursor = "0";
        do
        {
            RedisReply page = (await client.CommandAsync(["SCAN", cursor, .. options])).OrThrow();
            cursor = page.Items[0].Text;
            keys.AddRange(Texts(page.Items[1]));
            if (between is not null) await between(cursor);
        }
        while (cursor != "0");
        return keys;
    }

    public static string[] Texts(RedisReply array) => [.. array.OrThrow().Items.Select(item => item.Text)];

    public static string[] Sorted(IEnumerable<string> keys) => [.. keys.Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _standalone.DisposeAsync();
        await Oracle.DisposeAsync();
    }
}
