using System.Net;
using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

public class EchoTests
{
    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Payloads_of_every_size_come_back_unchanged(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => Peers.Echo());
        using var client = Peers.Dial(listener.LocalEndPoint);
        foreach (int size in new[] { 1, 2, 1023, 1024, 1025, 65_536, 262_144, 262_145, 1_000_000, 5_000_000 })
        {
            byte[] payload = Peers.RandomBytes(size, seed: size);
            var sending = Task.Run(() => client.Send(payload), TestContext.Current.CancellationToken);
            byte[] echoed = client.ReceiveExactly(size);
            await sending;
            Assert.True(payload.AsSpan().SequenceEqual(echoed), $"{size} bytes came back changed.");
        }
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public void IPv6_and_its_wildcard_are_listened_on(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        foreach (var address in new[] { IPAddress.IPv6Loopback, IPAddress.IPv6Any })
        {
            using var listener = group.Listen(new IPEndPoint(address, 0), _ => Peers.Echo());
            int port = ((IPEndPoint)listener.LocalEndPoint).Port;
            using var client = Peers.Dial(new IPEndPoint(IPAddress.IPv6Loopback, port));
            client.Send("hello"u8);
            Assert.Equal("hello"u8.ToArray(), client.ReceiveExactly(5));
        }
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task An_outgoing_connection_sends_what_was_written_before_it_stood(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(Peers.AnyPort, _ => Peers.Echo());
        var loop = group.Loops[0];
        var got = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var handler = new TestHandler
        {
            Readable = connection =>
            {
                if (connection.Input.Unread.Length == 5)
                    got.SetResult(connection.Input.Unread.ToArray());
            },
        };
        var connection = await loop.RunAsync(() =>
        {
            var made = loop.Connect(listener.LocalEndPoint, Peers.Bound, handler);
            "early"u8.CopyTo(made.Output.GetSpan(5));
            made.Output.Advance(5);
            made.Output.Flush();
            return made;
        });

        Assert.Equal("early"u8.ToArray(), await got.Task.WaitAsync(Peers.Bound, TestContext.Current.CancellationToken));
        Assert.True(connection.IsOutgoing);
        Assert.Equal(listener.LocalEndPoint, connection.RemoteEndPoint);
        Assert.Equal(2, loop.ConnectionCount);
        await loop.RunAsync(connection.Abort);
        Assert.Equal(CloseReason.Local, await handler.Closed.WaitAsync(Peers.Bound, TestContext.Current.CancellationToken));
        Assert.Empty(handler.Violations);
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task Accepted_connections_know_both_addresses(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        var addresses = new TaskCompletionSource<(EndPoint?, EndPoint?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler
        {
            Readable = connection => addresses.TrySetResult((connection.RemoteEndPoint, connection.LocalEndPoint)),
        });
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        var (remote, local) = await addresses.Task.WaitAsync(Peers.Bound, TestContext.Current.CancellationToken);
        Assert.Equal(client.LocalEndPoint, remote);
        Assert.Equal(client.RemoteEndPoint, local);
    }
}
