using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

public class AllocationTests
{
    [Fact]
    public async Task A_loop_in_steady_flow_allocates_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's");
        const int Rounds = 2_000;
        using var group = LoopGroup.Start(TransportFlavor.Epoll, 1);
        var loop = group.Loops[0];
        using var listener = group.Listen(Peers.AnyPort, _ => new TestHandler { Readable = EchoWholeFrames });
        using var client = Peers.Dial(listener.LocalEndPoint);
        PingPong(client, 200);

        long before = await loop.RunAsync(GC.GetAllocatedBytesForCurrentThread);
        PingPong(client, Rounds);
        long after = await loop.RunAsync(GC.GetAllocatedBytesForCurrentThread);

        // The bound is the cost of asking, once; one byte for every round would be above it.
        Assert.InRange(after - before, 0, Rounds - 1);
    }

    // Half frames are left unread, so that leftovers are kept and joined too.
    private static void EchoWholeFrames(LoopConnection connection)
    {
        int whole = connection.Input.Unread.Length / 10 * 10;
        connection.Input.Unread[..whole].CopyTo(connection.Output.GetSpan(whole));
        connection.Output.Advance(whole);
        connection.Input.Consume(whole);
        connection.Output.Flush();
    }

    private static void PingPong(Socket client, int rounds)
    {
        byte[] frames = new byte[25];
        byte[] replies = new byte[30];
        client.Send(frames.AsSpan(0, 5));
        for (int i = 0; i < rounds; i++)
        {
            client.Send(frames); // 5 left over and 25: three frames; then 5 again
            Receive(client, replies, 30);
            client.Send(frames.AsSpan(0, 5));
        }

        client.Send(frames.AsSpan(0, 5));
        Receive(client, replies, 10);
    }

    private static void Receive(Socket client, byte[] replies, int count)
    {
        for (int done = 0; done < count;)
        {
            int n = client.Receive(replies, 0, count - done, SocketFlags.None);
            Assert.NotEqual(0, n);
            done += n;
        }
    }
}
