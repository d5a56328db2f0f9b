using System.Net;

namespace RespProxy.Transport;

/// <summary>
/// One thread and everything it owns: sockets, buffers, timers. A turn: wait for events, call the handlers, run the
/// mailbox, run due timers, then send: outgoing connections first, so that the nodes work while the clients are written.
/// Members are for the loop's own thread unless they say otherwise.
/// </summary>
public abstract class EventLoop : IDisposable
{
    public abstract int Index { get; }

    public abstract BufferPool Buffers { get; }

    /// <summary>True on the loop's thread. Any thread.</summary>
    public abstract bool IsCurrent { get; }

    /// <summary><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> as read once at the start of this turn. Asked for with every command: not virtual.</summary>
    public long Now { get; private protected set; }

    /// <summary>Connections open on this loop, accepted and outgoing. Any thread; may be a turn old.</summary>
    public abstract int ConnectionCount { get; }

    /// <summary>What this loop has done and holds. Any thread.</summary>
    public abstract LoopCounters Counters { get; }

    /// <summary>
    /// Called once at the end of every turn, after handlers, mailbox and timers and before output is sent: the place to
    /// write what was gathered over the turn.
    /// </summary>
    public Action? TurnEnding { get; set; }

    /// <summary>Called once at the end of every turn, after output was sent. What it writes is sent with the next turn.</summary>
    public Action? TurnEnded { get; set; }

    /// <summary>Runs <paramref name="work"/> on the loop's thread, in the order posted. Any thread. False when the loop has stopped.</summary>
    public abstract bool Post(Action work);

    /// <summary>Runs <paramref name="callback"/> once, no sooner than <paramref name="due"/> from now (resolution about 1 ms).</summary>
    public abstract LoopTimer Schedule(TimeSpan due, Action callback);

    /// <summary>
    /// Starts an outgoing connection; the handler hears OnConnected or OnClosed(ConnectFailed), never before this returns.
    /// Names must be resolved by the caller: <paramref name="endPoint"/> is an IPEndPoint or a UnixDomainSocketEndPoint.
    /// </summary>
    public abstract LoopConnection Connect(EndPoint endPoint, TimeSpan timeout, ConnectionHandler handler);

    /// <summary>
    /// Closes every connection (handlers hear OnClosed on the loop's thread), then ends the thread; waits for it, but not
    /// for ever. Any thread.
    /// </summary>
    public abstract void Dispose();
}

/// <summary>A timer of a loop. Cancelling one that has fired or was cancelled does nothing.</summary>
public abstract class LoopTimer
{
    /// <summary>
    /// Runs the callback once more, no sooner than <paramref name="due"/> from now; one that was still waiting waits anew.
    /// What ticks all the time restarts one timer: nothing is allocated.
    /// </summary>
    public abstract void Restart(TimeSpan due);

    public abstract void Cancel();
}
