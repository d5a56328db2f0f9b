using System.Globalization;
using RespProxy.LoadTests.Load;
using RespProxy.LoadTests.Targets;

namespace RespProxy.LoadTests.Workloads;

/// <summary>
/// The keys that redis-benchmark asks a cluster's nodes for. Only it knows which hash tags it takes, so it writes them
/// itself, at random, until hardly one can be left; what it then does not find tells whether that was true.
/// </summary>
internal static class ClusterKeys
{
    /// <summary>Writes for each key of each node: e^-12 of the keys, 6 in a million, stay without.</summary>
    private const int WritesPerKey = 12;

    private const int Connections = 9;
    private const int Probes = 10_000;
    private const double MostMisses = 0.001;

    /// <exception cref="LoadFailedException">redis-benchmark reads other keys than it writes.</exception>
    public static async Task FillAsync(KeySpace keys, RedisUpstream upstream, LoadTools tools, CancellationToken cancellation)
    {
        ServerEndpoint cluster = upstream.Endpoints[0] with { IsCluster = true };
        Task<LoadResult> RunAsync(long commands, params string[] command) => RedisBenchmark.RunAsync(
            tools.RedisBenchmark, cluster, new BenchmarkLoad(command, Connections, Pipeline: 1, commands, keys.Count), cancellation);
        _ = await RunAsync((long)keys.Count * upstream.Nodes.Count * WritesPerKey, "SET", keys.RandomKeyOfNode, keys.Value);
        long before = Misses(upstream);
        _ = await RunAsync(Probes, "GET", keys.RandomKeyOfNode);
        double missed = (Misses(upstream) - before) / (double)Probes;
        if (missed > MostMisses)
            throw new LoadFailedException($"redis-benchmark --cluster does not find {missed:P0} of the keys that it wrote: it takes another hash tag each time");
    }

    private static long Misses(RedisUpstream upstream) => upstream.Endpoints.Sum(node =>
    {
        const string field = "keyspace_misses:";
        using RespClient client = new(node);
        string statistics = client.Send("INFO", "stats");
        int start = statistics.IndexOf(field, StringComparison.Ordinal) + field.Length;
        return long.Parse(statistics[start..statistics.IndexOf('\r', start)], CultureInfo.InvariantCulture);
    });
}
