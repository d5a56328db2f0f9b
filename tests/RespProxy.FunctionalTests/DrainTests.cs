using System.Diagnostics;
using System.Net.Sockets;
using RespProxy.Configuration;
using RespProxy.Downstream;
using RespProxy.Testing;
using RespProxy.Testing.Proxy;

namespace RespProxy.FunctionalTests;

/// <summary>The end of a proxy, and the limit on its clients.</summary>
public sealed class DrainTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_drain_lets_requests_in_flight_finish_and_closes_each_client_once_it_is_owed_nothing()
    {
        var gate = new Gate();
        await using FakeNode node = Scene.Standalone(request => request.Command == "INCR" ? gate.Then(FakeAnswer.Send(Wire.Integer(7))) : ValueTask.FromResult(Scene.Plain(request)));
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node);
        await proxy.ConnectedAsync(nodes: 1);
        await using RespClient idle = await proxy.ConnectAsync();
        await using RespClient busy = await proxy.ConnectAsync();
        Assert.Equal(["+PONG\r\n"], await idle.PipelineAsync("PING"));
        await busy.SendAsync(Scene.Requests("INCR k", "PING"));
        await node.ReceivedAsync("INCR", 1);

        Task draining = proxy.Server.DrainAsync(Long);
        Assert.Empty(await idle.ReadToEndAsync());
        await Assert.ThrowsAnyAsync<SocketException>(() => proxy.ConnectAsync());
        Assert.Equal(ProxyStatus.Draining, proxy.Server.Status);
        Assert.False(draining.IsCompleted);

        gate.Open();
        Assert.Equal(":7\r\n+PONG\r\n", Wire.Text(await busy.ReadToEndAsync()));
        await draining.WaitAsync(Long);
        Assert.Equal(0, proxy.Server.ReadCounters().Connections);
    }

    [Fact]
    public async Task A_drain_ends_after_its_time_whatever_is_still_owed()
    {
        await using FakeNode node = Scene.Standalone(_ => FakeAnswer.Silence);
        await using RunningProxy proxy = await Scene.ProxyAsync(UpstreamMode.Standalone, node, upstream => upstream with { RequestTimeout = TimeSpan.FromSeconds(60) });
        await using RespClient client = await proxy.ConnectAsync();
        await client.SendAsync(Scene.Requests("GET k"));
        await node.ReceivedAsync("GET", 1);

        long started = Stopwatch.GetTimestamp();
        await proxy.Server.DrainAsync(Scene.ShortTimeout);

        Assert.InRange(Stopwatch.GetElapsedTime(started), Scene.ShortTimeout, Long);
        Assert.Empty(await client.ReadToEndAsync());
        await Eventually.HoldsAsync("all are closed", () => proxy.Server.ReadCounters().Connections == 0);
    }

    [Fact]
    public async Task Clients_beyond_the_limit_are_told_so_and_closed()
    {
        await using FakeNode node = Scene.Standalone(Scene.Plain);
        await using RunningProxy proxy = await Scene.ProxyAsync(node, limits => limits with { MaxClients = 2 });
        await using RespClient first = await proxy.ConnectAsync();
        RespClient second = await proxy.ConnectAsync();
        await Eventually.HoldsAsync("both are in", () => proxy.Server.ReadCounters().Connections == 2);

        await using RespClient third = await proxy.ConnectAsync();
        Assert.Equal("-ERR max number of clients reached\r\n", Wire.Text(await third.ReadToEndAsync()));
        Assert.Equal(1, proxy.Server.ReadCounters().ConnectionsRejected);

        await second.DisposeAsync();
        await Eventually.HoldsAsync("there is room", () => proxy.Server.ReadCounters().Connections == 1);
        await using RespClient fourth = await proxy.ConnectAsync();
        Assert.Equal(["+PONG\r\n"], await fourth.PipelineAsync("PING"));
        Assert.Equal(["+PONG\r\n"], await first.PipelineAsync("PING"));
    }
}
