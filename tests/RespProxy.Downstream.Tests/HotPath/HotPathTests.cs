using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;
using RespProxy.Transport;
using static System.FormattableString;

namespace RespProxy.Downstream.Tests.HotPath;

/// <summary>
/// What a command costs the loop's thread, counted, not timed: bytes allocated and system calls, over real sockets and epoll.
/// </summary>
public sealed class HotPathTests
{
    private const int Commands = 50_000;

    /// <summary>System calls are whole numbers: fewer commands say as much.</summary>
    private const int FewCommands = 4_800;

    /// <summary>Bytes per command that count as none: asking for the figure allocates, once.</summary>
    private const double NextToNothing = 0.05;

    /// <summary>What a loaded machine makes slow is kept, and that costs: here the comparison alone is measured.</summary>
    private static readonly SlowLogSnapshot NothingIsSlow = new() { Threshold = TimeSpan.FromHours(1) };

    private static readonly byte[] ValueReply = Wire.Bulk(BatchNode.Value);

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task A_GET_from_client_bytes_to_reply_allocates_nothing(int depth)
    {
        Cost cost = await MeasureStandaloneAsync(Wire.Request("GET", "key"), ValueReply, depth);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task A_SET_from_client_bytes_to_reply_allocates_nothing(int depth)
    {
        Cost cost = await MeasureStandaloneAsync(Wire.Request("SET", "key", BatchNode.Value), Wire.Ok, depth);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Theory]
    [InlineData("GET", 1)]
    [InlineData("GET", 16)]
    [InlineData("SET", 1)]
    [InlineData("SET", 16)]
    public async Task A_command_of_a_tenant_with_a_thousand_rules_allocates_nothing_whether_it_passes_or_is_refused(string command, int depth)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        byte[] request = command == "GET" ? Wire.Request("GET", "key") : Wire.Request("SET", "key", BatchNode.Value);
        byte[] reply = command == "GET" ? ValueReply : Wire.Error("ERR LIMIT once rate exceeded, retry after 1000 ms");
        using BatchNode node = BatchNode.Standalone();
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [("127.0.0.1", node.Port)],
            configuration => configuration with { Transport = TransportKind.Epoll, Loops = 1, SlowLog = NothingIsSlow, Tenants = [.. configuration.Tenants.Select(WithThousandRules)] },
            time: new StandingTime());
        await using (RespClient first = await proxy.ConnectAsync()) await first.CommandAsync("SET", "key", "uses the rate up");
        Cost cost = Measure(proxy, request, reply, depth, Commands / depth, commandsInRequest: 1);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Fact]
    public async Task A_SET_within_an_enforced_quota_allocates_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using BatchNode node = BatchNode.Standalone();
        await using RunningProxy proxy = await RunningProxy.StartAsync(
            UpstreamMode.Standalone,
            [("127.0.0.1", node.Port)],
            configuration => configuration with
            {
                Transport = TransportKind.Epoll,
                Loops = 1,
                SlowLog = NothingIsSlow,
                Tenants = [.. configuration.Tenants.Select(tenant => tenant with { Quota = new QuotaSnapshot { Peak = 1024, Factor = 1, Enforce = true } })],
            });
        proxy.Server.Quotas.Report("app1", 1024);
        Cost cost = Measure(proxy, Wire.Request("SET", "key", BatchNode.Value), Wire.Ok, depth: 16, Commands / 16, commandsInRequest: 1);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Theory]
    [InlineData("GET", 1)]
    [InlineData("GET", 16)]
    [InlineData("SET", 1)]
    [InlineData("SET", 16)]
    public async Task A_command_whose_keys_uses_bytes_and_size_are_all_counted_allocates_nothing(string command, int depth)
    {
        byte[] request = command == "GET" ? Wire.Request("GET", "key") : Wire.Request("SET", "key", BatchNode.Value);
        Cost cost = await MeasureStandaloneAsync(
            request, command == "GET" ? ValueReply : Wire.Ok, depth, adjust: configuration => configuration with { HotKeys = new HotKeysSnapshot { Sample = 1 }, BigKeys = new BigKeysSnapshot { Bytes = 1 } });
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task A_GET_that_the_near_cache_answers_allocates_nothing_and_asks_no_node(int depth)
    {
        Cost cost = await MeasureStandaloneAsync(Wire.Request("GET", "key"), ValueReply, depth, adjust: configuration => configuration with
        {
            HotKeys = new HotKeysSnapshot { HotReads = 1 },
            Tenants = [.. configuration.Tenants.Select(tenant => tenant with { NearCache = new NearCacheSnapshot { MaxAge = TimeSpan.FromHours(1) } })],
        });
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
        Assert.InRange(cost.Receives, 0, (1.0 / depth) + 0.05);
    }

    [Fact]
    public async Task An_MGET_split_over_three_nodes_allocates_nothing()
    {
        byte[] request = Wire.Request(["MGET", .. Enumerable.Range(0, 10).Select(i => "key" + i)]);
        byte[] reply = Wire.Array([.. Enumerable.Repeat(ValueReply, 10)]);
        Cost cost = await MeasureClusterAsync(request, reply, depth: 4);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Fact]
    public async Task GETs_answered_out_of_order_by_three_nodes_allocate_nothing()
    {
        byte[] requests = [.. Enumerable.Range(0, 16).SelectMany(i => Wire.Request("GET", "key" + i))];
        byte[] replies = [.. Enumerable.Repeat(ValueReply, 16).SelectMany(reply => reply)];
        Cost cost = await MeasureClusterAsync(requests, replies, depth: 1, commandsInRequest: 16);
        Assert.InRange(cost.AllocatedBytes, 0, NextToNothing);
    }

    [Fact]
    public async Task A_lone_command_costs_one_receive_and_one_send_on_each_side()
    {
        Cost cost = await MeasureStandaloneAsync(Wire.Request("GET", "key"), ValueReply, depth: 1, FewCommands);
        Assert.InRange(cost.Receives, 1.99, 2.01);
        Assert.InRange(cost.Sends, 1.99, 2.01);
        Assert.InRange(cost.Turns, 1.99, 2.01);
        Assert.InRange(cost.InterestChanges, 0, 0.001);
    }

    [Fact]
    public async Task An_MGET_split_over_three_nodes_costs_a_receive_and_a_send_for_each_of_them_and_for_its_client()
    {
        byte[] request = Wire.Request(["MGET", .. Enumerable.Range(0, 10).Select(i => "key" + i)]);
        byte[] reply = Wire.Array([.. Enumerable.Repeat(ValueReply, 10)]);
        Cost cost = await MeasureClusterAsync(request, reply, depth: 1, commands: FewCommands);
        Assert.InRange(cost.Receives, 3.99, 4.01);
        Assert.InRange(cost.Sends, 3.99, 4.01);
        Assert.InRange(cost.Turns, 0, 4.01);
        Assert.InRange(cost.InterestChanges, 0, 0.001);
    }

    [Fact]
    public async Task GETs_of_16_clients_at_once_share_a_turn_and_one_receive_and_send_on_the_nodes_side()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        using BatchNode node = BatchNode.Standalone();
        await using RunningProxy proxy = await StartProxyAsync(UpstreamMode.Standalone, node.Port);
        Cost cost = MeasureTogether(proxy, Wire.Request("GET", "key"), ValueReply, clients: 16, FewCommands / 16);
        // One of its own each, and a sixteenth of one that all share.
        Assert.InRange(cost.Receives, 1.06, 1.07);
        Assert.InRange(cost.Sends, 1.06, 1.07);
    }

    [Fact]
    public async Task A_pipeline_of_16_is_received_and_sent_whole_on_each_side()
    {
        Cost cost = await MeasureStandaloneAsync(Wire.Request("GET", "key"), ValueReply, depth: 16, FewCommands);
        Assert.InRange(cost.Receives, 0.12, 0.20);
        Assert.InRange(cost.Sends, 0.12, 0.20);
        Assert.InRange(cost.Turns, 0, 0.20);
        Assert.InRange(cost.InterestChanges, 0, 0.001);
    }

    /// <summary>Every kind of rule; those that GET meets let it pass.</summary>
    private static TenantSnapshot WithThousandRules(TenantSnapshot tenant)
    {
        static RuleScopeSnapshot Scope(string command, params ImmutableArray<string> patterns) => new() { Commands = [command], Patterns = patterns };
        const long Plenty = 1_000_000_000;
        return tenant with
        {
            Denials = [.. Enumerable.Range(0, 500).Select(i => new DenialSnapshot { Scope = Scope("@all", Invariant($"no{i}:*")) with { Keys = [Invariant($"key{i}")] } })],
            Limits = new TenantLimitsSnapshot
            {
                MaxConnections = 100,
                MaxInFlight = 100,
                Rates =
                [
                    .. Enumerable.Range(0, 500).Select(i => new RateSnapshot { Scope = Scope("@read", Invariant($"k{i}:*")), Rate = 1, Burst = 1 }),
                    .. Enum.GetValues<RateUnit>().Select(unit => new RateSnapshot { Unit = unit, Rate = Plenty, Burst = Plenty }),
                    new RateSnapshot { Scope = Scope("GET", "k*"), Rate = Plenty, Burst = Plenty, Action = RateAction.Delay },
                    new RateSnapshot { Name = "once", Scope = Scope("SET"), Rate = 1, Burst = 1 },
                ],
            },
        };
    }

    private static async Task<Cost> MeasureStandaloneAsync(byte[] request, byte[] reply, int depth, int commands = Commands, Func<ProxySnapshot, ProxySnapshot>? adjust = null)
    {
        using BatchNode node = BatchNode.Standalone();
        await using RunningProxy proxy = await StartProxyAsync(UpstreamMode.Standalone, node.Port, adjust);
        return Measure(proxy, request, reply, depth, commands / depth, commandsInRequest: 1);
    }

    private static async Task<Cost> MeasureClusterAsync(byte[] request, byte[] reply, int depth, int commandsInRequest = 1, int commands = Commands)
    {
        BatchNode[] nodes = BatchNode.Cluster(3);
        try
        {
            await using RunningProxy proxy = await StartProxyAsync(UpstreamMode.Cluster, nodes[0].Port);
            return Measure(proxy, request, reply, depth, commands / depth / commandsInRequest, commandsInRequest);
        }
        finally
        {
            Array.ForEach(nodes, node => node.Dispose());
        }
    }

    private static Task<RunningProxy> StartProxyAsync(UpstreamMode mode, int port, Func<ProxySnapshot, ProxySnapshot>? adjust = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        ProxySnapshot Adjust(ProxySnapshot configuration) => configuration with { Transport = TransportKind.Epoll, Loops = 1, SlowLog = NothingIsSlow };
        return RunningProxy.StartAsync(mode, [("127.0.0.1", port)], configuration => adjust is null ? Adjust(configuration) : adjust(Adjust(configuration)));
    }

    /// <summary>Sends the request <paramref name="depth"/> times in one go, takes the replies, and so on: per command.</summary>
    private static Cost Measure(RunningProxy proxy, byte[] request, byte[] reply, int depth, int runs, int commandsInRequest)
    {
        EventLoop loop = proxy.Server.Loops[0];
        using Socket client = Connect(proxy);
        byte[] requests = [.. Enumerable.Repeat(request, depth).SelectMany(bytes => bytes)];
        byte[] expected = [.. Enumerable.Repeat(reply, depth).SelectMany(bytes => bytes)];
        Run(client, requests, expected, runs / 10); // fills the pools

        long counted = proxy.Server.ReadCounters().Commands;
        long allocated = AllocatedBy(loop);
        LoopCounters before = loop.Counters;
        Run(client, requests, expected, runs);
        LoopCounters after = loop.Counters;
        allocated = AllocatedBy(loop) - allocated;

        // Accounting is part of what is measured.
        Assert.Equal(runs * depth * commandsInRequest, proxy.Server.ReadCounters().Commands - counted);
        double commands = runs * depth * commandsInRequest;
        return Cost.Of(before, after, commands, allocated);
    }

    /// <summary>Each of the clients sends the request; when all have their replies, all send it again.</summary>
    private static Cost MeasureTogether(RunningProxy proxy, byte[] request, byte[] reply, int clients, int runs)
    {
        EventLoop loop = proxy.Server.Loops[0];
        Socket[] sockets = [.. Enumerable.Range(0, clients).Select(_ => Connect(proxy))];
        try
        {
            Run(sockets[0], request, reply, 1); // the connection to the node stands
            LoopCounters before = loop.Counters;
            for (int run = 0; run < runs; run++)
            {
                // The loop takes them all up together when it is let go.
                using var stands = new ManualResetEventSlim();
                using var held = new ManualResetEventSlim();
                loop.Post(() =>
                {
                    stands.Set();
                    held.Wait(Eventually.DefaultBound);
                });
                Assert.True(stands.Wait(Eventually.DefaultBound));
                foreach (Socket socket in sockets) socket.Send(request);
                held.Set();
                foreach (Socket socket in sockets) Receive(socket, new byte[reply.Length], reply);
            }

            return Cost.Of(before, loop.Counters, runs * clients, allocated: 0);
        }
        finally
        {
            Array.ForEach(sockets, socket => socket.Dispose());
        }
    }

    private static Socket Connect(RunningProxy proxy)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
        client.Connect(new IPEndPoint(IPAddress.Loopback, proxy.PortOf("app1")));
        return client;
    }

    private static void Run(Socket client, byte[] requests, byte[] expected, int runs)
    {
        byte[] received = new byte[expected.Length];
        for (int run = 0; run < runs; run++)
        {
            client.Send(requests);
            Receive(client, received, expected);
        }
    }

    private static void Receive(Socket client, byte[] received, byte[] expected)
    {
        for (int filled = 0; filled < received.Length;)
        {
            int count = client.Receive(received, filled, received.Length - filled, SocketFlags.None);
            Assert.NotEqual(0, count);
            filled += count;
        }

        if (!received.AsSpan().SequenceEqual(expected)) Assert.Equal(Wire.Text(expected), Wire.Text(received));
    }

    private static long AllocatedBy(EventLoop loop)
    {
        long bytes = 0;
        using var done = new ManualResetEventSlim();
        Assert.True(loop.Post(() =>
        {
            bytes = GC.GetAllocatedBytesForCurrentThread();
            done.Set();
        }));
        Assert.True(done.Wait(Eventually.DefaultBound));
        return bytes;
    }

    /// <summary>Of the loop's thread, per command.</summary>
    private sealed record Cost(double AllocatedBytes, double Receives, double Sends, double Turns, double InterestChanges)
    {
        public static Cost Of(LoopCounters before, LoopCounters after, double commands, long allocated) => new(
            allocated / commands,
            (after.Receives - before.Receives) / commands,
            (after.Sends - before.Sends) / commands,
            (after.Turns - before.Turns) / commands,
            (after.InterestChanges - before.InterestChanges) / commands);
    }
}
