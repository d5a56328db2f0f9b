using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// Rates to the command: the limits' clock moves only when the test moves it, so that what clients get is not about right, but so many. The same
/// with real clocks, for seconds: the load tests' <c>--limits</c>.
/// </summary>
public sealed class AdmissionExactnessTests : IAsyncLifetime
{
    private const int Milliseconds = 200;

    private readonly StandingTime _time = new();
    private LocalRedis _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await LocalRedis.StartAsync(new LocalRedisOptions());

    public ValueTask DisposeAsync() => _redis.DisposeAsync();

    [Theory]
    [InlineData(1, 10, 1, 1, 10)]
    [InlineData(1, 100, 1, 50, 10)]
    [InlineData(1, 1_000, 8, 1, 2)]
    [InlineData(2, 10_000, 8, 50, 10)]
    [InlineData(2, 10_000, 64, 1, 2)]
    [InlineData(2, 100_000, 8, 50, 2)]
    public async Task Clients_that_ask_for_more_get_the_burst_and_the_rate_to_the_command(int loops, long rate, int connections, int pipeline, int step)
    {
        long burst = Math.Max(1, rate / 10);
        await using RunningProxy proxy = await StartAsync(loops, new RateSnapshot { Rate = rate, Burst = burst });
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => proxy.ConnectAsync()));
        string[] requests = [.. Enumerable.Repeat("INCR n", pipeline)];
        long accepted = 0, asked = 0;
        for (int elapsed = 0; elapsed <= Milliseconds; elapsed += step)
        {
            if (elapsed > 0) _time.Advance(TimeSpan.FromMilliseconds(step));
            string[][] replies = await Task.WhenAll(clients.Select(client => client.PipelineAsync(requests)));
            accepted += replies.Sum(each => each.Count(reply => reply[0] == ':'));
            asked += connections * pipeline;
            Assert.Equal(Math.Min(asked, burst + (rate * elapsed / 1000)), accepted);
        }

        Assert.Equal(accepted.ToString(CultureInfo.InvariantCulture), (await _redis.CommandAsync("GET", "cluster1@app1:n")).Text);
        Assert.True(asked > accepted);
        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Delayed_clients_all_get_their_turn_in_their_own_order_and_the_one_beyond_the_longest_delay_is_refused(int loops)
    {
        // The clock stands: the n-th command after the burst of 10 has its turn n times 100 us from now, the 400th after 39 ms.
        const int Connections = 8, Pipeline = 50;
        await using RunningProxy proxy = await StartAsync(
            loops, new RateSnapshot { Rate = 10_000, Burst = 10, Action = RateAction.Delay, MaxDelay = TimeSpan.FromMilliseconds(39) });
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => proxy.ConnectAsync()));
        string[][] replies = await Task.WhenAll(clients.Select((client, i) => client.PipelineAsync([.. Enumerable.Repeat($"INCR n{i}", Pipeline)])));

        Assert.All(replies, each => Assert.Equal(Enumerable.Range(1, Pipeline).Select(n => $":{n}\r\n"), each));
        Assert.Equal("ERR LIMIT commands rate exceeded, retry after 40 ms", (await clients[0].CommandAsync("INCR", "n0")).Text);
        CommandReading reading = proxy.Server.ReadUsage("app1").Total;
        Assert.Equal(((Connections * Pipeline) - 10, Connections * Pipeline, 1), (reading.Delayed, reading.Allowed, reading.Throttled));
        foreach (RespClient client in clients) await client.DisposeAsync();
    }

    private Task<RunningProxy> StartAsync(int loops, RateSnapshot rate) => RunningProxy.StartAsync(
        UpstreamMode.Standalone,
        [(_redis.Host, _redis.Port)],
        configuration => configuration with
        {
            Loops = loops,
            Tenants = [configuration.Tenants[0] with { Limits = new TenantLimitsSnapshot { Rates = [rate] } }, configuration.Tenants[1]],
        },
        time: _time);
}
