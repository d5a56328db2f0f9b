using System.Diagnostics;
using System.Globalization;
using System.Text;
using RespProxy.LocalCluster;
using RespProxy.Protocol.Slots;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.IntegrationTests;

/// <summary>Tests with a cluster of their own that take it apart; they measure times and memory, so nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Writers that know what was acknowledged to them, through a proxy, until told to stop.</summary>
internal sealed class ClusterTraffic(RunningProxy proxy)
{
    private volatile bool _isStopped;

    /// <summary>Of the tenant app1.</summary>
    public const string Prefix = "cluster1@app1:";

    public void Stop() => _isStopped = true;

    /// <summary>The first keys whose slot is in the range.</summary>
    public static string[] KeysIn(int first, int last, int count, string name) =>
        [.. Enumerable.Range(0, 2_000_000).Select(i => name + i.ToString(CultureInfo.InvariantCulture))
            .Where(key => HashSlot.Of(Encoding.ASCII.GetBytes(Prefix + key)) is var slot && slot >= first && slot <= last).Take(count)];

    /// <summary>The first hash tags whose slot is in the range.</summary>
    public static string[] TagsIn(int first, int last, int count) =>
        [.. Enumerable.Range(0, 2_000_000).Select(i => "tag" + i.ToString(CultureInfo.InvariantCulture))
            .Where(tag => HashSlot.Of(Encoding.ASCII.GetBytes(tag)) is var slot && slot >= first && slot <= last).Take(count)];

    /// <summary>
    /// Increments counters that nobody else writes, three times each in one pipeline, and claims that every reply is the one
    /// before plus one: nothing lost, nothing run twice, nothing out of order.
    /// </summary>
    /// <returns>What was acknowledged last.</returns>
    public async Task<Dictionary<string, long>> CountAsync(string[] counters)
    {
        await using RespClient client = await proxy.ConnectAsync();
        string[] order = [.. counters, .. counters, .. counters];
        byte[] requests = [.. order.SelectMany(counter => Wire.Request("INCR", counter))];
        Dictionary<string, long> acknowledged = counters.ToDictionary(counter => counter, _ => 0L);
        while (!_isStopped)
        {
            await client.SendAsync(requests);
            foreach (string counter in order)
            {
                RedisReply reply = (await client.ReadReplyAsync()).Tree;
                Assert.True(!reply.IsError && reply.Integer == acknowledged[counter] + 1, $"INCR {counter} after {acknowledged[counter]}: {reply}");
                acknowledged[counter]++;
            }
        }

        return acknowledged;
    }

    /// <summary>Reads the counters in pipelines and claims that none ever goes back.</summary>
    public async Task<long> WatchAsync(string[] counters)
    {
        await using RespClient client = await proxy.ConnectAsync();
        byte[] requests = [.. counters.SelectMany(counter => Wire.Request("GET", counter))];
        Dictionary<string, long> seen = counters.ToDictionary(counter => counter, _ => 0L);
        long rounds = 0;
        for (; !_isStopped; rounds++)
        {
            await client.SendAsync(requests);
            foreach (string counter in counters)
            {
                RedisReply reply = (await client.ReadReplyAsync()).Tree;
                long value = reply.IsNull ? 0 : reply.OrThrow().Integer;
                Assert.True(value >= seen[counter], $"GET {counter} went back from {seen[counter]} to {value}");
                seen[counter] = value;
            }
        }

        return rounds;
    }

    /// <summary>Writes and reads several keys of one slot at once, and claims to read what it wrote.</summary>
    public async Task<long> WriteTogetherAsync(string tag)
    {
        await using RespClient client = await proxy.ConnectAsync();
        long round = 0;
        for (; !_isStopped; round++)
        {
            string value = round.ToString(CultureInfo.InvariantCulture);
            RedisReply set = await client.CommandAsync("MSET", $"{{{tag}}}a", value, $"{{{tag}}}b", value, $"{{{tag}}}c", value);
            Assert.Equal("OK", set.Text);
            RedisReply read = await client.CommandAsync("MGET", $"{{{tag}}}c", $"{{{tag}}}a", $"{{{tag}}}b");
            Assert.True(!read.IsError && read.Items.All(item => item.Text == value), $"MGET after MSET {value}: {read}");
        }

        return round;
    }

    /// <summary>Increments one counter, request by request, through whatever happens.</summary>
    public async Task<Outage> EndureAsync(string counter)
    {
        await using RespClient client = await proxy.ConnectAsync();
        var outage = new Outage();
        while (!_isStopped)
        {
            RedisReply reply = await client.CommandAsync("INCR", counter);
            long now = Stopwatch.GetTimestamp();
            if (reply.IsError)
            {
                outage.Errors.Add((now, reply.Text));
            }
            else
            {
                outage.Acknowledged++;
                outage.LongestSilence = Math.Max(outage.LongestSilence, now - outage.LastSuccess);
                outage.LastSuccess = now;
            }
        }

        return outage;
    }
}

/// <summary>What one client saw of an outage; times in Stopwatch ticks.</summary>
internal sealed class Outage
{
    public List<(long At, string Text)> Errors { get; } = [];

    public long Acknowledged { get; set; }

    public long LastSuccess { get; set; } = Stopwatch.GetTimestamp();

    /// <summary>Longest time between two successes.</summary>
    public long LongestSilence { get; set; }

    public override string ToString() => $"{Acknowledged} acknowledged, {Errors.Count} errors: {string.Join(", ", Errors.Select(error => error.Text).Distinct())}";
}
