using System.Net;
using System.Net.Sockets;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Epoll;

/// <summary>A connection of an <see cref="EpollLoop"/>.</summary>
internal sealed class EpollConnection : ConnectionCore, IEpollSource
{
    private const int TcpLevel = 6;       // IPPROTO_TCP
    private const int TcpNoDelay = 1;     // TCP_NODELAY
    private const int SocketLevel = 1;    // SOL_SOCKET
    private const int KeepAlive = 9;      // SO_KEEPALIVE

    private readonly EpollLoop _loop;
    private readonly EndPoint? _target;
    private EndPoint? _remoteEndPoint;
    private EndPoint? _localEndPoint;
    private int _descriptor = -1;
    private ulong _token;                 // 0: not watched yet (the loop's own source has that one)
    private uint _watched;                // the events epoll was asked for last
    private bool _isBlocked;              // a short write waits for EPOLLOUT
    private bool _isOutputBroken;         // the peer takes no more, but may have left bytes to read
    private int _lingered;

    public EpollConnection(EpollLoop loop, ConnectionHandler handler, EndPoint target)
        : base(loop, handler, isOutgoing: true)
    {
        _loop = loop;
        _target = target;
    }

    public EpollConnection(EpollLoop loop, ConnectionHandler handler, int descriptor)
        : base(loop, handler, isOutgoing: false)
    {
        _loop = loop;
        _descriptor = descriptor;
    }

    public override EndPoint? RemoteEndPoint => _target ?? (_remoteEndPoint ??= Look(ofPeer: true));

    public override EndPoint? LocalEndPoint => _localEndPoint ??= Look(ofPeer: false);

    /// <summary>Starts to watch an accepted connection.</summary>
    public void Open()
    {
        Core.Add(this);
        Watch(EpollEvents.In);
    }

    public void Connect(TimeSpan timeout)
    {
        BeginConnecting(timeout);
        int result = _loop.IsStopping ? -Libc.ErrorAgain : StartConnect();
        if (result == -Libc.ErrorInProgress)
            Watch(EpollEvents.Out);
        else if (result < 0)
            Close(CloseReason.ConnectFailed, Libc.Describe(-result));
        else
            Connected();
    }

    public void OnEvents(uint events)
    {
        switch (Stage)
        {
            case Stage.Connecting:
                FinishConnect();
                break;
            case Stage.Lingering:
                DiscardInput();
                break;
            case Stage.Open:
                OnOpenEvents(events);
                break;
        }
    }

    internal override int SendNow(ReadOnlySpan<byte> bytes)
    {
        if (Stage != Stage.Open || _isBlocked || _isOutputBroken || IsClosingWhenSent)
            return 0;
        int count = Libc.Send(_descriptor, bytes);
        Core.Tally.Sends++;
        if (count <= 0)
            return 0;
        Core.Tally.BytesSent += count;
        return count;
    }

    void IEpollSource.Fail(Exception exception) => Fail(exception);

    protected override void SendOutput()
    {
        if (_isBlocked)
            return;
        var unsent = Output.UnsentSegment;
        if (unsent.Count > 0 && !_isOutputBroken && !Send(unsent))
            return;
        if (IsClosingWhenSent)
            FinishOutput();
    }

    protected override void WantsInputChanged()
    {
        // Input not wanted any more is taken off epoll's list only when some comes: a pause is mostly over before.
        if (WantsInput || _token == 0 || (_watched & EpollEvents.Out) != 0)
            UpdateWatch();
    }

    protected override void ShutDownOutput() => Libc.ShutDownOutput(_descriptor);

    protected override void ReleaseDescriptor()
    {
        if (_descriptor < 0)
            return;
        if (_token != 0)
            _loop.Forget(_token);
        Libc.Close(_descriptor);
        _descriptor = -1;
    }

    private void OnOpenEvents(uint events)
    {
        if ((events & EpollEvents.Out) != 0 && _isBlocked)
            Unblock();
        if (Stage != Stage.Open || (events & ~EpollEvents.Out) == 0)
            return;
        if (WantsInput)
            Receive();
        else if ((events & (EpollEvents.HangUp | EpollEvents.Error)) != 0)
            CloseGone();
        else
            UpdateWatch();
    }

    private void Receive()
    {
        int count = Libc.Receive(_descriptor, Input.PrepareReceive(Core.ReceiveBuffer));
        Core.Tally.Receives++;
        if (count > 0)
        {
            Core.Tally.BytesReceived += count;
            Input.Received(count);
            DeliverInput();
            return;
        }

        Input.Settle();
        if (count == -Libc.ErrorAgain)
            return;
        if (count < 0)
            Close(CloseReason.Error, Libc.Describe(-count));
        else if (_isOutputBroken)
            Close(CloseReason.Error, null);
        else
            FinishInput();
    }

    // Neither side of the connection works any more, and nobody waits for what may lie unread.
    private void CloseGone()
    {
        int error = Libc.TakeSocketError(_descriptor);
        if (IsClosingWhenSent)
            Close(CloseReason.Local, "the peer was gone before all was sent");
        else if (error != 0)
            Close(CloseReason.Error, Libc.Describe(error));
        else
            Close(CloseReason.PeerClosed, null);
    }

    private void Unblock()
    {
        _isBlocked = false;
        SendOutput();
        if (_isBlocked || Stage != Stage.Open)
            return;
        UpdateWatch();
        Handler.OnDrained(this);
    }

    /// <summary>True when everything was sent.</summary>
    private bool Send(ArraySegment<byte> unsent)
    {
        int count = Libc.Send(_descriptor, unsent.AsSpan());
        Core.Tally.Sends++;
        if (count < 0 && count != -Libc.ErrorAgain)
        {
            BreakOutput(-count);
            return false;
        }

        if (count > 0)
        {
            Core.Tally.BytesSent += count;
            Output.MarkSent(count);
        }

        if (count == unsent.Count)
            return true;
        _isBlocked = true;
        UpdateWatch();
        return false;
    }

    // The peer may have sent its last words before it went: what is unread is still delivered, then the end shows there.
    private void BreakOutput(int error)
    {
        if (!WantsInput || error is not (Libc.ErrorBrokenPipe or Libc.ErrorConnectionReset))
        {
            Close(IsClosingWhenSent ? CloseReason.Local : CloseReason.Error, Libc.Describe(error));
            return;
        }

        _isOutputBroken = true;
        Error = Libc.Describe(error);
    }

    private void DiscardInput()
    {
        int count = Libc.Receive(_descriptor, Core.ReceiveBuffer);
        Core.Tally.Receives++;
        if (count == -Libc.ErrorAgain)
            return;
        _lingered += Math.Max(count, 0);
        if (count <= 0 || _lingered >= LingerBytes)
            EndLinger();
    }

    private int StartConnect()
    {
        _descriptor = Libc.Socket(NativeEndPoint.Family(_target!));
        if (_descriptor < 0)
            return _descriptor;
        if (_target!.AddressFamily != AddressFamily.Unix)
            Libc.SetOption(_descriptor, TcpLevel, TcpNoDelay, 1);
        Libc.SetOption(_descriptor, SocketLevel, KeepAlive, 1);
        return Libc.Connect(_descriptor, NativeEndPoint.Address(_target));
    }

    private void FinishConnect()
    {
        int error = Libc.TakeSocketError(_descriptor);
        if (error == 0)
            Connected();
        else
            Close(CloseReason.ConnectFailed, Libc.Describe(error));
    }

    private void UpdateWatch()
    {
        if (_descriptor < 0)
            return;
        uint wanted = (WantsInput ? EpollEvents.In : 0) | (_isBlocked ? EpollEvents.Out : 0);
        if (_token == 0)
        {
            Watch(wanted);
        }
        else if (wanted != _watched)
        {
            _watched = wanted;
            _loop.Modify(_token, _descriptor, wanted);
        }
    }

    private void Watch(uint events)
    {
        _watched = events;
        int result = _loop.TryWatch(this, _descriptor, events, out _token);
        if (result < 0)
            Close(CloseReason.Error, Libc.Describe(-result));
    }

    private EndPoint? Look(bool ofPeer) => _descriptor < 0 ? null : NativeEndPoint.Of(_descriptor, ofPeer);
}
