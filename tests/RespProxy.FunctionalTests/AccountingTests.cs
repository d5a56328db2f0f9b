using System.Diagnostics;
using System.Globalization;
using RespProxy.Configuration;
using RespProxy.LocalCluster;
using RespProxy.Tenancy.Accounting;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>
/// What is counted of each request, on every path that one can take: once, with every byte. Before real servers; keys <c>s</c> hold a string.
/// </summary>
public sealed class AccountingTests(KeyspaceScene scene) : IClassFixture<KeyspaceScene>
{
    /// <summary>Requests of one client, sent in one piece, and what is counted: command, calls, and errors if there are any.</summary>
    private static readonly (string Path, string[] Requests, string Counted)[] Cases =
    [
        ("routed", ["SET s x", "GET s", "GET none", "INCR s"], "get 2, incr 1 1, set 1"),
        ("answered by the proxy", ["PING", "ECHO hi", "CLIENT ID", "SELECT 1", "SELECT 0", "TIME", "PUBSUB NUMPAT"], "client|id 1, echo 1, ping 1, pubsub|numpat 1, select 2, time 1"),
        ("answered by the proxy behind others", ["GET s", "PING", "GET s", "ECHO x"], "echo 1, get 2, ping 1"),
        ("refused by the gate", ["GET", "NOSUCH a b", "CLIENT NOSUCH", "MONITOR", "SUBSTR", "SHUTDOWN"], "client 1 1, get 1 1, monitor 1 1, shutdown 1 1, substr 1 1, unknown 1 1"),
        ("split", ["MSET a 1 b 2 c 3 d 4", "MGET a b c d", "EXISTS a b c d", "DEL a b c d"], "del 1, exists 1, mget 1, mset 1"),
        ("split behind others", ["GET a", "MGET a b c d", "GET b"], "get 2, mget 1"),
        ("without keys, or with bad ones", ["EVAL x", "ZUNIONSTORE d 0 a", "SORT", "LMPOP 0 a LEFT"], "eval 1 1, lmpop 1 1, sort 1 1, zunionstore 1 1"),
        ("a transaction", ["MULTI", "SET {s} 1", "LPUSH {s} x", "PING", "GET {s}", "EXEC"], "exec 1, get 1, lpush 1 1, multi 1, ping 1, set 1"),
        ("a transaction around the keyspace", ["MULTI", "DBSIZE", "SET {s} 1", "SELECT 99", "EXEC"], "dbsize 1, exec 1, multi 1, select 1 1, set 1"),
        ("a transaction of the proxy's", ["MULTI", "PING", "ECHO x", "EXEC"], "echo 1, exec 1, multi 1, ping 1"),
        ("a transaction that is aborted", ["MULTI", "GET", "SET {s} 1", "EXEC", "EXEC"], "exec 2 2, get 1 1, multi 1, set 1"),
        ("a transaction that is dropped", ["MULTI", "MULTI", "SET {s} 1", "DISCARD", "DISCARD"], "discard 2 1, multi 2 1, set 1"),
        ("a guarded transaction", ["GET {s}", "WATCH {s}", "GET {s}", "MULTI", "SET {s} 1", "EXEC", "WATCH {s}", "UNWATCH"], "exec 1, get 2, multi 1, set 1, unwatch 1, watch 2"),
        ("a lost race", ["WATCH {s}", "SET {s} 2", "MULTI", "GET {s}", "EXEC", "GET {s}"], "exec 1, get 2, multi 1, set 1, watch 1"),
        ("blocking", ["GET s", "RPUSH {l} a", "BLPOP {l} 1", "BLPOP {l} 0.01", "XREAD BLOCK 1 STREAMS {t} $", "GET s"], "blpop 2, get 2, rpush 1, xread 1"),
        ("scripts", ["GET s", "EVAL return(1) 0", "EVALSHA 0000000000000000000000000000000000000000 0", "EVAL return(redis.error_reply('X')) 0", "GET s"], "eval 2 1, evalsha 1 1, get 2"),
        ("scripts kept by the proxy", ["SCRIPT LOAD return(2)", "SCRIPT EXISTS x", "SCRIPT FLUSH"], "script|exists 1, script|flush 1, script|load 1"),
        ("functions", ["FUNCTION LIST", "FCALL none 0", "FUNCTION DELETE none"], "fcall 1 1, function|delete 1 1, function|list 1"),
        ("the whole keyspace", ["GET s", "SCAN 0", "SCAN x", "KEYS *", "DBSIZE", "RANDOMKEY", "FLUSHALL", "GET s"], "dbsize 1, flushall 1 1, get 2, keys 1, randomkey 1, scan 2 1"),
        ("channels", ["PUBLISH c m", "SPUBLISH c m"], "publish 1, spublish 1"),
        ("another database", ["SET {s} 1", "MOVE {s} 1", "COPY {s} {s}2 DB 1"], "copy 1, move 1, set 1"),
        ("patterns of keys", ["RPUSH {l} 1 2", "SORT {l} BY nosort", "SORT {l} LIMIT 0 1"], "rpush 1, sort 2"),
        ("tracking", ["CLIENT TRACKING ON", "HELLO 2", "CLIENT TRACKING OFF"], "client|tracking 2 1, hello 1"),
        ("parting", ["GET s", "QUIT"], "get 1, quit 1"),
    ];

    public static TheoryData<string, UpstreamMode> Paths
    {
        get
        {
            var data = new TheoryData<string, UpstreamMode>();
            foreach ((string path, _, _) in Cases)
            {
                data.Add(path, UpstreamMode.Standalone);
                data.Add(path, UpstreamMode.Cluster);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_request_counts_once_with_all_its_bytes_on_the_path(string path, UpstreamMode mode)
    {
        (_, string[] requests, string counted) = Cases.Single(each => each.Path == path);
        await using RunningProxy proxy = await scene.StartAsync(mode);
        await using RespClient client = await proxy.ConnectAsync();
        await FillAsync(client);
        UsageReport before = proxy.Server.ReadUsage("app1");

        byte[] sent = Scene.Requests(requests);
        await client.SendAsync(sent);
        string[] replies = await client.WiresAsync(requests.Length);

        UsageReport after = await SettledAsync(proxy);
        Assert.Equal(counted, Difference(before, after));
        Assert.Equal(sent.Length, after.Total.RequestBytes - before.Total.RequestBytes);
        Assert.Equal(replies.Sum(reply => reply.Length), after.Total.ReplyBytes - before.Total.ReplyBytes);
        Assert.Equal((0, 0, 0), (after.Pushes, after.Total.Denied, after.Total.Allowed));
    }

    [Fact]
    public async Task Requests_count_for_whom_the_client_is_and_the_one_that_changes_it_for_whom_it_makes_it()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await RespClient.ConnectAsync("127.0.0.1", proxy.SharedPort);

        await client.PipelineAsync(
            "GET a", "AUTH app1 wrong", "AUTH app1 app1-secret", "GET a", "GET a", "HELLO 3 AUTH app10 app10-secret", "GET a", "RESET", "GET a", "NOSUCH");

        Assert.Equal("auth 1 1, get 2 2, reset 1, unknown 1 1", Told(proxy.Server.ReadUsage(UsageReport.Nobody)));
        Assert.Equal("auth 1, get 2", Told(proxy.Server.ReadUsage("app1")));
        Assert.Equal("get 1, hello 1", Told(proxy.Server.ReadUsage("app10")));
        Assert.Equal(["", "app1", "app10"], proxy.Server.ReadUsage().Select(report => report.Tenant));
        Assert.Equal(10, proxy.Server.ReadCounters().Commands);
        Assert.Empty(proxy.Server.ReadUsage("app").Commands);
    }

    [Fact]
    public async Task Replies_that_the_client_does_not_want_cost_it_no_bytes_and_their_errors_count()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync();

        await client.SendAsync(Scene.Requests("SET s x", "CLIENT REPLY OFF", "INCR s", "PING", "NOSUCH", "MULTI", "LPUSH s x", "EXEC", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "INCR s", "GET s"));
        string[] replies = await client.WiresAsync(3);

        UsageReport usage = await SettledAsync(proxy);
        Assert.Equal("client|reply 3, exec 1, get 1, incr 2 2, lpush 1 1, multi 1, ping 1, set 1, unknown 1 1", Told(usage));
        Assert.Equal(replies.Sum(reply => reply.Length), usage.Total.ReplyBytes);
    }

    [Fact]
    public async Task Confirmations_are_replies_and_publications_and_invalidations_are_pushes()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient subscriber = await proxy.ConnectAsync();
        await using RespClient tracker = await proxy.ConnectAsync();
        await using RespClient writer = await proxy.ConnectAsync("app1");
        string[] confirmations = [.. await subscriber.PipelineAsync("SUBSCRIBE c d")];
        confirmations = [.. confirmations, .. await subscriber.WiresAsync(1)];
        await tracker.PipelineAsync("HELLO 3", "CLIENT TRACKING ON", "GET s");
        UsageReport before = await SettledAsync(proxy);

        await writer.PipelineAsync("PUBLISH c hello", "SET s 1");
        string[] pushes = [.. await subscriber.WiresAsync(1), .. await tracker.WiresAsync(1)];
        confirmations = [.. confirmations, .. await subscriber.PipelineAsync("UNSUBSCRIBE c"), .. await subscriber.PipelineAsync("UNSUBSCRIBE")];

        UsageReport usage = await SettledAsync(proxy);
        Assert.Equal("publish 1, set 1, unsubscribe 2", Difference(before, usage));
        Assert.Equal((2, pushes.Sum(push => push.Length)), (usage.Pushes, usage.PushedBytes));
        Assert.Equal(confirmations.Sum(reply => reply.Length), Of(usage, "subscribe").ReplyBytes + Of(usage, "unsubscribe").ReplyBytes);
        Assert.Equal(1, Of(usage, "subscribe").Calls);
    }

    [Fact]
    public async Task An_inline_request_counts_with_the_bytes_that_were_sent_and_what_is_no_request_counts_as_none()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient client = await proxy.ConnectAsync();
        const string Inline = "set s x\r\nGET   s\r\n";

        await client.SendAsync(Wire.Bytes("\r\n" + Inline + "*1\r\n+PING\r\n"));
        string[] replies = [.. (await client.ReadRepliesAsync(3)).Select(reply => reply.Wire)];

        UsageReport usage = await SettledAsync(proxy);
        Assert.Equal("get 1, set 1", Told(usage));
        Assert.Equal(Inline.Length, usage.Total.RequestBytes);
        Assert.Equal(replies[..2].Sum(reply => reply.Length), usage.Total.ReplyBytes);
        Assert.Equal((1, replies[2].Length), (usage.Pushes, usage.PushedBytes));
    }

    [Fact]
    public async Task A_request_whose_reply_does_not_come_while_the_client_is_there_counts_with_no_time()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using (RespClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Scene.Requests("BLPOP l 0"));
            await Eventually.HoldsAsync("the client waits", () => proxy.Server.ReadUsage("app1").Total.Calls == 1);
        }

        await Eventually.HoldsAsync("the client is gone", () => proxy.Server.ReadCounters().Connections == 0);
        Assert.Equal((1, 0, 0), (proxy.Server.ReadUsage("app1").Total.Calls, proxy.Server.ReadUsage("app1").Total.ReplyBytes, proxy.Server.ReadUsage("app1").Total.Added.Count));
    }

    [Fact]
    public async Task What_a_node_takes_is_upstream_time_and_what_a_rate_delays_is_added()
    {
        TimeSpan slow = TimeSpan.FromMilliseconds(60);
        await using FakeNode node = Scene.Standalone(async request =>
        {
            await Task.Delay(slow);
            return Scene.Plain(request);
        });
        var delay = new RateSnapshot { Scope = new RuleScopeSnapshot { Commands = ["SET"] }, Rate = 10, Burst = 1, Action = RateAction.Delay, MaxDelay = TimeSpan.FromSeconds(5) };
        // The rules' clock stands: the second SET waits 100 ms, however long the first has taken.
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [(node.Host, node.Port)],
            configuration => configuration with { Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Limits = new TenantLimitsSnapshot { Rates = [delay] } })] },
            time: new StandingTime());
        await proxy.ConnectedAsync(1);
        await using RespClient client = await proxy.ConnectAsync();

        long begun = Stopwatch.GetTimestamp();
        foreach (string request in new[] { "GET a", "SET a 1", "SET a 1", "PING" }) await client.PipelineAsync(request);

        UsageReport usage = await SettledAsync(proxy);
        double whole = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        // The loop may be kept from the processor between its send and its look at the clock.
        double took = slow.TotalSeconds / 2;
        Assert.InRange(Of(usage, "get").Upstream.TotalSeconds, took, 10);
        Assert.InRange(Of(usage, "set").Upstream.TotalSeconds, 2 * took, 10);
        Assert.InRange(Of(usage, "set").Upstream.Percentile(0), took * 1e6, 10e6);
        Assert.Equal((1, 2, 0), (Of(usage, "get").Upstream.Count, Of(usage, "set").Upstream.Count, Of(usage, "ping").Upstream.Count));
        Assert.InRange(Of(usage, "set").Added.TotalSeconds, 0.099, 10);
        Assert.InRange(usage.Total.Added.TotalSeconds + usage.Total.Upstream.TotalSeconds, 3 * took, whole);
        Assert.Equal(1, Of(usage, "set").Delayed);
    }

    [Fact]
    public async Task A_long_wait_is_upstream_time_also_when_the_turn_that_sent_the_request_is_long_forgotten()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone);
        await using RespClient waiting = await proxy.ConnectAsync();
        await using RespClient busy = await proxy.ConnectAsync();
        long begun = Stopwatch.GetTimestamp();
        await waiting.SendAsync(Scene.Requests("BLPOP l 0"));
        await Eventually.HoldsAsync("the client waits", () => proxy.Server.ReadUsage("app1").Total.Calls == 1);
        long waits = Stopwatch.GetTimestamp();
        for (int turn = 0; turn < 4200; turn++) await busy.CommandAsync("PING");
        double least = Stopwatch.GetElapsedTime(waits).TotalSeconds;
        await busy.CommandAsync("RPUSH", "l", "x");
        await waiting.ReadReplyAsync();

        UsageReport usage = await SettledAsync(proxy);
        Assert.InRange(Of(usage, "blpop").Upstream.TotalSeconds, least, Stopwatch.GetElapsedTime(begun).TotalSeconds);
        Assert.InRange(Of(usage, "blpop").Added.TotalSeconds, 0, least / 4);
        // The tenant's nodes are not slow for that.
        Assert.Equal(1, usage.Total.Upstream.Count);
    }

    [Fact]
    public async Task In_a_long_pipeline_over_all_nodes_each_reply_counts_for_its_own_request()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Cluster);
        await using RespClient client = await proxy.ConnectAsync();
        await FillAsync(client);
        UsageReport before = await SettledAsync(proxy);
        string[] requests = [.. Enumerable.Range(0, 700).Select(i => (i % 7) switch
        {
            0 => "PING",
            1 => "INCR s",
            2 => string.Create(CultureInfo.InvariantCulture, $"MGET a{i} b{i} c{i}"),
            3 => "ECHO abcdefghij",
            4 => "NOSUCH",
            _ => string.Create(CultureInfo.InvariantCulture, $"GET none{i}"),
        })];

        string[] replies = await client.PipelineAsync(requests);

        UsageReport usage = await SettledAsync(proxy);
        Assert.Equal("echo 100, get 200, incr 100 100, mget 100, ping 100, unknown 100 100", Difference(before, usage));
        foreach (string command in new[] { "ping", "incr", "mget", "echo", "get" })
        {
            int length = requests.Zip(replies).Where(pair => pair.First.StartsWith(command, StringComparison.OrdinalIgnoreCase)).Sum(pair => pair.Second.Length);
            Assert.Equal(length, Of(usage, command).ReplyBytes);
        }
    }

    [Fact]
    public async Task What_admission_says_is_counted_for_each_command()
    {
        await using RunningProxy proxy = await scene.StartAsync(UpstreamMode.Standalone, tenant => tenant with
        {
            Denials =
            [
                new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGETALL"] } },
                new DenialSnapshot { Scope = new RuleScopeSnapshot { Commands = ["HGET"] }, Shadow = true },
            ],
            Limits = new TenantLimitsSnapshot { Rates = [new RateSnapshot { Scope = new RuleScopeSnapshot { Commands = ["INCR"] }, Rate = 1, Burst = 2 }] },
        });
        await using RespClient client = await proxy.ConnectAsync();

        await client.PipelineAsync("HGETALL h", "HGET h f", "INCR n", "INCR n", "INCR n", "MULTI", "HGETALL h", "EXEC", "GET", "PING");

        UsageReport usage = await SettledAsync(proxy);
        Assert.Equal("exec 1 1, get 1 1, hget 1, hgetall 2 2, incr 3 1, multi 1, ping 1", Told(usage));
        Assert.Equal((2, 0, 0), (Of(usage, "hgetall").Denied, Of(usage, "hgetall").Allowed, Of(usage, "hgetall").Shadowed));
        Assert.Equal((1, 1, 0), (Of(usage, "hget").Shadowed, Of(usage, "hget").Allowed, Of(usage, "hget").Denied));
        Assert.Equal((2, 1), (Of(usage, "incr").Allowed, Of(usage, "incr").Throttled));
        Assert.Equal((2, 1, 1, 6), (usage.Total.Denied, usage.Total.Throttled, usage.Total.Shadowed, usage.Total.Allowed));
    }

    [Fact]
    public async Task Under_load_on_two_loops_no_number_goes_back_and_in_the_end_none_is_lost()
    {
        await using RunningProxy proxy = await StartLoopsAsync();
        const int Clients = 8, Rounds = 60, Depth = 50;
        byte[] requests = Scene.Requests([.. Enumerable.Range(0, Depth).Select(i => i % 2 == 0 ? "GET s" : "PING")]);
        var readers = Enumerable.Range(0, Clients).Select(async _ =>
        {
            await using RespClient client = await proxy.ConnectAsync();
            for (int round = 0; round < Rounds; round++)
            {
                await client.SendAsync(requests);
                await client.ReadRepliesAsync(Depth);
            }
        });

        Task load = Task.WhenAll(readers);
        UsageReport last = proxy.Server.ReadUsage("app1");
        int looks = 0;
        while (!load.IsCompleted)
        {
            UsageReport now = proxy.Server.ReadUsage("app1");
            AssertNotBefore(last.Total, now.Total);
            last = now;
            looks++;
            await Task.Yield();
        }

        await load;
        Assert.InRange(looks, 2, int.MaxValue);
        UsageReport usage = await SettledAsync(proxy);
        const int Each = Clients * Rounds * Depth / 2;
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"get {Each}, ping {Each}"), Told(usage));
        Assert.Equal(Clients * Rounds * requests.Length, usage.Total.RequestBytes);
        Assert.Equal(Each, Of(usage, "get").Upstream.Count);
    }

    private static void AssertNotBefore(CommandReading last, CommandReading now)
    {
        Assert.True(now.Calls >= last.Calls && now.RequestBytes >= last.RequestBytes && now.ReplyBytes >= last.ReplyBytes && now.Errors >= last.Errors);
        Assert.True(now.Added.TotalSeconds >= last.Added.TotalSeconds && now.Upstream.TotalSeconds >= last.Upstream.TotalSeconds);
        for (int bucket = 0; bucket < LatencyBuckets.Count; bucket++)
            Assert.True(now.Added.Counts[bucket] >= last.Added.Counts[bucket] && now.Upstream.Counts[bucket] >= last.Upstream.Counts[bucket]);
    }

    private async Task<RunningProxy> StartLoopsAsync()
    {
        LocalRedis server = scene.ServersOf(UpstreamMode.Standalone)[0];
        return await RunningProxy.StartAsync(UpstreamMode.Standalone, [(server.Host, server.Port)], configuration => configuration with { Loops = 2 });
    }

    private static Task<string[]> FillAsync(RespClient client) => client.PipelineAsync("SET s v", "SET {s} v");

    /// <summary>The turns in which the replies were sent are over: every call counted has its time.</summary>
    private static async Task<UsageReport> SettledAsync(RunningProxy proxy)
    {
        UsageReport usage = null!;
        await Eventually.HoldsAsync("every call has been settled once", () =>
        {
            usage = proxy.Server.ReadUsage("app1");
            return usage.Total.Added.Count == usage.Total.Calls;
        });
        return usage;
    }

    private static CommandReading Of(UsageReport usage, string command) => usage.Commands.Single(reading => reading.Name == command);

    private static string Told(UsageReport usage) => Told(usage.Commands.Select(reading => (reading.Name, reading.Calls, reading.Errors)));

    private static string Difference(UsageReport before, UsageReport after) => Told(after.Commands.Select(now =>
    {
        CommandReading? then = before.Commands.SingleOrDefault(reading => reading.Name == now.Name);
        return (now.Name, now.Calls - (then?.Calls ?? 0), now.Errors - (then?.Errors ?? 0));
    }));

    private static string Told(IEnumerable<(string Name, long Calls, long Errors)> commands) => string.Join(", ", commands
        .Where(command => command.Calls != 0 || command.Errors != 0)
        .OrderBy(command => command.Name, StringComparer.Ordinal)
        .Select(command => string.Create(CultureInfo.InvariantCulture, $"{command.Name} {command.Calls}{(command.Errors == 0 ? "" : $" {command.Errors}")}")));
}
