using System.Globalization;

namespace RespProxy.Transport.Core;

/// <summary>
/// The life of a connection, the same for every flavor: connecting, open, (its output sent, the peer's last bytes drained:)
/// lingering, closed. Nothing the handler calls comes back to it at once: what follows is a step, run by the loop.
///
/// <para>A close is: the descriptor goes at once (so nothing more can happen to it), OnClosed in the next step, then the
/// buffers.</para>
/// </summary>
internal abstract class ConnectionCore : LoopConnection
{
    /// <summary>
    /// How long, and for how many bytes, a connection closed by this side goes on discarding input. Closing with unread input
    /// resets the connection, which could destroy the last reply on its way.
    /// </summary>
    protected const int LingerBytes = 1 << 20;

    private static readonly TimeSpan LingerTime = TimeSpan.FromMilliseconds(300);

    private Step _steps;
    private CloseReason _reason;
    private LoopTimer? _timer; // of connecting, then of lingering

    protected ConnectionCore(LoopCore loop, ConnectionHandler handler, bool isOutgoing)
        : base(loop, handler)
    {
        Core = loop;
        IsOutgoing = isOutgoing;
        Stage = isOutgoing ? Stage.Connecting : Stage.Open;
    }

    public override bool IsOutgoing { get; }

    /// <summary>Position in the loop's list of open connections.</summary>
    internal int OpenIndex { get; set; }

    protected LoopCore Core { get; }

    protected Stage Stage { get; private set; }

    /// <summary>The peer sends no more.</summary>
    protected bool IsPeerFinished { get; private set; }

    protected bool IsClosingWhenSent { get; private set; }

    /// <summary>Whether bytes of the peer are wanted now.</summary>
    protected bool WantsInput =>
        Stage == Stage.Lingering || (Stage == Stage.Open && !IsReadingPaused && !IsPeerFinished && !IsClosingWhenSent);

    public override void PauseReading() => IsReadingPaused = true;

    public override void ResumeReading()
    {
        if (!IsReadingPaused)
            return;
        IsReadingPaused = false;
        if (IsClosed)
            return;
        WantsInputChanged();
        if (!Input.Unread.IsEmpty)
            AddStep(Step.Offer);
    }

    public override void CloseWhenSent()
    {
        if (IsClosed || IsClosingWhenSent)
            return;
        IsClosingWhenSent = true;
        Output.Flush();
    }

    public override void Abort() => CloseAs(CloseReason.Local);

    internal override void CloseAs(CloseReason reason) => Close(reason, null);

    internal override void MarkDirty()
    {
        // Before the connection stands there is nothing to send to; Connected marks it again.
        if (IsClosed || Stage == Stage.Connecting)
            return;
        IsDirty = true;
        Core.AddDirty(this);
    }

    /// <summary>The loop's turn ends: one send for everything written.</summary>
    internal void FlushNow()
    {
        IsDirty = false;
        if (Stage == Stage.Open)
            SendOutput();
    }

    /// <summary>A callback of this connection threw: it is closed, the others go on.</summary>
    internal void Fail(Exception exception)
    {
        Core.Report(exception);
        Input.Release();
        Close(CloseReason.Local, exception.Message);
    }

    /// <summary>An accepted connection stands: the handler meets it before the first byte.</summary>
    internal void Introduce()
    {
        if (IsClosed)
            return;
        try
        {
            Handler.OnConnected(this);
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    /// <summary>The loop ends: no lingering.</summary>
    internal void CloseForGood()
    {
        if (Stage == Stage.Lingering)
            EndLinger();
        else
            Close(CloseReason.Local, "the event loop was stopped");
    }

    internal void RunSteps()
    {
        var steps = _steps;
        _steps = Step.None;
        if (steps.HasFlag(Step.Connected) && !IsClosed)
            BeginOpen();
        if (steps.HasFlag(Step.Offer) && WantsInput && !IsClosed && !Input.Unread.IsEmpty)
            DeliverInput();
        if (steps.HasFlag(Step.Closed))
            ReportClosed();
    }

    /// <summary>Counts the connection in, with the time its connect may take.</summary>
    protected void BeginConnecting(TimeSpan timeout)
    {
        Core.Add(this);
        string milliseconds = timeout.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        _timer = Core.Schedule(timeout, () => Close(CloseReason.ConnectFailed, $"no connection within {milliseconds} ms"));
    }

    /// <summary>An outgoing connection stands: the handler hears so before anything else.</summary>
    protected void Connected()
    {
        _timer?.Cancel();
        AddStep(Step.Connected);
    }

    /// <summary>Bytes were received: the handler's callback, then what it left is saved.</summary>
    protected void DeliverInput()
    {
        if (!Input.SignalPendingRead())
            Handler.OnReadable(this);
        Input.Settle();
    }

    /// <summary>The peer sends no more (recv gave 0).</summary>
    protected void FinishInput()
    {
        IsPeerFinished = true;
        if (IsOutgoing)
        {
            Close(CloseReason.PeerClosed, null);
            return;
        }

        WantsInputChanged();
        Input.Finish();
        Handler.OnPeerFinished(this);
    }

    /// <summary>All output is sent and the handler wants no more: tell the peer, hear it out, close.</summary>
    protected void FinishOutput()
    {
        IsClosed = true;
        _reason = CloseReason.Local;
        AddStep(Step.Closed);
        if (IsPeerFinished)
        {
            Release();
            return;
        }

        Stage = Stage.Lingering;
        ShutDownOutput();
        if (Stage != Stage.Lingering)
            return;
        WantsInputChanged();
        _timer = Core.Schedule(LingerTime, EndLinger);
    }

    protected void EndLinger()
    {
        if (Stage == Stage.Lingering)
            Release();
    }

    /// <summary>Ends the connection: the descriptor now, <see cref="ConnectionHandler.OnClosed"/> in the next step.</summary>
    protected void Close(CloseReason reason, string? error)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        Error ??= error;
        _reason = Stage == Stage.Connecting && reason is CloseReason.Error ? CloseReason.ConnectFailed : reason;
        AddStep(Step.Closed);
        Release();
    }

    /// <summary>Sends what is unsent, unless an earlier short write is still waiting; calls no handler.</summary>
    protected abstract void SendOutput();

    /// <summary><see cref="WantsInput"/> may have become true.</summary>
    protected abstract void WantsInputChanged();

    /// <summary>Tells the peer that nothing more comes.</summary>
    protected abstract void ShutDownOutput();

    protected abstract void ReleaseDescriptor();

    private void BeginOpen()
    {
        Stage = Stage.Open;
        WantsInputChanged();
        if (IsClosed)
            return;
        if (Output.Unsent > 0 || IsClosingWhenSent)
            Output.Flush();
        Handler.OnConnected(this);
    }

    private void Release()
    {
        _timer?.Cancel();
        Stage = Stage.Closed;
        ReleaseDescriptor();
        Core.Remove(this);
    }

    private void ReportClosed()
    {
        Core.CountClosed(this);
        try
        {
            Handler.OnClosed(this, _reason);
        }
        catch (Exception e)
        {
            Core.Report(e);
        }

        Input.Release();
        Input.Finish();
        Output.Close();
    }

    private void AddStep(Step step)
    {
        if (_steps == Step.None)
            Core.AddStep(this);
        _steps |= step;
    }

    [Flags]
    private enum Step
    {
        None = 0,
        Connected = 1,
        Offer = 2,
        Closed = 4,
    }
}

/// <summary>Where in its life a connection is.</summary>
internal enum Stage
{
    Connecting,
    Open,
    Lingering,
    Closed,
}
