using RespProxy.Transport;
using RespProxy.Upstream.Connections;

namespace RespProxy.Downstream.Sessions;

/// <summary>
/// Whether a client's requests are read now. Each reason to stop is set and lifted by itself; reading goes on when none is left,
/// and what was received meanwhile is offered again. Loop thread only.
/// </summary>
internal sealed class SessionFlow(LoopConnection connection, EventLoop events)
{
    /// <summary>Bytes the client has not taken at which reading its requests stops (Kestrel's response buffer default is 64 KiB; pipelines want more).</summary>
    public const long UnsentHighWater = 1024 * 1024;

    private PauseReasons _reasons;

    /// <summary>Only the last reply owed ends the wait for order: what waits upstream may still be sent anew.</summary>
    private bool _isOrderHeld;
    private bool _hasEnded;

    public bool IsPaused => _reasons != PauseReasons.None;

    /// <summary>The connection is over: reasons still come and go, but nothing is read any more.</summary>
    public void End() => _hasEnded = true;

    public void Pause(PauseReasons reason)
    {
        if (_reasons == PauseReasons.None && !_hasEnded) connection.PauseReading();
        _reasons |= reason;
    }

    public void Resume(PauseReasons reason)
    {
        if ((_reasons & reason) == 0 || (reason == PauseReasons.Order && _isOrderHeld)) return;
        _reasons &= ~reason;
        if (_reasons != PauseReasons.None || _hasEnded) return;
        // Only a paused connection offers what it holds; while blocked it was not.
        if (!connection.IsReadingPaused) connection.PauseReading();
        connection.ResumeReading();
    }

    /// <summary>Stops reading until every reply owed has come: <see cref="ReleaseOrder"/>.</summary>
    public void HoldOrder()
    {
        _isOrderHeld = true;
        Pause(PauseReasons.Order);
    }

    /// <summary>As <see cref="HoldOrder"/>, but the socket is still read, so that a client that goes away is noticed.</summary>
    public void HoldOrderListening()
    {
        _isOrderHeld = true;
        _reasons |= PauseReasons.Order;
    }

    /// <summary>Nothing is owed to the client.</summary>
    public void ReleaseOrder()
    {
        _isOrderHeld = false;
        Resume(PauseReasons.Order);
    }

    /// <summary>Stops reading when the client leaves too much of its replies untaken, until it has taken them.</summary>
    public void PauseIfUnsent()
    {
        if (connection.Output.Unsent > UnsentHighWater) WaitUntilSent();
    }

    /// <summary>Stops reading while a node takes no more.</summary>
    public void WaitForRelief(NodeConnection node)
    {
        if ((_reasons & PauseReasons.Upstream) != 0) return;
        Pause(PauseReasons.Upstream);
        node.WhenRelieved(() => Resume(PauseReasons.Upstream));
    }

    private void WaitUntilSent()
    {
        if ((_reasons & PauseReasons.Unsent) != 0) return;
        Pause(PauseReasons.Unsent);
        // OnDrained follows short writes only. If the flush at the end of this turn gets rid of everything at once, nobody would call.
        long written = connection.Output.Position;
        events.Schedule(TimeSpan.FromMilliseconds(1), () =>
        {
            if (!_hasEnded && connection.Output.SentPosition >= written) Resume(PauseReasons.Unsent);
        });
    }
}

/// <summary>Why a client's requests are not read now.</summary>
[Flags]
internal enum PauseReasons
{
    None = 0,

    /// <summary>A later request must not overtake an earlier one.</summary>
    Order = 1,

    /// <summary>Too many requests unanswered.</summary>
    Pending = 2,

    /// <summary>The client does not read its replies.</summary>
    Unsent = 4,

    /// <summary>A node does not take more requests.</summary>
    Upstream = 8,

    /// <summary>No more requests are wanted.</summary>
    Closing = 16,

    /// <summary>The next request's turn, at its tenant's rate, has not come.</summary>
    Admission = 32,
}
