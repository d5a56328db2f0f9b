using System.Globalization;
using System.Text.RegularExpressions;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using RespProxy.Upstream.Connections;

namespace RespProxy.FunctionalTests;

/// <summary>What the proxy tells of its queues, loops, connections, redirects and rates, against what a test knows that it did.</summary>
public sealed class ReadingTests
{
    [Fact]
    public async Task Requests_that_a_node_has_not_answered_are_in_flight_with_all_their_bytes_until_it_has()
    {
        var answers = new TaskCompletionSource();
        await using FakeNode node = Scene.Standalone(async _ =>
        {
            await answers.Task;
            return FakeAnswer.Ok;
        });
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(1);
        await using RespClient client = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("SET a 1", "SET b 2", "SET c 3"));

        await Eventually.HoldsAsync("three are in flight", () => Upstream(proxy).InFlightRequests == 3);

        Assert.Equal(3 * Wire.Request("SET", Scene.Prefix + "a", "1").Length, Upstream(proxy).InFlightBytes);
        Assert.Equal((1, 0, 0), (Upstream(proxy).Connections, Upstream(proxy).UnsentBytes, Upstream(proxy).ParkedRequests));
        answers.SetResult();
        await client.WiresAsync(3);
        await Eventually.HoldsAsync("none is in flight", () => Upstream(proxy) is { InFlightRequests: 0, InFlightBytes: 0 });
    }

    [Fact]
    public async Task Requests_without_a_node_are_parked_until_their_time_is_over()
    {
        FakeNode node = Scene.Standalone(_ => FakeAnswer.Ok);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(1);
        await node.DisposeAsync();
        await using RespClient client = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("SET a 1"));

        await Eventually.HoldsAsync("it is parked", () => Upstream(proxy) is { ParkedRequests: 1, ParkedBytes: > 0 });
    }

    [Fact]
    public async Task Replies_that_a_client_does_not_take_are_told_for_its_loop()
    {
        byte[] large = Wire.Bulk(new string('x', 1024 * 1024));
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(large));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests([.. Enumerable.Repeat("GET a", 40)]));

        await Eventually.HoldsAsync("much is left", () => proxy.Server.ReadCounters().Loops[0].ClientUnsentBytes > 4 * large.Length);

        Assert.InRange(proxy.Server.ReadCounters().Loops[0].ClientUnsentBytes, 1, 40 * large.Length);
        await client.ReadRepliesAsync(40);
        await Eventually.HoldsAsync("nothing is left", () => proxy.Server.ReadCounters().Loops[0].ClientUnsentBytes == 0);
    }

    [Fact]
    public async Task Replies_that_wait_for_a_slower_node_are_told_until_it_answers()
    {
        var answers = new TaskCompletionSource();
        await using TwoNodes nodes = await TwoNodes.StartAwaitingAsync(onA: async request =>
        {
            await answers.Task;
            return Scene.Plain(request);
        });
        await using RespClient client = await nodes.ConnectAsync();
        await client.SendAsync(Scene.Requests($"GET {nodes.KeyOfA}", $"GET {nodes.KeyOfB}"));

        await Eventually.HoldsAsync("one waits", () => nodes.Proxy.Server.ReadCounters().Loops[0].ClientParkedBytes == Wire.Bulk(nodes.KeyOfB).Length);

        answers.SetResult();
        await client.WiresAsync(2);
        Assert.Equal(0, nodes.Proxy.Server.ReadCounters().Loops[0].ClientParkedBytes);
    }

    [Fact]
    public async Task Connections_are_told_by_listener_and_by_tenant()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient first = await proxy.ConnectAsync();
        await using RespClient second = await proxy.ConnectAsync();
        await using RespClient stranger = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        await using RespClient third = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);
        foreach (RespClient client in (RespClient[])[first, second, stranger]) await client.CommandAsync("PING");
        await third.CommandAsync("AUTH", "app1", RunningProxy.PasswordOf("app1"));

        ProxyCounters counters = proxy.Server.ReadCounters();

        Assert.Equal([("open-app1", 2L), ("open-app2", 0L), ("shared", 2L)], counters.Listeners);
        Assert.Equal([("", 1L), ("app1", 3L)], counters.Tenants);
    }

    [Theory]
    [InlineData("TRYAGAIN later", RetryReason.TryAgain)]
    [InlineData("CLUSTERDOWN down", RetryReason.ClusterDown)]
    [InlineData("LOADING the dataset", RetryReason.Loading)]
    [InlineData("MASTERDOWN Link", RetryReason.PrimaryDown)]
    [InlineData("READONLY You can't write", RetryReason.ReadOnly)]
    public async Task A_request_that_is_sent_again_is_counted_by_the_reason(string error, RetryReason reason)
    {
        int asked = 0;
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Send(Interlocked.Increment(ref asked) == 1 ? Wire.Error(error) : Wire.Ok));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();

        Assert.Equal(["+OK\r\n"], await client.PipelineAsync("SET a 1"));

        Assert.Equal([(reason, 1L)], Upstream(proxy).Retries.Where(each => each.Count > 0));
    }

    [Fact]
    public async Task A_request_that_ends_without_a_reply_is_counted_by_what_is_known_of_it()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "SET" ? FakeAnswer.Drop : FakeAnswer.Silence);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, Scene.WithShortTimeout);
        await using RespClient client = await proxy.ConnectAsync();
        await client.PipelineAsync("SET a 1");
        await client.PipelineAsync("GET a");

        Assert.Equal([(UpstreamFailure.OutcomeUnknown, 1L), (UpstreamFailure.TimedOut, 1L)], Upstream(proxy).Failures.Where(each => each.Count > 0));
        Assert.Equal(2, Upstream(proxy).Failed);
    }

    [Fact]
    public async Task A_rate_tells_what_it_allowed_delayed_rejected_and_only_counted()
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Ok);
        RateSnapshot Rate(string name, string command, RateAction action, long burst, long rate = 1) =>
            new() { Name = name, Scope = new RuleScopeSnapshot { Commands = [command] }, Rate = rate, Burst = burst, Action = action, MaxDelay = TimeSpan.FromSeconds(10) };
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], configuration => configuration with
        {
            Tenants =
            [
                configuration.Tenants[0] with
                {
                    Limits = new TenantLimitsSnapshot
                    {
                        Rates = [Rate("refuses", "SET", RateAction.Reject, 3), Rate("waits", "INCR", RateAction.Delay, 1, rate: 20), Rate("looks", "DEL", RateAction.Shadow, 1), Rate("looks", "UNLINK", RateAction.Shadow, 1)],
                    },
                },
                configuration.Tenants[1],
            ],
        });
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("SET a 1", "SET a 1", "SET a 1", "SET a 1", "SET a 1", "INCR a", "INCR a", "DEL a", "DEL a", "UNLINK a", "GET a");

        Assert.Equal(
            [new LimiterReading("app1", "refuses", 3, 0, 2, 0), new LimiterReading("app1", "waits", 2, 1, 0, 0), new LimiterReading("app1", "looks", 2, 0, 0, 1)],
            proxy.Server.ReadCounters().Limiters);
    }

    [Fact]
    public async Task A_loop_tells_how_long_it_was_at_work_which_is_no_longer_than_the_time()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        long begun = System.Diagnostics.Stopwatch.GetTimestamp();
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await using RespClient client = await proxy.ConnectAsync();
        LoopReading before = proxy.Server.ReadCounters().Loops[0];
        for (int i = 0; i < 50; i++) await client.CommandAsync("GET", "a");

        LoopReading after = proxy.Server.ReadCounters().Loops[0];

        Assert.InRange(after.Counters.Turns - before.Counters.Turns, 50, 100_000);
        Assert.InRange(after.Busy, before.Busy + TimeSpan.FromMicroseconds(50), System.Diagnostics.Stopwatch.GetElapsedTime(begun));
        Assert.InRange(after.LongTurns, 0, after.Counters.Turns - 1);
    }

    [Fact]
    public async Task Info_tells_the_commands_of_the_clients_own_tenant_as_redis_does()
    {
        await using FakeNode node = Scene.Standalone(request => request.Command == "INCR" ? FakeAnswer.Send(Wire.Error("ERR value is not an integer or out of range")) : Scene.Plain(request));
        await using RunningProxy proxy = await RunningProxy.StartAsync(UpstreamMode.Standalone, [(node.Host, node.Port)], configuration => configuration with
        {
            Tenants = [configuration.Tenants[0] with { Denials = [new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGETALL"] } }] }, configuration.Tenants[1]],
        });
        await using RespClient client = await proxy.ConnectAsync();
        await using RespClient stranger = await proxy.ConnectAsync("app2");
        await stranger.PipelineAsync("GET a", "DEL a");
        await client.PipelineAsync("GET a", "GET a", "INCR a", "INCR a", "HGETALL h", "CLIENT ID", "NOSUCH");

        string text = (await client.CommandAsync("INFO", "commandstats")).Text;

        string[] lines = text.Split("\r\n");
        Assert.Equal("# Commandstats", lines[0]);
        Assert.All(lines[1..^1], line => Assert.Matches(@"^cmdstat_[a-z|]+:calls=\d+,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=\d+,failed_calls=\d+$", line));
        Assert.Equal(
            ["client|id 1 0 0", "get 2 0 0", "hgetall 0 1 0", "incr 2 0 2"],
            Regex.Matches(text, @"cmdstat_([a-z|]+):calls=(\d+),.*rejected_calls=(\d+),failed_calls=(\d+)").Select(line => string.Join(' ', line.Groups.Values.Skip(1).Select(group => group.Value))).Order(StringComparer.Ordinal));
        double microseconds = double.Parse(Regex.Match(text, @"cmdstat_get:calls=2,usec=(\d+),").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(double.Parse(Regex.Match(text, @"cmdstat_get:.*usec_per_call=([0-9.]+)").Groups[1].Value, CultureInfo.InvariantCulture), microseconds / 2, (microseconds + 1) / 2);
        Assert.Contains("\r\n# Commandstats\r\n", (await client.CommandAsync("INFO", "everything")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Commandstats", (await client.CommandAsync("INFO")).Text, StringComparison.Ordinal);
    }

    private static UpstreamReading Upstream(RunningProxy proxy) => proxy.Server.ReadCounters().Upstreams[0];
}
