using System.Runtime.CompilerServices;
using RespProxy.Downstream.Accounting;
using RespProxy.Transport;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// Stages 9 and 15 of docs/architecture.md: the places that a client's requests take in the line of replies, and the replies on their way out. What the
/// client does not take is bounded here, like what waits for a slower node's reply. Loop thread only.
/// </summary>
internal sealed class ReplyLine(ClientSession session, ProxyLoop loop)
{
    private readonly SessionAccount _account = session.Account;
    private ReplyQueue _queue;
    private LoopPipeWriter _output = null!; // set before the first reply: Open
    private SessionFlow _flow = null!;

    /// <summary>Requests not answered to the client yet.</summary>
    public int Pending => _queue.Pending;

    /// <summary>Of early replies, which wait for their turn. May be read from any thread.</summary>
    public int ParkedBytes => _queue.ParkedBytes;

    /// <summary>The number that the next request takes: <see cref="Reserve"/>.</summary>
    public uint NextNumber => _queue.Next;

    /// <summary>Some of the reply at the head is written, and more of it will come.</summary>
    public bool IsInParts { get; private set; }

    /// <summary>CLIENT REPLY ON, OFF or SKIP.</summary>
    public ReplyMode Mode { get; set; }

    /// <summary>Who takes the replies of the command that runs now in place of the client; null: nobody.</summary>
    public IReplyCapture? Capture { get; set; }

    /// <summary>The client is connected.</summary>
    public void Open(LoopPipeWriter output, SessionFlow flow)
    {
        _output = output;
        _flow = flow;
    }

    /// <summary>9. Takes the request's place in the line of replies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Reserve()
    {
        uint number = _queue.Reserve();
        _account.Expect(number, _queue.Pending);
        if (_queue.Pending >= loop.Limits.ClientPendingRequests) _flow.Pause(PauseReasons.Pending);
        return number;
    }

    /// <summary>As <see cref="Reserve"/>, for what answers no request.</summary>
    public uint ReservePush()
    {
        uint number = Reserve();
        _account.ExpectPush(number, _queue.Pending);
        return number;
    }

    /// <summary>The mark for a request to be sent upstream now: whether its reply is to be swallowed (CLIENT REPLY OFF and SKIP).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte TakeMark() => Mode == ReplyMode.On ? (byte)0 : TakeSilence();

    private byte TakeSilence()
    {
        if (Mode == ReplyMode.SkipNext) Mode = ReplyMode.On;
        return 1;
    }

    /// <summary>Answers the request at hand with a reply of the proxy's own, in its turn.</summary>
    public void Answer(ReadOnlySpan<byte> reply)
    {
        if (Capture is { } capture)
        {
            capture.Take(reply);
            return;
        }

        if (TakeMark() != 0)
        {
            _account.SettleSilently(reply);
            return;
        }

        if (_queue.Pending > 0)
        {
            session.Complete(Reserve(), reply);
            return;
        }

        session.Admission?.OnAnswered(reply.Length);
        _account.Settle(reply);
        // A small request of the proxy's own may have a large answer: thousands of them fit into one read.
        Write(reply);
        if (!session.IsClosed) _flow.PauseIfUnsent();
    }

    /// <summary>15. Puts a reply in its place: to the client if its turn has come, aside otherwise. An empty one only moves the line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Complete(uint number, ReadOnlySpan<byte> reply)
    {
        _account.Settle(number, reply);
        if (_queue.IsHead(number))
        {
            _queue.Advance();
            Write(reply);
            if (_queue.HasParked) WriteParked();
        }
        else
        {
            Park(number, reply);
        }

        session.Admission?.OnSettled(number, reply.Length);
    }

    /// <summary>Writes at once, before whatever is owed; closes a client that leaves too much untaken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ReadOnlySpan<byte> reply)
    {
        if (session.IsClosed) return;
        if (_output.Unsent > loop.Limits.ClientOutputBuffer)
        {
            CloseForUnread(_output.Unsent);
            return;
        }

        _output.Write(reply);
    }

    /// <summary>
    /// Whether the reply with this number may be written in parts as they come: its turn is now, and the client takes what it gets. Until <see cref="EndParts"/> nothing
    /// else is written: later replies are parked behind it, and so is what is pushed.
    /// </summary>
    public bool TakesParts(uint number) => _queue.IsHead(number) && _output.Unsent <= loop.Limits.ClientOutputBuffer;

    /// <summary>
    /// Writes a part of the reply at the head. How much the client leaves untaken was looked at before the first: like one that comes whole, a
    /// large reply is not cut off for its own size.
    /// </summary>
    public void WritePart(ReadOnlySpan<byte> part)
    {
        IsInParts = true;
        _output.Write(part);
    }

    /// <summary>The reply at the head, so many bytes, has been written in parts.</summary>
    public void EndParts(uint number, long length)
    {
        IsInParts = false;
        _account.Settle(number, length);
        _queue.Advance();
        if (_queue.HasParked) WriteParked();
        session.Admission?.OnSettled(number, (int)Math.Min(length, int.MaxValue));
    }

    /// <summary>Drops what is parked: the client is gone.</summary>
    public void Clear() => _queue.Clear(loop.Events.Buffers);

    /// <summary>A slow node makes the others' replies wait here: no more is asked for meanwhile, and what was asked for is bounded.</summary>
    private void Park(uint number, ReadOnlySpan<byte> reply)
    {
        _queue.Park(number, reply, loop.Events.Buffers);
        if (_queue.ParkedBytes <= SessionFlow.UnsentHighWater) return;
        if (_queue.ParkedBytes > loop.Limits.ClientOutputBuffer) CloseForUnread(_queue.ParkedBytes);
        else _flow.Pause(PauseReasons.Order);
    }

    private void WriteParked()
    {
        while (_queue.TryTakeHead(out ReadOnlySpan<byte> reply)) Write(reply);
        _queue.ReleaseUnused(loop.Events.Buffers);
    }

    /// <summary>Like Redis's client-output-buffer-limit: what a client does not read must not become the proxy's memory.</summary>
    private void CloseForUnread(long unread)
    {
        loop.Registry.LogOutputLimit(session, unread);
        session.Abort();
    }
}
