using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

public class LoopTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Timers_fire_in_order_not_early_and_not_when_cancelled(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        var loop = group.Loops[0];
        var fired = new List<int>();
        var early = new List<int>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await loop.RunAsync(() =>
        {
            long start = Stopwatch.GetTimestamp();
            int[] delays = [30, 10, 20, 10, 0, 40, 25];
            var timers = new List<LoopTimer>();
            foreach (int delay in delays)
            {
                timers.Add(loop.Schedule(TimeSpan.FromMilliseconds(delay), () =>
                {
                    if (Stopwatch.GetElapsedTime(start).TotalMilliseconds < delay)
                        early.Add(delay);
                    fired.Add(delay);
                    if (delay == 40)
                        all.SetResult();
                }));
            }

            timers[2].Cancel();
            timers[2].Cancel();
            timers[6].Cancel();
        });
        await all.Task.WaitAsync(Peers.Bound, Cancel);
        Assert.Equal([0, 10, 10, 30, 40], fired);
        Assert.Empty(early);
    }

    [Fact]
    public void A_timer_restarted_before_it_fires_fires_once_and_one_restarted_after_fires_again()
    {
        var heap = new Core.TimerHeap();
        int fired = 0;
        var timer = heap.Add(1, () => fired++);

        timer.Restart(TimeSpan.FromHours(1));
        Assert.False(heap.TryTakeDue(Stopwatch.GetTimestamp(), out _));
        Assert.Equal(1, heap.Count);
        for (int round = 1; round <= 3; round++)
        {
            Assert.True(heap.TryTakeDue(long.MaxValue - 1, out var callback));
            callback();
            Assert.Equal((round, 0), (fired, heap.Count));
            timer.Restart(TimeSpan.Zero);
        }
    }

    [Fact]
    public void A_heap_of_timers_agrees_with_a_sorted_list_and_keeps_no_cancelled_ones()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var heap = new Core.TimerHeap();
            var pending = new List<(long Due, int Id, LoopTimer Timer)>();
            var fired = new List<int>();
            for (int id = 0; id < 300; id++)
            {
                int captured = id;
                long due = random.Next(100);
                pending.Add((due, id, heap.Add(due, () => fired.Add(captured))));
                if (random.Next(2) == 0)
                {
                    int victim = random.Next(pending.Count);
                    pending[victim].Timer.Cancel();
                    pending.RemoveAt(victim);
                }

                Assert.Equal(pending.Count, heap.Count);
            }

            while (heap.TryTakeDue(long.MaxValue - 1, out var callback))
                callback();
            Assert.Equal(pending.OrderBy(timer => timer.Due).ThenBy(timer => timer.Id).Select(timer => timer.Id), fired);
        }
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Work_posted_from_many_threads_runs_in_each_ones_order(TransportFlavor flavor)
    {
        const int Threads = 8, Each = 2_000;
        using var group = LoopGroup.Start(flavor, 1);
        var loop = group.Loops[0];
        var seen = new List<(int Thread, int Number)>();
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(
            () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    int number = i;
                    loop.Post(() => seen.Add((thread, number)));
                }
            },
            Cancel)));
        await loop.RunAsync(() => { });
        Assert.Equal(Threads * Each, seen.Count);
        foreach (var ofThread in seen.GroupBy(entry => entry.Thread))
            Assert.Equal(Enumerable.Range(0, Each), ofThread.Select(entry => entry.Number));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Two_loops_get_the_connections_evenly(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 2);
        using var listener = group.Listen(Peers.AnyPort, _ => Peers.Echo());
        var clients = new List<Socket>();
        for (int i = 0; i < 40; i++)
            clients.Add(Peers.Dial(listener.LocalEndPoint));
        await Peers.Eventually(() => group.Loops.All(loop => loop.Counters.Accepted == 20), "20 each");

        // The first loop's first ten leave: the next ten go there.
        for (int i = 0; i < 20; i += 2)
            clients[i].Dispose();
        await Peers.Eventually(() => group.Loops.Sum(loop => loop.ConnectionCount) == 30, "ten gone");
        int gone = 20 - group.Loops[0].ConnectionCount;
        for (int i = 0; i < 10; i++)
            clients.Add(Peers.Dial(listener.LocalEndPoint));
        await Peers.Eventually(() => group.Loops.All(loop => loop.ConnectionCount == 20), "20 each again");
        Assert.Equal(20 + gone, group.Loops[0].Counters.Accepted);
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Thousands_of_connects_and_closes_leave_nothing(TransportFlavor flavor)
    {
        int count = flavor == TransportFlavor.Epoll ? 5_000 : 1_000;
        using var group = LoopGroup.Start(flavor, 2);
        using var listener = group.Listen(Peers.AnyPort, _ => Peers.Echo());
        for (int i = 0; i < count; i++)
        {
            using var client = Peers.Dial(listener.LocalEndPoint);
            client.LingerState = new LingerOption(true, 0); // reset: no port is left waiting
            client.Send("x"u8);
            if (i % 3 == 0)
                Assert.Equal("x"u8.ToArray(), client.ReceiveExactly(1));
            else if (i % 3 == 1)
                client.Shutdown(SocketShutdown.Send);
        }

        await Peers.Eventually(() => group.Loops.Sum(loop => loop.ConnectionCount) == 0, "all connections over");
        await Peers.Eventually(() => SocketsOf(listener) <= 1, "all sockets closed");
        Assert.Equal(count, group.Loops.Sum(loop => loop.Counters.Accepted));
        foreach (var loop in group.Loops)
            Assert.InRange(loop.Counters.PooledBytes, 0, 1_000_000);
    }

    [Fact]
    public async Task Events_for_a_closed_descriptor_do_not_reach_the_connection_that_has_its_number_now()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Count = 50;
        var accepted = new List<LoopConnection>();
        var replacements = new List<TestHandler>();
        var handlers = new List<TestHandler>();
        int readable = 0;
        using var group = LoopGroup.Start(TransportFlavor.Epoll, 1);
        var loop = group.Loops[0];
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        target.Bind(Peers.AnyPort);
        target.Listen(Count);
        using var listener = group.Listen(Peers.AnyPort, _ => Add(new TestHandler { Readable = OnFirst }));
        var clients = Enumerable.Range(0, Count).Select(_ => Peers.Dial(listener.LocalEndPoint)).ToList();
        foreach (var client in clients)
            client.Send("1"u8);
        await Peers.Eventually(() => Volatile.Read(ref readable) == Count, "all known");

        // While the loop is held, all clients send: the next batch holds an event for each. The first closes all the others.
        using var held = new ManualResetEventSlim();
        loop.Post(() => held.Wait(Peers.Bound));
        foreach (var client in clients)
            client.Send("2"u8);
        held.Set();
        await Peers.Eventually(() => handlers.Count(handler => handler.Closed.IsCompleted) == Count - 1, "others closed");
        foreach (var replacement in replacements)
            await replacement.WhenConnected.WaitAsync(Peers.Bound, Cancel);
        Assert.Equal(Count + 1, Volatile.Read(ref readable));
        Assert.All(handlers, handler => Assert.Empty(handler.Violations));
        Assert.All(replacements, handler => Assert.False(handler.Closed.IsCompleted));
        clients.ForEach(client => client.Dispose());

        TestHandler Add(TestHandler handler)
        {
            handlers.Add(handler);
            return handler;
        }

        void OnFirst(LoopConnection connection)
        {
            connection.Input.Consume(connection.Input.Unread.Length);
            if (Interlocked.Increment(ref readable) <= Count)
            {
                accepted.Add(connection);
                return;
            }

            foreach (var other in accepted.Where(other => other != connection))
            {
                other.Abort();
                var replacement = new TestHandler { Readable = _ => Interlocked.Increment(ref readable) };
                replacements.Add(replacement);
                loop.Connect(target.LocalEndPoint!, Peers.Bound, replacement);
            }
        }
    }

    [Fact]
    public void Auto_takes_epoll_on_Linux_and_says_so()
    {
        using var group = LoopGroup.Start(TransportFlavor.Auto, 2);
        Assert.Equal(OperatingSystem.IsLinux() ? TransportFlavor.Epoll : TransportFlavor.Sockets, group.Flavor);
        Assert.StartsWith(OperatingSystem.IsLinux() ? "epoll, 2 loops" : "sockets, 2 loops (no epoll: ", group.Description, StringComparison.Ordinal);
    }

    /// <summary>This process's sockets on the listener's port, the listening one included.</summary>
    private static int SocketsOf(LoopListener listener)
    {
        int port = ((IPEndPoint)listener.LocalEndPoint).Port;
        if (!OperatingSystem.IsLinux())
            return 1;
        string suffix = $":{port:X4}";
        var inodes = File.ReadLines("/proc/self/net/tcp")
            .Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[1].EndsWith(suffix, StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[9]}]")
            .ToHashSet();
        return new DirectoryInfo("/proc/self/fd").GetFiles().Count(file => file.LinkTarget is { } link && inodes.Contains(link));
    }
}
