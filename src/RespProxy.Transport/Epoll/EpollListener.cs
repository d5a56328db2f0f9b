using System.Net;
using System.Net.Sockets;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Epoll;

/// <summary>Accepts on the first loop and hands each connection to the loop that has the fewest.</summary>
internal sealed class EpollListener : LoopListener, IEpollSource
{
    /// <summary>Accepts per event: a connect storm must not hold up the commands of those who are connected.</summary>
    private const int AcceptBatch = 64;

    /// <summary>Pause after an accept fails for want of descriptors or memory; epoll would report the same one again at once.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private readonly EpollLoop _acceptor;
    private readonly EpollLoop[] _loops;
    private readonly Func<EventLoop, ConnectionHandler?> _accept;
    private readonly Socket _socket;
    private readonly int _descriptor;
    private ulong _token;
    private int _isDisposed;
    private bool _isClosed;

    public EpollListener(EpollLoop[] loops, Socket socket, Func<EventLoop, ConnectionHandler?> accept)
    {
        _acceptor = loops[0];
        _loops = loops;
        _accept = accept;
        _socket = socket;
        _socket.Blocking = false;
        _descriptor = (int)socket.Handle;
        LocalEndPoint = socket.LocalEndPoint!;
    }

    public override EndPoint LocalEndPoint { get; }

    /// <summary>Starts accepting. The acceptor's thread.</summary>
    public void Open()
    {
        int result = _acceptor.TryWatch(this, _descriptor, EpollEvents.In, out _token);
        if (result < 0)
            _acceptor.Report(new IOException("epoll_ctl: " + Libc.Describe(-result)));
    }

    public void OnEvents(uint events)
    {
        for (int i = 0; i < AcceptBatch && !_isClosed; i++)
        {
            int descriptor = Libc.Accept(_descriptor);
            if (descriptor >= 0)
                HandOver(descriptor);
            else if (descriptor == -Libc.ErrorAgain)
                return;
            else if (!IsOfOneConnection(-descriptor))
            {
                Rest();
                return;
            }
        }
    }

    public void Fail(Exception exception) => _acceptor.Report(exception);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        if (_acceptor.IsCurrent)
        {
            Close();
            return;
        }

        using var closed = new ManualResetEventSlim();
        if (_acceptor.Post(() =>
            {
                Close();
                closed.Set();
            }))
            closed.Wait(CloseTime);
        else
            Close();
    }

    private void HandOver(int descriptor)
    {
        var loop = (EpollLoop)LoopChoice.Fewest(_loops);
        loop.CountAccepted(1);
        if (loop == _acceptor)
        {
            loop.Adopt(descriptor, _accept);
        }
        else if (!loop.Post(() => loop.Adopt(descriptor, _accept)))
        {
            loop.CountAccepted(-1);
            Libc.Close(descriptor);
        }
    }

    // accept(2): errors of the one connection that was next; the one after it may be fine.
    private bool IsOfOneConnection(int error)
    {
        _acceptor.Tally.AcceptFailures++;
        return error is not (Libc.ErrorTooManyFiles or Libc.ErrorTooManyFilesInSystem or Libc.ErrorNoBuffers or Libc.ErrorNoMemory);
    }

    private void Rest()
    {
        _acceptor.Modify(_token, _descriptor, 0);
        _acceptor.Schedule(RetryAfter, () =>
        {
            if (!_isClosed)
                _acceptor.Modify(_token, _descriptor, EpollEvents.In);
        });
    }

    private void Close()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        if (_token != 0)
            _acceptor.Forget(_token);
        _socket.Dispose();
    }
}
