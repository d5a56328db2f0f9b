using System.Net;
using System.Net.Sockets;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Sockets;

/// <summary>
/// The portable flavor: the framework's sockets complete on the thread pool and post what happened to the loop's mailbox.
/// Several times the cost of <see cref="Epoll.EpollLoop"/>, the same behaviour.
/// </summary>
internal sealed class SocketLoop(int index, Action<Exception> report) : LoopCore(index, report)
{
    private readonly AutoResetEvent _signal = new(initialState: false);

    public override LoopConnection Connect(EndPoint endPoint, TimeSpan timeout, ConnectionHandler handler)
    {
        var connection = new SocketConnection(this, handler, endPoint);
        connection.Connect(timeout);
        return connection;
    }

    /// <summary>Takes over a connection the acceptor gave to this loop and has counted as its.</summary>
    public void Adopt(Socket socket, Func<EventLoop, ConnectionHandler?> accept)
    {
        Tally.Accepted++;
        ConnectionHandler? handler = null;
        try
        {
            handler = IsStopping ? null : accept(this);
        }
        catch (Exception e)
        {
            Report(e);
        }

        if (handler is null)
        {
            CountAccepted(-1);
            socket.Dispose();
            return;
        }

        var connection = new SocketConnection(this, handler, socket);
        connection.Open();
        connection.Introduce();
    }

    protected override void Wake() => _signal.Set();

    protected override int Wait(int milliseconds)
    {
        _signal.WaitOne(milliseconds);
        return 0;
    }

    // Everything that happens comes through the mailbox.
    protected override void Dispatch(int events)
    {
    }

    protected override void ReleaseSystem() => _signal.Dispose();
}
