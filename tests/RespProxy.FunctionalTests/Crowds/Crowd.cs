using System.Diagnostics;
using System.Globalization;
using RespProxy.LocalCluster;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests.Crowds;

/// <summary>Tests with thousands of connections have the machine to themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Crowd
{
    public const string Name = "crowds";

    /// <summary>Connections that are opened at a time: fewer than a listener's backlog.</summary>
    private const int ConnectsAtOnce = 200;

    /// <summary>
    /// As many as wanted, or as the process's descriptors allow: a client, the proxy's end of it and the node connection it leases are all in
    /// this process. The runtime has raised the soft limit to the hard one.
    /// </summary>
    public static int Affordable(int wanted)
    {
        string limit = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = limit.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return soft == "unlimited" ? wanted : Math.Min(wanted, (int)Math.Min((long.Parse(soft, CultureInfo.InvariantCulture) - 2000) / 3, int.MaxValue));
    }

    public static async Task<List<RespClient>> ConnectAsync(RunningProxy proxy, int count)
    {
        var clients = new List<RespClient>(count);
        while (clients.Count < count)
            clients.AddRange(await Task.WhenAll(Enumerable.Range(0, Math.Min(ConnectsAtOnce, count - clients.Count)).Select(_ => proxy.ConnectAsync())));
        return clients;
    }

    /// <summary>Connections of the tenant that a client has for itself.</summary>
    public static long LeasedBy(RunningProxy proxy) => proxy.Server.ReadCounters().Upstreams[0].Leased;

    /// <summary>A number of INFO clients, summed over nodes.</summary>
    public static async Task<long> ReadAsync(string field, params IEnumerable<LocalRedis> nodes)
    {
        long sum = 0;
        foreach (LocalRedis node in nodes)
        {
            string line = (await node.CommandAsync("INFO", "clients")).Text.Split("\r\n").Single(line => line.StartsWith(field + ":", StringComparison.Ordinal));
            sum += long.Parse(line[(field.Length + 1)..], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    /// <summary>Asks again without a pause: for a crowd that is blocked one by one.</summary>
    public static async Task WaitForBlockedAsync(int count, IReadOnlyList<LocalRedis> nodes)
    {
        long started = Stopwatch.GetTimestamp();
        while (await ReadAsync("blocked_clients", nodes) != count)
        {
            if (Stopwatch.GetElapsedTime(started) > Eventually.DefaultBound) throw new TimeoutException($"{count} clients are not blocked");
        }
    }
}
