using System.Globalization;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>A proxy whose tenant app1 has a near cache. Unless the test says otherwise nothing grows too old while it runs.</summary>
internal static class NearCacheScene
{
    public static readonly NearCacheSnapshot Patient = new() { MaxAge = TimeSpan.FromHours(1), MaxLag = TimeSpan.FromSeconds(20) };

    public static Task<RunningProxy> ProxyAsync(LocalRedis redis, NearCacheSnapshot? cache = null, int hotReads = 1) =>
        ProxyAsync(UpstreamMode.Standalone, [(redis.Host, redis.Port)], cache, hotReads);

    public static async Task<RunningProxy> ProxyAsync(
        UpstreamMode mode, (string Host, int Port)[] seeds, NearCacheSnapshot? cache = null, int hotReads = 1)
    {
        RunningProxy proxy = await RunningProxy.StartAsync(mode, seeds, configuration => configuration with
        {
            Loops = 1,
            Tenants = [configuration.Tenants[0] with { NearCache = cache ?? Patient, AllowFlush = true }, .. configuration.Tenants[1..]],
            HotKeys = new HotKeysSnapshot { HotReads = hotReads },
        });
        await proxy.ConnectedAsync(nodes: 1);
        return proxy;
    }

    public static NearCacheReading Cache(this RunningProxy proxy) => proxy.Server.ReadCounters().NearCaches[0];

    /// <summary>Reads until the key is hot and the read is answered from the cache.</summary>
    public static Task CachedAsync(this RunningProxy proxy, RespClient client, params string[] read) => Eventually.HoldsAsync(
        string.Join(' ', read) + " is answered from the cache",
        async () =>
        {
            // Enough to stay hot while a test on a loaded machine goes on.
            await client.PipelineReadsAsync(500, read);
            long hits = proxy.Cache().Hits;
            await client.CommandAsync(read);
            return proxy.Cache().Hits > hits;
        });

    /// <summary>Runs a command and tells whether its reply came from the cache. No other client may read meanwhile.</summary>
    public static async Task<(string Text, bool IsHit)> ReadAsync(this RunningProxy proxy, RespClient client, params string[] read)
    {
        long hits = proxy.Cache().Hits;
        RedisReply reply = await client.CommandAsync(read);
        string text = reply.Kind == RedisReplyKind.Integer ? reply.Integer.ToString(CultureInfo.InvariantCulture) : reply.Text;
        return (text, proxy.Cache().Hits > hits);
    }

    /// <summary>Sends one read several times in one piece, and reads the replies.</summary>
    public static async Task<RedisReply[]> PipelineReadsAsync(this RespClient client, int times, params string[] read)
    {
        await client.SendAsync(Enumerable.Repeat(Wire.Request(read), times).SelectMany(bytes => bytes).ToArray());
        return [.. (await client.ReadRepliesAsync(times)).Select(reply => reply.Tree)];
    }
}
