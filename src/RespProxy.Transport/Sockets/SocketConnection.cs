using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using RespProxy.Transport.Core;

namespace RespProxy.Transport.Sockets;

/// <summary>
/// A connection of a <see cref="SocketLoop"/>: at most one read and one write under way on a <see cref="Stream"/>, each in an
/// array of its own, so that nothing of the connection is touched off the loop's thread. Only connecting and shutting down
/// know the socket; another stream (TLS) can stand between.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Disposed when the connection closes, by its loop.")]
internal sealed class SocketConnection : ConnectionCore
{
    private const int ReceiveSize = 16 * 1024;

    /// <summary>Bytes in one write: those under way are a copy, which should stay small.</summary>
    private const int LargestWrite = 256 * 1024;

    private readonly EndPoint? _target;
    private Socket? _socket;
    private Stream? _stream;
    private EndPoint? _remoteEndPoint;
    private EndPoint? _localEndPoint;
    private bool _isReading;
    private bool _isWriting;
    private bool _isOutputBroken; // the peer takes no more, but may have left bytes to read
    private int _lingered;

    public SocketConnection(SocketLoop loop, ConnectionHandler handler, EndPoint target)
        : base(loop, handler, isOutgoing: true) => _target = target;

    public SocketConnection(SocketLoop loop, ConnectionHandler handler, Socket socket)
        : base(loop, handler, isOutgoing: false) => _socket = socket;

    public override EndPoint? RemoteEndPoint => _target ?? (_remoteEndPoint ??= Look(static socket => socket.RemoteEndPoint));

    public override EndPoint? LocalEndPoint => _localEndPoint ??= Look(static socket => socket.LocalEndPoint);

    /// <summary>Starts to read an accepted connection.</summary>
    public void Open()
    {
        Core.Add(this);
        try
        {
            UseSocket(_socket!);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            Close(CloseReason.Error, e.Message);
            return;
        }

        StartRead();
    }

    public void Connect(TimeSpan timeout)
    {
        BeginConnecting(timeout);
        try
        {
            ObjectDisposedException.ThrowIf(Core.IsStopping, Core);
            var protocol = _target!.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp;
            _socket = new Socket(_target.AddressFamily, SocketType.Stream, protocol);
            _ = ConnectAsync(_socket, _target);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Close(CloseReason.ConnectFailed, e.Message);
        }
    }

    protected override void SendOutput()
    {
        while (!_isWriting && !_isOutputBroken && Output.Unsent > 0 && Stage == Stage.Open)
            StartWrite();
        if (IsClosingWhenSent && !_isWriting && Stage == Stage.Open)
            FinishOutput();
    }

    protected override void WantsInputChanged() => StartRead();

    protected override void ShutDownOutput()
    {
        try
        {
            _socket!.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            EndLinger(); // gone already
        }
    }

    protected override void ReleaseDescriptor()
    {
        _stream?.Dispose();
        _socket?.Dispose();
    }

    private async Task ConnectAsync(Socket socket, EndPoint target)
    {
        string? error = null;
        try
        {
            await socket.ConnectAsync(target).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            error = e.Message;
        }

        Core.Post(() => EndConnect(error));
    }

    private void EndConnect(string? error)
    {
        if (Stage != Stage.Connecting)
            return;
        try
        {
            if (error is null)
                UseSocket(_socket!);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            error = e.Message;
        }

        if (error is null)
            Connected();
        else
            Close(CloseReason.ConnectFailed, error);
    }

    private void UseSocket(Socket socket)
    {
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        _stream = new NetworkStream(socket, ownsSocket: false);
    }

    private void StartRead()
    {
        if (_isReading || !WantsInput || _stream is null)
            return;
        _isReading = true;
        Core.Tally.Receives++;
        _ = ReadAsync(_stream, Core.Buffers.Rent(ReceiveSize));
    }

    private async Task ReadAsync(Stream stream, byte[] array)
    {
        int count = -1;
        string? error = null;
        try
        {
            count = await stream.ReadAsync(array).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            error = e.Message;
        }

        Core.Post(() => EndRead(array, count, error));
    }

    private void EndRead(byte[] array, int count, string? error)
    {
        _isReading = false;
        try
        {
            if (Stage == Stage.Lingering)
                DiscardInput(count);
            else if (Stage == Stage.Open && !IsClosingWhenSent)
                TakeInput(array, count, error);
        }
        catch (Exception e)
        {
            Fail(e);
        }

        Core.Buffers.Return(array);
        StartRead();
    }

    private void TakeInput(byte[] array, int count, string? error)
    {
        if (count < 0)
        {
            Close(CloseReason.Error, error);
        }
        else if (count == 0 && _isOutputBroken)
        {
            Close(CloseReason.Error, null);
        }
        else if (count == 0)
        {
            FinishInput();
        }
        else
        {
            Core.Tally.BytesReceived += count;
            Append(array.AsSpan(0, count));
            if (IsReadingPaused)
                Input.Settle(); // the read was under way already; ResumeReading offers it
            else
                DeliverInput();
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = Input.PrepareReceive(Core.ReceiveBuffer);
            int count = Math.Min(bytes.Length, room.Count);
            bytes[..count].CopyTo(room);
            Input.Received(count);
            bytes = bytes[count..];
        }
    }

    private void DiscardInput(int count)
    {
        _lingered += Math.Max(count, 0);
        if (count <= 0 || _lingered >= LingerBytes)
            EndLinger();
    }

    private void StartWrite()
    {
        var bytes = Output.UnsentSegment;
        int count = Math.Min(bytes.Count, LargestWrite);
        byte[] array = Core.Buffers.Rent(count);
        bytes.AsSpan(0, count).CopyTo(array);
        Output.MarkSent(count);
        Core.Tally.Sends++;
        Core.Tally.BytesSent += count;
        _isWriting = true;
        ValueTask writing;
        try
        {
            writing = _stream!.WriteAsync(array.AsMemory(0, count));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            writing = ValueTask.FromException(e);
        }

        if (writing.IsCompletedSuccessfully)
        {
            _isWriting = false;
            Core.Buffers.Return(array);
            return;
        }

        _ = WriteAsync(writing, array);
    }

    private async Task WriteAsync(ValueTask writing, byte[] array)
    {
        string? error = null;
        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            error = e.Message;
        }

        Core.Post(() => EndWrite(array, error));
    }

    private void EndWrite(byte[] array, string? error)
    {
        _isWriting = false;
        Core.Buffers.Return(array);
        if (Stage != Stage.Open)
            return;
        if (error is not null)
            BreakOutput(error);
        SendOutput();
        if (_isWriting || _isOutputBroken || Stage != Stage.Open)
            return;
        try
        {
            Handler.OnDrained(this);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    // The peer may have sent its last words before it went: what is unread is still delivered, then the end shows there.
    private void BreakOutput(string error)
    {
        if (!WantsInput)
        {
            Close(IsClosingWhenSent ? CloseReason.Local : CloseReason.Error, error);
            return;
        }

        _isOutputBroken = true;
        Error = error;
    }

    private EndPoint? Look(Func<Socket, EndPoint?> side)
    {
        try
        {
            return _socket is null ? null : side(_socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
