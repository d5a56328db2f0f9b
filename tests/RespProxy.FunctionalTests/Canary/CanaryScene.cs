using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Canary;

/// <summary>
/// A standalone and a cluster of three primaries with replicas, for one attack after another. The attacker is <c>app10</c>. Its victims' names look
/// like its own, from both sides: <c>app1</c> is how its name begins, <c>app100</c> begins with its name.
/// </summary>
public sealed class CanaryScene : IAsyncLifetime
{
    public const string Attacker = "app10";
    public static readonly string[] Victims = ["app1", "app100"];

    private LocalRedis _standalone = null!;
    private LocalRedisCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        Task<LocalRedisCluster> cluster = LocalRedisCluster.StartAsync(new LocalClusterOptions());
        _standalone = await LocalRedis.StartAsync(new LocalRedisOptions());
        _cluster = await cluster;
    }

    /// <summary>The servers that hold keys.</summary>
    public IReadOnlyList<LocalRedis> PrimariesOf(UpstreamMode mode) =>
        mode == UpstreamMode.Standalone ? [_standalone] : [.. _cluster.Primaries.Select(node => node.Server)];

    /// <summary>Empties the servers and puts a proxy before them. The attacker may flush: what it flushes must be its own.</summary>
    public async Task<RunningProxy> StartAsync(UpstreamMode mode)
    {
        IReadOnlyList<LocalRedis> servers = PrimariesOf(mode);
        foreach (LocalRedis server in servers) (await server.CommandAsync("FLUSHALL")).OrThrow();
        return await RunningProxy.StartAsync(mode, [.. servers.Select(server => (server.Host, server.Port))], configuration => configuration with
        {
            Tenants = [.. Victims.Select(RunningProxy.Tenant), RunningProxy.Tenant(Attacker) with { AllowFlush = true }],
            Listeners = [.. Victims.Append(Attacker).Select(tenant => new ListenerSnapshot { Name = tenant, Host = "127.0.0.1", Port = 0, Tenant = tenant })],
        });
    }

    /// <summary>Every key of the servers, as they name it.</summary>
    public async Task<string[]> RawKeysAsync(UpstreamMode mode, string pattern = "*")
    {
        var keys = new List<string>();
        foreach (LocalRedis server in PrimariesOf(mode)) keys.AddRange((await server.CommandAsync("KEYS", pattern)).OrThrow().Items.Select(item => item.Text));
        return [.. keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>All keys that begin so, with their serialised values and when they expire, read at the servers.</summary>
    public async Task<Dictionary<string, string>> DumpAsync(UpstreamMode mode, string prefix)
    {
        var found = new Dictionary<string, string>();
        foreach (LocalRedis server in PrimariesOf(mode))
        {
            foreach (RedisReply key in (await server.CommandAsync("KEYS", prefix + "*")).OrThrow().Items)
            {
                RedisReply value = (await server.CommandAsync("DUMP", key.Text)).OrThrow();
                RedisReply expiry = (await server.CommandAsync("PEXPIRETIME", key.Text)).OrThrow();
                found[key.Text] = $"{Convert.ToHexString(value.Bytes.Span)} {expiry.Integer}";
            }
        }

        return found;
    }

    public async Task<long> BlockedClientsAsync(UpstreamMode mode)
    {
        long blocked = 0;
        foreach (LocalRedis server in PrimariesOf(mode))
        {
            string line = (await server.CommandAsync("INFO", "clients")).Text.Split("\r\n").Single(line => line.StartsWith("blocked_clients:", StringComparison.Ordinal));
            blocked += long.Parse(line["blocked_clients:".Length..], CultureInfo.InvariantCulture);
        }

        return blocked;
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _standalone.DisposeAsync();
    }
}
