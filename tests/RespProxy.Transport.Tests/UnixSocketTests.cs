using System.Net.Sockets;

namespace RespProxy.Transport.Tests;

public sealed class UnixSocketTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("loop");

    private string SocketPath => Path.Combine(_directory.FullName, "s");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public async Task A_Unix_socket_works_both_ways_has_its_mode_and_goes_with_its_listener(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        var endPoint = new UnixDomainSocketEndPoint(SocketPath);
        var echoed = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (group.Listen(endPoint, _ => Peers.Echo(), unixMode: 0b110_000_000))
        {
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
            var handler = new TestHandler
            {
                Connected = connection =>
                {
                    "hello"u8.CopyTo(connection.Output.GetSpan(5));
                    connection.Output.Advance(5);
                    connection.Output.Flush();
                },
                Readable = connection => echoed.TrySetResult(connection.Input.Unread.ToArray()),
            };
            await group.Loops[0].RunAsync(() => group.Loops[0].Connect(endPoint, Peers.Bound, handler));
            Assert.Equal("hello"u8.ToArray(), await echoed.Task.WaitAsync(Peers.Bound, TestContext.Current.CancellationToken));
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public void A_stale_socket_file_is_replaced(TransportFlavor flavor)
    {
        using (var crashed = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            // Moved away, the file is not found when the socket is disposed, and stays as after a crash.
            crashed.Bind(new UnixDomainSocketEndPoint(SocketPath + ".bound"));
            File.Move(SocketPath + ".bound", SocketPath);
        }

        using var group = LoopGroup.Start(flavor, 1);
        using var listener = group.Listen(new UnixDomainSocketEndPoint(SocketPath), _ => Peers.Echo());
        using var client = Peers.Dial(listener.LocalEndPoint);
        client.Send("x"u8);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("x"u8.ToArray(), client.ReceiveToEnd());
    }

    [Theory]
    [MemberData(nameof(Flavors.All), MemberType = typeof(Flavors))]
    public void A_socket_in_use_and_a_plain_file_are_left_alone(TransportFlavor flavor)
    {
        using var group = LoopGroup.Start(flavor, 1);
        var endPoint = new UnixDomainSocketEndPoint(SocketPath);
        using var first = group.Listen(endPoint, _ => Peers.Echo());
        var refused = Assert.Throws<SocketException>(() => group.Listen(endPoint, _ => null));
        Assert.Equal(SocketError.AddressAlreadyInUse, refused.SocketErrorCode);
        using var client = Peers.Dial(endPoint);

        string file = Path.Combine(_directory.FullName, "file");
        File.WriteAllText(file, "precious");
        Assert.Throws<SocketException>(() => group.Listen(new UnixDomainSocketEndPoint(file), _ => null));
        Assert.Equal("precious", File.ReadAllText(file));
    }
}
