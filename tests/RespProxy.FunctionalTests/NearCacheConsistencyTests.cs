using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using static RespProxy.FunctionalTests.NearCacheScene;

namespace RespProxy.FunctionalTests;

/// <summary>
/// 20 writers, each with a key whose version it counts up, and 50 readers of all keys, at once. Half of the writers write through another proxy, so
/// that only the nodes' invalidations tell of it. Nothing kept grows too old, so that a change that is missed stays missed.
/// </summary>
public sealed class NearCacheConsistencyTests
{
    private const int Writers = 20;
    private const int Readers = 50;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(4);

    /// <summary>How late another proxy's write may be seen: the greatest lag, and what a loaded machine adds before the reader's request is sent.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(1_000);

    private static readonly NearCacheSnapshot Cache = Patient with { MaxLag = TimeSpan.FromMilliseconds(500) };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_reader_ever_goes_back_nor_misses_a_write_that_it_must_see(bool isCluster)
    {
        await using LocalRedisCluster? cluster = isCluster ? await LocalRedisCluster.StartAsync(new LocalClusterOptions { Replicas = 0 }) : null;
        await using LocalRedis? redis = isCluster ? null : await LocalRedis.StartAsync(new LocalRedisOptions());
        UpstreamMode mode = isCluster ? UpstreamMode.Cluster : UpstreamMode.Standalone;
        (string, int)[] seeds = isCluster ? [.. cluster!.Nodes.Select(node => (node.Host, node.Port))] : [(redis!.Host, redis.Port)];
        await using RunningProxy proxy = await ProxyAsync(mode, seeds, Cache);
        await using RunningProxy elsewhere = await RunningProxy.StartAsync(mode, seeds);
        var run = new Run(proxy);

        Task[] work =
        [
            .. Enumerable.Range(0, Writers).Select(i => Task.Run(() => run.WriteAsync(i, i % 2 == 0 ? proxy : elsewhere))),
            .. Enumerable.Range(0, Readers).Select(i => Task.Run(() => run.ReadAsync(i))),
        ];
        await Task.WhenAll(work).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Empty(run.Faults);
        Assert.Equal(0, proxy.Server.ReadCounters().IsolationFaults);
    }

    private sealed class Run(RunningProxy proxy)
    {
        private readonly long _end = Stopwatch.GetTimestamp() + (long)(Length.TotalSeconds * Stopwatch.Frequency);

        /// <summary>The latest version of each key that its writer was told is written.</summary>
        private readonly long[] _written = new long[Writers];

        /// <summary>As above, but as it was some time ago; what readers must see of writes through the other proxy.</summary>
        private readonly ConcurrentQueue<(long Time, long Version)>[] _history = [.. Enumerable.Range(0, Writers).Select(_ => new ConcurrentQueue<(long, long)>())];

        public ConcurrentQueue<string> Faults { get; } = [];

        /// <summary>There was time enough for a fault to show, and on a loaded machine, too, the cache has answered and forgotten as much as makes it worth something.</summary>
        private bool IsOver => !Faults.IsEmpty || (Stopwatch.GetTimestamp() > _end && proxy.Cache() is { Hits: > 2_000, Invalidations: > 100 });

        public async Task WriteAsync(int key, RunningProxy through)
        {
            await using RespClient client = await through.ConnectAsync();
            await client.CommandAsync("HELLO", key % 4 < 2 ? "2" : "3");
            var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5 + (key * 3)));
            for (long version = 1; !IsOver; version++)
            {
                string text = version.ToString(CultureInfo.InvariantCulture);
                string own = (version % 3) switch
                {
                    0 => (await client.PipelineAsync($"SET key{key} {text}", $"GET key{key}"))[1],
                    1 => (await client.PipelineAsync("MULTI", $"SET key{key} {text}", "EXEC", $"GET key{key}"))[3],
                    _ => await SetThenGetAsync(client, key, text),
                };
                if (own != Wire.Text(Wire.Bulk(text))) Faults.Enqueue($"writer of key{key} wrote {text} and read {own}");
                // Of what was written by one command alone the other clients of its loop know at once.
                if (through == proxy && version % 3 != 1) Volatile.Write(ref _written[key], version);
                _history[key].Enqueue((Stopwatch.GetTimestamp(), version));
                await pause.WaitForNextTickAsync();
            }
        }

        public async Task ReadAsync(int reader)
        {
            await using RespClient client = await proxy.ConnectAsync();
            await client.CommandAsync("HELLO", reader % 2 == 0 ? "2" : "3");
            var random = new Random(reader);
            var last = new long[Writers];
            while (!IsOver)
            {
                int key = random.Next(Writers);
                long written = Volatile.Read(ref _written[key]);
                long due = DueOf(key);
                long[] seen = random.Next(10) switch
                {
                    0 => [Version((await client.CommandAsync("MGET", $"key{key}", "none")).Items[0])],
                    1 => [Version((await ExecAsync(client, key)).Items[0])],
                    2 => [.. (await client.PipelineReadsAsync(4, "GET", $"key{key}")).Select(Version)],
                    3 => [.. (await client.PipelineReadsAsync(2, "GETRANGE", $"key{key}", "0", "-1")).Select(Version)],
                    _ => [Version(await client.CommandAsync("GET", $"key{key}"))],
                };
                foreach (long version in seen)
                {
                    if (version < last[key]) Faults.Enqueue($"reader {reader} read {version} of key{key} after {last[key]}");
                    if (version < written) Faults.Enqueue($"reader {reader} read {version} of key{key} when {written} was written on its loop");
                    if (version < due) Faults.Enqueue($"reader {reader} read {version} of key{key} long after {due} was written");
                    last[key] = version;
                }
            }
        }

        private static async Task<string> SetThenGetAsync(RespClient client, int key, string text)
        {
            await client.CommandAsync("SET", $"key{key}", text);
            return (await client.PipelineAsync($"GET key{key}"))[0];
        }

        private static async Task<RedisReply> ExecAsync(RespClient client, int key)
        {
            await client.SendAsync(Scene.Requests("MULTI", $"GET key{key}", "EXEC"));
            return (await client.ReadRepliesAsync(3))[2].Tree;
        }

        private static long Version(RedisReply reply) => reply.Text.Length == 0 ? 0 : long.Parse(reply.Text, CultureInfo.InvariantCulture);

        /// <summary>The version that must be seen by now wherever it was written.</summary>
        private long DueOf(int key)
        {
            long before = Stopwatch.GetTimestamp() - (long)(Bound.TotalSeconds * Stopwatch.Frequency);
            long due = 0;
            foreach ((long time, long version) in _history[key])
            {
                if (time > before) break;
                due = version;
            }

            return due;
        }
    }
}
