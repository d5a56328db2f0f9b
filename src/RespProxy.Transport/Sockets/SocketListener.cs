using System.Net;
using System.Net.Sockets;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Sockets;

/// <summary>Accepts on the thread pool and hands each connection to the loop that has the fewest.</summary>
internal sealed class SocketListener : LoopListener
{
    /// <summary>Pause after an accept fails: mostly for want of descriptors, which the next would lack too.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private readonly SocketLoop[] _loops;
    private readonly Func<EventLoop, ConnectionHandler?> _accept;
    private readonly Socket _socket;
    private int _isDisposed;

    public SocketListener(SocketLoop[] loops, Socket socket, Func<EventLoop, ConnectionHandler?> accept)
    {
        _loops = loops;
        _accept = accept;
        _socket = socket;
        LocalEndPoint = socket.LocalEndPoint!;
    }

    public override EndPoint LocalEndPoint { get; }

    /// <summary>Starts accepting.</summary>
    public void Open() => _ = AcceptAllAsync();

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _socket.Dispose();
    }

    private async Task AcceptAllAsync()
    {
        while (Volatile.Read(ref _isDisposed) == 0)
        {
            try
            {
                HandOver(await _socket.AcceptAsync().ConfigureAwait(false));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (Volatile.Read(ref _isDisposed) != 0)
                    return;
                var acceptor = _loops[0];
                acceptor.Post(() => acceptor.Tally.AcceptFailures++);
                await Task.Delay(RetryAfter).ConfigureAwait(false);
            }
        }
    }

    private void HandOver(Socket socket)
    {
        var loop = (SocketLoop)LoopChoice.Fewest(_loops);
        loop.CountAccepted(1);
        if (loop.Post(() => loop.Adopt(socket, _accept)))
            return;
        loop.CountAccepted(-1);
        socket.Dispose();
    }
}
